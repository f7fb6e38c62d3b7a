"""The folder of the signatures, and its files."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

ReportCount = Callable[[int], None]
"""Is told how many names and networks were read so far."""


def default_folder() -> Path:
    """The folder of the bundled signatures: inside the package, or next to it in a checkout."""
    package = Path(__file__).parents[1]
    packaged = package / "data" / "signatures"
    return packaged if packaged.is_dir() else package.parent / "signatures"


def signature_files(folder: Path) -> list[Path]:
    """The files of signatures in a folder, in order. Raises OSError."""
    return sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))


def signature_bytes(folder: Path) -> int:
    """The size of the files of signatures in a folder, as far as they can be read."""
    size = 0
    with suppress(OSError):
        for path in signature_files(folder):
            size += path.stat().st_size
    return size
