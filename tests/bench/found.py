"""What a program found of an answer key: names in its output, whatever its format."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

HOST = re.compile(rb"[A-Za-z0-9_.-]+")


class Found(NamedTuple):
    """How many names were found, and how many there were; the same of those that are watched."""

    names: int
    all_names: int
    watched: int
    all_watched: int


def find_names(folder: Path, names: Collection[str], watched: Collection[str]) -> Found:
    """The names that are in the files of a folder, as words of a text, or behind their length (IPFIX)."""
    wanted = {name.encode() for name in names}
    found: set[bytes] = set()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        found |= wanted.intersection(HOST.findall(content))
        found.update(name for name in wanted - found if bytes((min(len(name), 255),)) + name in content)
    of_watched = wanted.intersection(name.encode() for name in watched)
    return Found(len(found), len(wanted), len(found & of_watched), len(of_watched))
