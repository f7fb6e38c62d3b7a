"""The command line. No other package imports it."""

from __future__ import annotations

import gc
import signal
import sys

_VERSION = (["--version"], ["-V"], ["version"])
_NEW_OBJECTS = 100_000
"""After so many, Python looks for circles among them: its 700 are often reached. Nearly all objects of a
start stay, and a batch of flows, which has fewer, has no circles."""


def main() -> None:
    """Runs the command line and exits; an error is reported in one line on standard error."""
    gc.set_threshold(_NEW_OBJECTS)
    # Ctrl-C ends the process at once while modules are imported: Python would show where, or lose it.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from netmon.cli.ending import run_to_its_end  # noqa: PLC0415  # other modules of the package start faster

    run_to_its_end(_show_version if sys.argv[1:] in _VERSION else _run)


def _show_version() -> None:
    """Shows the version, which scripts ask for, without the parser of the command line."""
    from netmon.cli.version import show_version  # noqa: PLC0415

    show_version()


def _run() -> None:
    from netmon.cli.app import run  # noqa: PLC0415

    run()
