"""The command line."""

from __future__ import annotations

import sys

from netmon.errors import engine_problem


def main() -> None:
    """Runs the command line and exits. A checkout whose engine is not built is reported in one line."""
    try:
        from netmon.cli.app import main as run  # noqa: PLC0415  # nearly everything needs the engine
    except ModuleNotFoundError as error:
        problem = engine_problem(error)
        if problem is None:
            raise
        sys.exit(f"netmon: {problem}")
    run()


__all__ = ["main"]
