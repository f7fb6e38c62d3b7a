"""Runs: long stretches of one-line entries in a YAML file, which are read without a node for each value.

A run replaces the lines of names or networks that a large list consists of by one marker, before the rest is
parsed as YAML. Its lines may have different keys. What is read from it is the same: whoever does not know
runs gets the nodes of all its lines.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

LEAST_LINES = 256
"""Shorter stretches are parsed as YAML at once."""
MARKER = "!run"
"""The tag of the node that stands for a run; its value is the run's index."""

_PLAIN = r"\w[\w./*()%@+-]*(?: \w[\w./*()%@+-]*)*"
_QUOTED = r"""'(?:[^'\n]|'')*'|"[^"\\\n]*\""""
_LIST = rf"\[{_PLAIN}(?:, {_PLAIN})*\]"
_MAPPING = rf"\{{{_PLAIN}: {_PLAIN}(?:, {_PLAIN}: {_PLAIN})*\}}"
_PAIR = rf"([a-z_]+): ({_PLAIN}|{_QUOTED}|{_LIST}|{_MAPPING})"
_PAIRS = re.compile(rf"{_PAIR}(?:, {_PAIR})*")
_NEXT_PAIR = re.compile(rf"{_PAIR}(?:, |$)")
_ELEMENT = re.compile(rf"( *)- \{{{_PAIR}(?:, (.*))?\}}\s*")
_NETWORK = re.compile(r"( +)([0-9a-fA-F.:]*[.:][0-9a-fA-F.:]*/[0-9]{1,3}):()(?: (?:~|null|\{(.*)\}))?\s*")
_NULL = re.compile("null|Null|NULL")
_KNOWN = 4096
"""Texts behind the first value that are remembered, because most lines have the same one."""


class Entry(NamedTuple):
    """One line of a run, `- {key: value, rest}` or `key: {rest}`."""

    line: int
    key: str
    value: str  # as written, quotes included
    rest: str


@dataclass(frozen=True, slots=True)
class Run:
    """Lines of one indentation: elements of a list, `- {key: value, …}`, or keys of a mapping, `key: {…}`."""

    line: int  # of the first
    lines: tuple[str, ...]
    is_list: bool

    def entries(self) -> Iterator[Entry]:
        """The lines."""
        shape = _ELEMENT if self.is_list else _NETWORK
        for number, line in enumerate(self.lines, self.line):
            found = shape.fullmatch(line)
            if found:  # always, because the run was found by it
                yield Entry(number, found[2], found[3], found[4] or "")

    def only(self, numbers: Collection[int]) -> Run:
        """The run with nothing in all other lines than these."""
        kept = tuple(line if at in numbers else "" for at, line in enumerate(self.lines, self.line))
        return Run(self.line, kept, self.is_list)

    def text(self) -> str:
        """The lines as a document whose values have the right lines."""
        return "\n" * (self.line - 1) + "\n".join(self.lines)


def pairs(rest: str) -> dict[str, str] | None:
    """Keys and values as they are written in an entry; None if a key is given twice."""
    found = _NEXT_PAIR.findall(rest)
    values = dict(found)
    return values if len(values) == len(found) else None


def plain(value: str) -> str | None:
    """The text of a value as it is written in an entry; None if it is no text, or nothing."""
    if value[0] == "'":
        text = value[1:-1].replace("''", "'")
    elif value[0] == '"':
        text = value[1:-1]
    elif value[0] in "[{" or _NULL.fullmatch(value):
        return None
    else:
        return value
    return text if text.strip() else None


def take_runs(text: str) -> tuple[str, list[Run]]:
    """The text with a marker in place of each run and empty lines for the others, and the runs."""
    lines = text.split("\n")
    runs: list[Run] = []
    if len(lines) < LEAST_LINES:
        return text, runs
    first = 0
    for shape, group in itertools.groupby(lines, _shape):
        count = sum(1 for _ in group)
        if shape is not None and count >= LEAST_LINES:
            indent, is_list = shape
            runs.append(Run(first + 1, tuple(lines[first : first + count]), is_list))
            mark = f"{'- ' if is_list else ''}{MARKER} {len(runs) - 1}{'' if is_list else ':'}"
            lines[first : first + count] = [indent + mark, *[""] * (count - 1)]
        first += count
    return ("\n".join(lines) if runs else text), runs


def _shape(line: str) -> tuple[str, bool] | None:
    """Indentation and kind of a line that can be in a run."""
    for shape in (_ELEMENT, _NETWORK):
        found = shape.fullmatch(line)
        if found:
            return (found[1], shape is _ELEMENT) if not found[4] or _are_pairs(found[4]) else None
    return None


@lru_cache(_KNOWN)
def _are_pairs(text: str) -> bool:
    return _PAIRS.fullmatch(text) is not None
