"""YAML whose every value knows its file and line, and whose mistakes are all reported at once.

A reader asks an `Item` for what it needs (`fields`, `elements`, `text`, …). What is not there, or is
of the wrong kind, becomes a `Problem`, and a neutral value keeps the reading going. The caller looks
at `Document.problems` when it is done.

Scalars are read as written: `NO` is Norway and `1.10` is "1.10", whatever YAML 1.1 makes of them.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import yaml

T = TypeVar("T")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in a file, printed as "file:line: message"."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


def in_lines(problems: Iterable[Problem]) -> str:
    """Problems in the order of files and lines, each once and on a line of its own."""
    return "\n".join(str(problem) for problem in sorted(set(problems)))


class Document:
    """One YAML file, composed but not yet understood. `root` is None when it cannot be composed."""

    def __init__(self, file: Path, *, names_keys: bool = False) -> None:
        """Read the file; mistakes of syntax are problems already.

        With `names_keys` a message begins with the keys that lead to the value, as in "web.listen: …".
        Raises OSError when the file cannot be read.
        """
        self.file = str(file)
        self.names_keys = names_keys
        self.problems: list[Problem] = []
        self.root: Item | None = None
        self.data = file.read_bytes()
        try:
            node = _compose(self.data.decode("utf-8"))
        except UnicodeDecodeError as error:
            line = self.data.count(b"\n", 0, error.start) + 1
            self.report(line, "the file is not UTF-8")
        except yaml.reader.ReaderError as error:
            self.report(1, f"not YAML: {error.reason} (character {error.position})")
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self.report(mark.line + 1 if mark else 1, f"not YAML: {error.problem or error.context}")
        except RecursionError:
            self.report(1, "not YAML of any use: nested too deeply")
        else:
            if node is None:
                self.report(1, "the file is empty")
            else:
                self.root = Item(self, node)

    def report(self, line: int, message: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(self.file, line, message))


MAX_FAST_DEPTH = 5000
"""Nesting that libyaml may be given: it composes recursively, on the C stack."""


def _compose(text: str) -> yaml.Node | None:
    """The nodes of a text: by libyaml where it is there, ten times faster; mistakes are told by PyYAML.

    Raises yaml.YAMLError.
    """
    openings = text.count("[") + text.count("{")
    widest = max(map(len, text.splitlines()), default=0)  # bounds the nesting of indented blocks
    if hasattr(yaml, "CSafeLoader") and openings < MAX_FAST_DEPTH and widest < MAX_FAST_DEPTH:
        try:
            return yaml.compose(text, Loader=yaml.CSafeLoader)
        except yaml.YAMLError:
            pass  # composed once more below, for the better message
    return yaml.compose(text, Loader=yaml.SafeLoader)


class Item:
    """One value of a document, with its place."""

    __slots__ = ("_document", "_keys", "_node", "line")

    def __init__(self, document: Document, node: yaml.Node, line: int | None = None, keys: str = "") -> None:
        self._document = document
        self._node = node
        self._keys = keys  # that lead here, as in "web.listen"
        self.line: int = node.start_mark.line + 1 if line is None else line

    @property
    def file(self) -> str:
        """The file that it stands in."""
        return self._document.file

    @property
    def where(self) -> str:
        """The value's place as messages name it: "netmon.yaml:12: web.listen"."""
        return f"{self.file}:{self.line}: {self._keys}"

    def report(self, message: str) -> None:
        """Note a problem with this value."""
        where = f"{self._keys}: " if self._keys and self._document.names_keys else ""
        self._document.report(self.line, where + message)

    def is_text(self) -> bool:
        """True for a scalar."""
        return isinstance(self._node, yaml.ScalarNode)

    def is_list(self) -> bool:
        """True for a list."""
        return isinstance(self._node, yaml.SequenceNode)

    def is_null(self) -> bool:
        """True for an empty value, `~` or `null`."""
        return self.is_text() and self._node.tag == "tag:yaml.org,2002:null"

    def entries(self) -> dict[str, Item]:
        """Key → value of a mapping with free keys, in the file's order. A value's line is its key's."""
        if not isinstance(self._node, yaml.MappingNode):
            self.report("expected keys and values")
            return {}
        found: dict[str, Item] = {}
        for key, value in self._node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self._document.report(line, "a key is a plain word")
            elif key.value in found:
                first = found[key.value].line
                self._document.report(line, f"key '{key.value}' is given twice (first in line {first})")
            else:
                keys = f"{self._keys}.{key.value}" if self._keys else key.value
                found[key.value] = Item(self._document, value, line, keys)
        return found

    def fields(self, required: Collection[str], optional: Collection[str] = ()) -> Fields:
        """The known keys of a mapping. Unknown keys and missing required ones are problems."""
        known = [*required, *optional]
        found = self.entries()
        place = f" in {self._keys}" if self._keys and self._document.names_keys else ""
        for key in found.keys() - set(known):
            self._document.report(found[key].line, f"unknown key '{key}'{place}{nearest(key, known)}")
        if isinstance(self._node, yaml.MappingNode):
            for key in required:
                if key not in found:
                    self.report(f"key '{key}' is missing")
        return Fields({key: item for key, item in found.items() if key in known})

    def elements(self) -> list[Item]:
        """The elements of a list."""
        if not self.is_list():
            self.report("expected a list")
            return []
        return [Item(self._document, node, keys=self._keys) for node in self._node.value]

    def text(self) -> str:
        """A scalar as written, not empty."""
        if not isinstance(self._node, yaml.ScalarNode) or self.is_null() or not self._node.value.strip():
            self.report("expected a text")
            return ""
        return str(self._node.value)

    def texts(self) -> tuple[str, ...]:
        """A list of scalars as written."""
        return tuple(element.text() for element in self.elements())

    def one_of(self, choices: Collection[str]) -> str:
        """One of a closed set of words; the first of them where it is none."""
        word = self.text()
        if word and word not in choices:
            self.report(f"'{word}' is none of {', '.join(choices)}{nearest(word, choices)}")
        return word if word in choices else next(iter(choices))

    def integer(self, low: int, high: int) -> int:
        """A whole number within bounds."""
        text = self.text()
        number = int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else None
        if number is None or not low <= number <= high:
            if text:
                self.report(f"'{text}' is no whole number from {low} to {high}")
            return low
        return number

    def number(self, low: float, high: float) -> float:
        """A finite number within bounds."""
        text = self.text()
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not low <= number <= high:
            if text:
                self.report(f"'{text}' is no number from {low:g} to {high:g}")
            return low
        return number

    def flag(self) -> bool:
        """True or false, written so."""
        text = self.text()
        if text and text not in ("true", "false"):
            self.report(f"'{text}' is neither true nor false")
        return text == "true"


class Fields(dict[str, Item]):
    """The known keys of a mapping."""

    def read(self, key: str, reader: Callable[[Item], T], default: T) -> T:
        """What the reader makes of the key's value; the default when the key is not there."""
        return reader(self[key]) if key in self else default

    def each(self, key: str, reader: Callable[[Item], T]) -> tuple[T, ...]:
        """What the reader makes of each element of the key's list; nothing when it is not there."""
        return tuple(reader(element) for element in self[key].elements()) if key in self else ()

    def table(self, key: str, reader: Callable[[str, Item], T]) -> dict[str, T]:
        """What the reader makes of each key and value of the key's mapping; nothing when it is not there."""
        entries = self[key].entries() if key in self else {}
        return {word: reader(word, item) for word, item in entries.items()}


def nearest(word: str, choices: Iterable[str]) -> str:
    """A hint at the choice nearest to the word, to end a message with; empty when none is near."""
    close = difflib.get_close_matches(word, list(choices), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""
