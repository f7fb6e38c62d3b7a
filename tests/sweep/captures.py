"""Capture files in folders, each content once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

_MAGIC_NUMBERS = (
    b"\xd4\xc3\xb2\xa1",
    b"\xa1\xb2\xc3\xd4",
    b"\x4d\x3c\xb2\xa1",
    b"\xa1\xb2\x3c\x4d",
    b"\x34\xcd\xb2\xa1",
    b"\xa1\xb2\xcd\x34",
    b"\x0a\x0d\x0d\x0a",
    b"snoop\0",
)
_COMPRESSED = {b"\x1f\x8b": ".gz", b"\x28\xb5\x2f\xfd": ".zst"}


class Capture(NamedTuple):
    """A capture file."""

    path: Path
    sha256: str
    size: int


def find(roots: Iterable[Path]) -> Iterator[Capture]:
    """The captures in files and folders, smallest first. Files with the same content are given once."""
    files = (file for root in roots for file in ([root] if root.is_file() else root.rglob("*")))
    captures = filter(_is_capture, sorted({file.resolve() for file in files if file.is_file()}))
    seen: set[str] = set()
    for path in sorted(captures, key=lambda path: path.stat().st_size):
        capture = Capture(path, hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size)
        if capture.sha256 not in seen:
            seen.add(capture.sha256)
            yield capture


def _is_capture(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(_MAGIC_NUMBERS):
        return True
    return any(head.startswith(magic) and ends in path.suffixes for magic, ends in _COMPRESSED.items())
