"""Which netmon is installed: its version, and a hash of its files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent
_SIGNATURES = Path("data/signatures")
"""They have a hash of their own."""


def package_version() -> str:
    """The installed version; "0+source" where netmon runs from a checkout without being installed."""
    from importlib import metadata  # noqa: PLC0415  # reads mail headers, which takes long to import

    try:
        return metadata.version("netmon-egress")
    except metadata.PackageNotFoundError:
        return "0+source"


@cache
def package_sha256() -> str | None:
    """A hash of all files of netmon, the engine included, without the signatures; None if one cannot be read.

    It is that of the lines of `sha256sum`, as docs/evidence.md shows. A process calculates it once.
    """
    import hashlib  # noqa: PLC0415  # loads OpenSSL, which takes long

    try:
        names = sorted(_names(), key=os.fsencode)
        lines = (f"{hashlib.sha256((_FOLDER / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
        return hashlib.sha256(b"".join(map(os.fsencode, lines))).hexdigest()
    except OSError:
        return None


def _names() -> Iterator[str]:
    def fail(error: OSError) -> None:
        raise error

    for folder, _folders, files in os.walk(_FOLDER, onerror=fail):
        inside = Path(folder).relative_to(_FOLDER)
        if inside != _SIGNATURES:
            yield from (f"./{inside / name}" for name in files if not name.endswith(".pyc"))
