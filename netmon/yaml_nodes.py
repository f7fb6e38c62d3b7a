"""YAML in which every value has its file and line, so that all errors are reported in one pass.

A reader gets what it needs from an `Item` (`fields`, `elements`, `text`, …). A missing value, or one of the
wrong type, becomes a `Problem`, and reading continues with a neutral value. The caller checks
`Document.problems` at the end.

Scalars are read as written: `NO` is Norway and `1.10` is "1.10", not the boolean and the number of YAML 1.1.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from msgspec import Struct

from netmon.errors import nearest
from netmon.yaml_runs import MARKER, Run, take_runs

T = TypeVar("T")


_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
"""A decimal number; `float` also takes digits of other scripts, and underscores."""


class Problem(Struct, frozen=True, order=True):
    """One error in a file, printed as "file:line: message"."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


def in_lines(problems: Iterable[Problem]) -> str:
    """Problems sorted by file and line, without repetitions, one per line."""
    return "\n".join(str(problem) for problem in sorted(set(problems)))


MAX_BYTES = 4 * 1024 * 1024
"""The largest file that is read unless the caller says otherwise: a thousand times the usual size."""


class Document:
    """One YAML file, parsed into nodes. `root` is None if it cannot be parsed."""

    def __init__(self, file: Path, *, names_keys: bool = False, max_bytes: int = MAX_BYTES) -> None:
        """Reads the file; syntax errors become problems at once.

        With `names_keys`, messages begin with the path of keys to the value, as in "web.listen: …".
        A file of more than `max_bytes` is not parsed. Raises OSError if the file cannot be read.
        """
        self.file = str(file)
        self.names_keys = names_keys
        self.problems: list[Problem] = []
        self.root: Item | None = None
        self.runs: list[Run] = []
        with file.open("rb") as stream:
            self.data = stream.read(max_bytes + 1)
        self.is_too_large = len(self.data) > max_bytes
        if self.is_too_large:
            self.data = b""
            self.report(
                1, f"the file is larger than {max_bytes >> 20} MiB, and is not read: is it the right one?"
            )
            return
        try:
            node = self._compose(self.data.decode("utf-8"))
        except UnicodeDecodeError as error:
            line = self.data.count(b"\n", 0, error.start) + 1
            self.report(line, "the file is not UTF-8")
        except yaml.reader.ReaderError as error:
            self.report(1, f"not YAML: {error.reason} (character {error.position})")
        except yaml.MarkedYAMLError as error:
            self.report_syntax(error)
        except RecursionError:
            self.report(1, "not usable YAML: nested too deeply")
        else:
            if node is None:
                self.report(1, "the file is empty")
            else:
                self.root = Item(self, node)

    def report(self, line: int, message: str) -> None:
        """Adds a problem."""
        self.problems.append(Problem(self.file, line, message))

    def report_syntax(self, error: yaml.MarkedYAMLError) -> None:
        """Adds a syntax error."""
        mark = error.problem_mark or error.context_mark
        self.report(mark.line + 1 if mark else 1, f"not YAML: {error.problem or error.context}")

    def _compose(self, text: str) -> yaml.Node | None:
        """The nodes of the text, with a marker for each run."""
        shorter, self.runs = take_runs(text)
        if self.runs:
            try:
                node = _compose(shorter)
                if _count_markers(node) == len(self.runs):
                    return node
            except yaml.YAMLError:
                pass  # reported for the text as it is
            self.runs = []
        return _compose(text)


def _count_markers(node: yaml.Node | None) -> int:
    """Markers of runs that are elements of lists or keys, not parts of texts."""
    found, nodes = 0, [node]
    while nodes:
        one = nodes.pop()
        if isinstance(one, yaml.SequenceNode):
            nodes += one.value
        elif isinstance(one, yaml.MappingNode):
            nodes += itertools.chain.from_iterable(one.value)
        found += one is not None and one.tag == MARKER
    return found


MAX_FAST_DEPTH = 5000
"""Deepest nesting that libyaml is used for: it recurses on the C stack."""


def _compose(text: str) -> yaml.Node | None:
    """The nodes of a text, by libyaml where available, which is ten times faster.

    Raises yaml.YAMLError, always from PyYAML, whose error messages are better.
    """
    openings = text.count("[") + text.count("{")
    widest = max(map(len, text.splitlines()), default=0)  # an upper bound for the nesting of indented blocks
    if hasattr(yaml, "CSafeLoader") and openings < MAX_FAST_DEPTH and widest < MAX_FAST_DEPTH:
        try:
            return yaml.compose(text, Loader=yaml.CSafeLoader)
        except yaml.YAMLError:
            pass  # parsed again below, for the better message
    return yaml.compose(text, Loader=yaml.SafeLoader)


def unescaped(written: str) -> str:
    """The text of a scalar in double quotes; empty if it is none."""
    try:
        return str(getattr(_compose(written), "value", ""))
    except yaml.YAMLError:
        return ""


