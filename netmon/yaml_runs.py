"""Runs: long stretches of similar entries in a YAML file, which are read without a node for each value.

A run replaces the lines of names or networks that a large list consists of by one marker, before the rest is
parsed as YAML. An entry is an element of a list, or a network and what it is mapped to, with all lines below
that are indented deeper: its layout does not matter. What is read from it is the same: whoever does not know
runs gets the nodes of all its lines.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

LEAST_LINES = 256
"""Shorter stretches are parsed as YAML at once."""
MOST_LINES = 64
"""A longer element of a list is no entry, but may have a run in it."""
MARKER = "!run"
"""The tag of the node that stands for a run; its value is the run's index."""

_ELEMENT = re.compile(r"( *)-(?: .*|\r?)")
_KEYED = re.compile(r"""( +)(['"]?)([0-9a-fA-F.:]*[.:][0-9a-fA-F.:]*/[0-9]{1,3})\2:(?: .*|\r?)""")
_PROPERTY = re.compile(r"(?:^|[:,\[{-])\s*(?:[&*!]\S|<<)")
"""An anchor, an alias, a tag or a merge key, which can refer to other parts of the file."""
_SINGLE_QUOTED = re.compile(r"(?<![^\s,\[{])'(?:[^']|'')*'")
_SINGLE_QUOTE = re.compile(r"(?<![^\s,\[{])'")
_MOST_OPENINGS = 16
_KNOWN = 4096


class Entry(NamedTuple):
    """One entry of a run."""

    line: int  # of its value, as of a node
    key: str  # the network; empty for an element of a list
    text: str  # as written; without the network


class Run(Struct, frozen=True):
    """Lines with entries of one indentation, elements of a list or keys of a mapping, and with comments."""

    line: int  # of the first
    lines: tuple[str, ...]
    begins: array[int]  # of entries, as indexes of lines
    ends: array[int]  # behind their last lines
    is_list: bool

    def entries(self) -> Iterator[Entry]:
        """The entries, in the order of the file."""
        for at, end in zip(self.begins, self.ends, strict=True):
            text = self.lines[at] if end == at + 1 else "\n".join(self.lines[at:end])
            if self.is_list:
                yield Entry(self.line + self._begin_of_value(at, end), "", text)
            elif found := _KEYED.fullmatch(self.lines[at]):
                yield Entry(self.line + at, found[3], text[found.end(3) :])

    def text(self) -> str:
        """The lines as a document whose values have the right lines."""
        return "\n" * (self.line - 1) + "\n".join(self.lines)

    def text_of(self, numbers: Iterable[int]) -> str:
        """The same with nothing but the entries on these lines."""
        kept = [""] * len(self.lines)
        for number in numbers:
            entry = bisect_right(self.begins, number - self.line) - 1
            at, end = self.begins[entry], self.ends[entry]
            kept[at:end] = self.lines[at:end]
        return "\n" * (self.line - 1) + "\n".join(kept)

    def _begin_of_value(self, at: int, end: int) -> int:
        """The line on which the value of an element begins: that of its hyphen, unless it is alone."""
        lines = range(at, end)
        return next((one for one in lines if not _is_filler(self.lines[one].lstrip(" -"))), at)


def take_runs(text: str) -> tuple[str, list[Run]]:
    """The text with a marker in place of each run and empty lines for the others, and the runs."""
    runs: list[Run] = []
    if text.count("\n") + 1 < LEAST_LINES:
        return text, runs
    lines = list(_lines(text))
    at = 0
    while at < len(lines):
        found = _match(lines[at])
        run = None if found is None else _run(lines, at, found)
        if found is None or run is None:
            at += 1
            continue
        if len(run.lines) >= LEAST_LINES:
            runs.append(run)
            mark = f"{'- ' if run.is_list else ''}{MARKER} {len(runs) - 1}{'' if run.is_list else ':'}"
            lines[at : at + len(run.lines)] = [found[1] + mark, *[""] * (len(run.lines) - 1)]
        at += len(run.lines)
    return ("\n".join(lines) if runs else text), runs


def _lines(text: str) -> Iterator[str]:
    """The lines, as `split` gives them."""
    at = 0
    while (end := text.find("\n", at)) >= 0:
        yield _shared(text[at:end])
        at = end + 1
    yield text[at:]


@lru_cache(_KNOWN)
def _shared(line: str) -> str:
    """The line; equal ones are one object as far as possible, because most lines of blocks are."""
    return line


def _match(line: str) -> re.Match[str] | None:
    """The beginning of an entry: its first group is the indentation, the third one a network."""
    return _ELEMENT.fullmatch(line) or _KEYED.fullmatch(line)


def _run(lines: Sequence[str], first: int, like: re.Match[str]) -> Run | None:
    """The entries from a line on that are like the first one; None if there is none."""
    begins, ends, indent = array("l"), array("l"), like[1]
    at = first
    while at < len(lines):
        found = _match(lines[at])
        if found is None and _is_filler(lines[at]):
            at += 1
            continue
        if found is None or found[1] != indent or found.re is not like.re:
            break
        end = _end_of_entry(lines, at, indent)
        if end - at > MOST_LINES or not _stands_alone(
            lines[at] if end == at + 1 else "\n".join(lines[at:end])
        ):
            break
        begins.append(at - first)
        ends.append(end - first)
        at = end
    if not ends:
        return None
    return Run(first + 1, tuple(lines[first : first + ends[-1]]), begins, ends, like.re is _ELEMENT)


def _end_of_entry(lines: Sequence[str], at: int, indent: str) -> int:
    """The line behind the last one that is indented deeper than the entry's first."""
    deeper = indent + " "
    end = at = at + 1
    while at < len(lines):
        if lines[at].startswith(deeper) and not lines[at].isspace():
            end = at + 1
        elif not _is_filler(lines[at]):
            break
        at += 1
    return end


def _stands_alone(text: str) -> bool:
    """True if an entry is the same YAML by itself as within the file, or the same error."""
    openings = text.count("{") + text.count("[")
    if text.count("{") != text.count("}") or text.count("[") != text.count("]") or openings > _MOST_OPENINGS:
        return False
    if text.count('"') % 2:
        return False
    if ("&" in text or "*" in text or "!" in text or "<" in text) and _PROPERTY.search(text):
        return False
    return "'" not in text or not _SINGLE_QUOTE.search(_SINGLE_QUOTED.sub("", text))


def _is_filler(line: str) -> bool:
    """True for an empty line or a comment."""
    text = line.lstrip()
    return not text or text[0] == "#"
