"""The installed version of netmon."""

from __future__ import annotations

import importlib.metadata


def package_version() -> str:
    """The installed version; "0+source" where netmon runs from a checkout without being installed."""
    try:
        return importlib.metadata.version("netmon-egress")
    except importlib.metadata.PackageNotFoundError:
        return "0+source"