class Item:
    """One value of a document, with its line."""

    __slots__ = ("_document", "_keys", "_node", "line")

    def __init__(self, document: Document, node: yaml.Node, line: int | None = None, keys: str = "") -> None:
        self._document = document
        self._node = node
        self._keys = keys  # the path to this value, as in "web.listen"
        self.line: int = node.start_mark.line + 1 if line is None else line

    @property
    def file(self) -> str:
        """The file that contains the value."""
        return self._document.file

    @property
    def where(self) -> str:
        """File, line and keys, to begin a message with: "netmon.yaml:12: web.listen"."""
        return f"{self.file}:{self.line}: {self._keys}"

    def report(self, message: str) -> None:
        """Adds a problem with this value."""
        where = f"{self._keys}: " if self._keys and self._document.names_keys else ""
        self._document.report(self.line, where + message)

    def problems(self) -> int:
        """How many problems the document has so far."""
        return len(self._document.problems)

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
        """Key → value of a mapping with arbitrary keys, in file order. A value gets the line of its key."""
        if not isinstance(self._node, yaml.MappingNode):
            self.report("expected keys and values")
            return {}
        found: dict[str, Item] = {}
        for key, value in self._expanded():
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self._document.report(line, "a key must be plain text")
            elif key.value in found:
                first = found[key.value].line
                self._document.report(line, f"key '{key.value}' is given twice (first on line {first})")
            else:
                keys = f"{self._keys}.{key.value}" if self._keys else key.value
                found[key.value] = Item(self._document, value, line, keys)
        return found

    def fields(self, required: Collection[str], optional: Collection[str] = ()) -> Fields:
        """The known keys of a mapping. Unknown keys, and required keys that are missing, are problems."""
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
        return [Item(self._document, node, keys=self._keys) for node in self._expanded()]

    def runs(self) -> list[Run]:
        """The runs in a list or mapping."""
        return [self._document.runs[int(node.value)] for node in self._heads() if node.tag == MARKER]

    def without_runs(self) -> Item:
        """The list or mapping without its runs."""
        if not self.runs():
            return self
        pairs = zip(self._heads(), self._node.value, strict=True)
        rest = [one for head, one in pairs if head.tag != MARKER]
        node = type(self._node)(self._node.tag, rest, self._node.start_mark, self._node.end_mark)
        return Item(self._document, node, self.line, self._keys)

    def of_run(self, run: Run, lines: Iterable[int] | None = None) -> Item:
        """The entries of a run, or those on some lines, as a list or mapping; each has its line."""
        try:
            node = _compose(run.text() if lines is None else run.text_of(lines))
        except yaml.MarkedYAMLError as error:
            self._document.report_syntax(error)
            node = None
        if node is None:
            node = yaml.SequenceNode("", []) if run.is_list else yaml.MappingNode("", [])
        return Item(self._document, node, run.line, self._keys)

    def _heads(self) -> list[yaml.Node]:
        """The elements of a list, or the keys of a mapping."""
        if not self._document.runs or not isinstance(self._node, yaml.CollectionNode):
            return []
        return [one[0] if isinstance(one, tuple) else one for one in self._node.value]

    def _expanded(self) -> list[Any]:
        """The nodes of a list, or the pairs of a mapping, those of runs included."""
        runs = [self.of_run(run)._node.value for run in self.runs()]
        return list(itertools.chain(self.without_runs()._node.value, *runs))

    def text(self) -> str:
        """A non-empty scalar, as written."""
        if not isinstance(self._node, yaml.ScalarNode) or self.is_null() or not self._node.value.strip():
            self.report("expected text")
            return ""
        return str(self._node.value)

    def texts(self) -> tuple[str, ...]:
        """A list of scalars, as written."""
        return tuple(element.text() for element in self.elements())

    def one_of(self, choices: Collection[str]) -> str:
        """One of a closed set of words; the first of them if the value is another."""
        word = self.text()
        if word and word not in choices:
            self.report(f"'{word}' is not one of {', '.join(choices)}{nearest(word, choices)}")
        return word if word in choices else next(iter(choices))

    def integer(self, low: int, high: int) -> int:
        """A whole number within bounds."""
        text = self.text()
        number = int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else None
        if number is None or not low <= number <= high:
            if text:
                self.report(f"'{text}' is not a whole number from {low} to {high}")
            return low
        return number

    def number(self, low: float, high: float) -> float:
        """A finite number within bounds."""
        text = self.text()
        number = float(text) if _NUMBER.fullmatch(text) else math.nan
        if not low <= number <= high:
            if text:
                self.report(f"'{text}' is not a number from {low:g} to {high:g}")
            return low
        return number

    def flag(self) -> bool:
        """`true` or `false`, in this spelling only."""
        text = self.text()
        if text and text not in ("true", "false"):
            self.report(f"'{text}' is neither true nor false")
        return text == "true"


class Fields(dict[str, Item]):
    """The known keys of a mapping."""

    def read(self, key: str, reader: Callable[[Item], T], default: T) -> T:
        """The key's value, converted by the reader; the default if the key is missing."""
        return reader(self[key]) if key in self else default

    def each(self, key: str, reader: Callable[[Item], T]) -> tuple[T, ...]:
        """The elements of the key's list, converted by the reader; empty if the key is missing."""
        return tuple(reader(element) for element in self[key].elements()) if key in self else ()

    def table(self, key: str, reader: Callable[[str, Item], T]) -> dict[str, T]:
        """The entries of the key's mapping, converted by the reader; empty if the key is missing."""
        entries = self[key].entries() if key in self else {}
        return {word: reader(word, item) for word, item in entries.items()}
