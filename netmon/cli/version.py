"""`netmon version`."""

from __future__ import annotations

from netmon.version import package_version


def show_version() -> None:
    """Shows the version."""
    print(f"netmon {package_version()}")
