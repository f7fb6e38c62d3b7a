"""The command line."""

from __future__ import annotations

import sys

from netmon.errors import installation_problem


def main() -> None:
    """Runs the command line and exits. An incomplete installation is reported in one line."""
    try:
        from netmon.cli.app import main as run  # noqa: PLC0415  # nearly everything needs the engine
    except (ModuleNotFoundError, OSError) as error:
        problem = installation_problem(error)
        if problem is None:
            raise
        sys.exit(f"netmon: {problem}")
    run()


__all__ = ["main"]
