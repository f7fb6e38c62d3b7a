"""The rights of this process: its user and its capabilities."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

NET_RAW = 13
"""The number of CAP_NET_RAW (linux/capability.h)."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What this process may do."""

    user: int
    effective: int | None  # capabilities as a bit mask
    bounding: int | None  # those that it can ever get
    program: str  # the Python that runs netmon
    command: str  # netmon itself, as it was started

    @property
    def can_capture(self) -> bool | None:
        """True if it may open packet sockets."""
        return None if self.effective is None else bool(self.effective >> NET_RAW & 1)

    @property
    def could_capture(self) -> bool:
        """False if not even root can open them here, as in a container."""
        return self.bounding is None or bool(self.bounding >> NET_RAW & 1)


def rights() -> Rights:
    """The rights of this process."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        lines = []
    fields = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    return Rights(
        user=os.geteuid(),
        effective=_mask(fields.get("CapEff")),
        bounding=_mask(fields.get("CapBnd")),
        program=str(Path(sys.executable).resolve()),
        command=_command(sys.argv[0]),
    )


def _mask(text: str | None) -> int | None:
    return None if text is None else int(text, 16)


def _command(started: str) -> str:
    """What starts netmon again: sudo looks for programs in folders of its own."""
    path = Path(started).absolute()
    return f"{sys.executable} -m netmon" if path.name == "__main__.py" else str(path)
