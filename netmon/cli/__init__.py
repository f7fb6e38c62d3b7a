"""The command line. Only this package wires the rooms together; nobody imports it."""

from netmon.cli.app import main

__all__ = ["main"]
