"""Differences that are argued: tshark errs, or what it reads is outside of what netmon exists for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("argued.yaml")
ALL = "all"
"""In place of packets: every difference of a class in a file."""

_Place = tuple[str, str]
"""A class of facts, and a file as its set names it."""


@dataclass(frozen=True)
class Kind:
    """Differences with one reason: by class and file, the packets at which they begin, or ALL."""

    name: str
    why: str
    where: dict[_Place, list[int | None] | str] = field(default_factory=dict)


def load(file: Path = FILE) -> list[Kind]:
    """The kinds in a file."""
    return [
        Kind(
            each["kind"],
            each["why"],
            {
                (over, capture): packets
                for over, captures in each["where"].items()
                for capture, packets in captures.items()
            },
        )
        for each in yaml.safe_load(file.read_text(encoding="utf-8"))
    ]


class Argued:
    """Finds the kind of a difference, and which entries no difference needs any more."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self._by_name = defaultdict[str, list[tuple[Kind, str, str]]](list)
        for kind in kinds:
            for over, file in kind.where:
                self._by_name[Path(file).name].append((kind, over, file))
        self._used: set[tuple[_Place, int | None]] = set()

    def kind(self, path: str, difference: dict[str, Any]) -> Kind | None:
        """The kind of a difference in a capture; None if it is not argued."""
        for kind, over, file in self._of(path):
            packets, first = kind.where[over, file], difference["first_packet"]
            if over == difference["over"] and (packets == ALL or first in packets):
                self._used.add(((over, file), None if packets == ALL else first))
                return kind
        return None

    def unused(self, paths: Iterable[str]) -> Iterator[str]:
        """The entries about captures that were read, but in which no such difference is left."""
        for kind, over, file in (each for path in paths for each in self._of(path)):
            packets = kind.where[over, file]
            for packet in [None] if isinstance(packets, str) else packets:
                if ((over, file), packet) not in self._used:
                    yield f"{kind.name}: {over} {file} {ALL if packets == ALL else packet}"

    def _of(self, path: str) -> Iterator[tuple[Kind, str, str]]:
        return (each for each in self._by_name.get(Path(path).name, ()) if path.endswith("/" + each[2]))
