"""Runs: long stretches of similar entries in a YAML file, which are read without a node for each value.

A run replaces the lines of names or networks that a large list consists of by one marker, before the rest is
parsed as YAML. Its entries may have different keys and layouts. What is read from it is the same: whoever
does not know runs gets the nodes of all its lines.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

from netmon.yaml_entries import Entry, is_filler, read_entry

LEAST_LINES = 256
"""Shorter stretches are parsed as YAML at once."""
_KNOWN = 4096
MARKER = "!run"
"""The tag of the node that stands for a run; its value is the run's index."""


@dataclass(frozen=True, slots=True)
class Run:
    """Lines with entries of one indentation, elements of a list or keys of a mapping, and with comments."""

    line: int  # of the first
    lines: tuple[str, ...]
    indent: str
    is_list: bool

    def entries(self) -> Iterator[tuple[int, Entry]]:
        """The entries, each with the number of its first line."""
        at = 0
        while at < len(self.lines):
            entry = read_entry(self.lines, at)
            if entry is not None:  # else a comment
                yield self.line + at, entry
            at += 1 if entry is None else entry.size

    def only(self, numbers: Collection[int]) -> Run:
        """The run with nothing in all other lines than those of the entries that begin at these."""
        kept, is_kept, column = [], False, len(self.indent)
        for number, line in enumerate(self.lines, self.line):
            if line[column : column + 1] not in ("", " ", "#") and not line[:column].strip():
                is_kept = number in numbers
            kept.append(line if is_kept else "")
        return Run(self.line, tuple(kept), self.indent, self.is_list)

    def text(self) -> str:
        """The lines as a document whose values have the right lines."""
        return "\n" * (self.line - 1) + "\n".join(self.lines)


def take_runs(text: str) -> tuple[str, list[Run]]:
    """The text with a marker in place of each run and empty lines for the others, and the runs."""
    runs: list[Run] = []
    if text.count("\n") + 1 < LEAST_LINES:
        return text, runs
    lines = list(_lines(text))
    at = 0
    while at < len(lines):
        entry = read_entry(lines, at)
        if entry is None:
            at += 1
            continue
        end = _end_of_run(lines, at, entry)
        if end - at >= LEAST_LINES:
            indent, is_list = entry.indent, entry.is_element
            runs.append(Run(at + 1, tuple(lines[at:end]), indent, is_list))
            mark = f"{'- ' if is_list else ''}{MARKER} {len(runs) - 1}{'' if is_list else ':'}"
            lines[at:end] = [indent + mark, *[""] * (end - at - 1)]
        at = end
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


def _end_of_run(lines: list[str], at: int, first: Entry) -> int:
    """The line behind the last of the entries that are like the first one, which begins at a line."""
    end = at = at + first.size
    while at < len(lines):
        if is_filler(lines[at]):
            at += 1
            continue
        entry = read_entry(lines, at)
        if entry is None or entry.indent != first.indent or entry.is_element != first.is_element:
            break
        end = at = at + entry.size
    return end
