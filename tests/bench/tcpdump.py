"""tcpdump as a program that only reads packets, to compare with."""

from __future__ import annotations

import os


def tcpdump(*source: str, only: str = "") -> tuple[str, ...]:
    """The command that reads `-r FILE` or `-i INTERFACE`, and discards all packets, or those of `only`."""
    # Run as root, it would become another user, give /dev/null to them, and could not write callgrind's file.
    user = ("-Z", "root") if os.geteuid() == 0 else ()
    return ("tcpdump", *user, "-n", *source, "-w", "/dev/null", *((only,) if only else ()))
