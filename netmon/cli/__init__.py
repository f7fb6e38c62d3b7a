"""The command line. No other package imports it."""

from netmon.cli.app import main

__all__ = ["main"]
