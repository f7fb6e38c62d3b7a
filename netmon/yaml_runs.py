"""Runs: long stretches of lines of one shape in a YAML file, which are read without a node for each value.

A run replaces the lines of names or networks that a large list consists of by one marker, before the rest is
parsed as YAML. What is read from it is the same: whoever does not know runs gets the nodes of all its lines.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

LEAST_LINES = 256
"""Shorter stretches are parsed as YAML at once."""
MARKER = "!run"
"""The tag of the node that stands for a run; its value is the run's index."""

_NAME = re.compile(r"( *)- \{([a-z]+): ([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+), ([a-zA-Z0-9_:,\[\] -]+)\}\s*")
_NETWORK = re.compile(r"( +)([0-9a-fA-F.:]*[.:][0-9a-fA-F.:]*/[0-9]{1,3}):(?: (\{\}|~|null))?()\s*")


@dataclass(frozen=True, slots=True)
class Run:
    """Lines of one indentation: elements of a list, `- {word: text, rest}`, or keys of a mapping, `text:`."""

    line: int  # of the first
    lines: tuple[str, ...]
    is_list: bool

    def entries(self) -> Iterator[tuple[int, str, str, str]]:
        """Line, word, text and rest of each; of a key, only line and text."""
        shape = _NAME if self.is_list else _NETWORK
        for number, line in enumerate(self.lines, self.line):
            found = shape.fullmatch(line)
            if found:  # always, because the run was found by it
                _, one, two, rest = found.groups()
                yield (number, one, two, rest) if self.is_list else (number, "", one, "")

    def text(self) -> str:
        """The lines as a document whose values have the right lines."""
        return "\n" * (self.line - 1) + "\n".join(self.lines)


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
    found = _NAME.fullmatch(line)
    if found:
        return found[1], True
    found = _NETWORK.fullmatch(line)
    return (found[1], False) if found else None
