"""Modules that Python would import while the sensor runs, when their files may be out of reach.

Python itself may be in a folder that only root can enter, such as a version of its own in root's home.
"""

from __future__ import annotations

from importlib import import_module

MODULES = (
    "_strptime",  # dates in signatures
    "difflib",  # what a wrong word may have meant
    "encodings.idna",  # names of hosts
    "encodings.unicode_escape",  # names in log lines
    "hashlib",  # pseudonyms
    "hmac",
    "importlib.util",  # whether there is a pip to install with
    "importlib.metadata",  # netmon's version
    "json",
    "maxminddb",  # databases that come later
    "netmon.cli.console",  # the summary, and the widths of its texts
    "netmon.places.read_providers",
    "netmon.sensor",
    "netmon.signatures.load",  # signatures that come later
    "netmon.web.guard",
    "netmon.web.handler",
    "netmon.web.scrapes",
    "netmon.web.server",
)


def preload() -> None:
    """Imports them now."""
    for name in MODULES:
        import_module(name)
