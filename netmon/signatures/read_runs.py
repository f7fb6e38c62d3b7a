"""Rules in long lists of entries, read without a node for each value."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from functools import cache, lru_cache
from typing import Generic, NamedTuple, TypeVar

from msgspec import Struct

from netmon.signatures.model import Rule
from netmon.yaml_nodes import Item, unescaped
from netmon.yaml_runs import Entry, Run

AnyRule = TypeVar("AnyRule", bound=Rule)

_QUOTED = r"""'(?:[^'\n]|'')*'|"(?:[^"\\\n]|\\.)*\""""
_IN_BRACES = r"\w(?:[^:#,\[\]{}\r\n]|(?<=\S)#)*(?<=\S)"
_ON_A_LINE = r"\w(?:[^:#\r\n]|:(?=\S)|(?<=\S)#)*(?<=\S)"
_END_OF_VALUE = r"(?=[ \t]*(?:[\r\n]|$)|[ \t]+#"
_CONTINUED = r"(?!\r?\n +(?![]},#'\"-])(?:[^:\r\n]|:(?=\S))+\r?$)"
"""Not before a line that belongs to the same text."""
_OPENING = re.compile(r"""\s*(?:-|['"]?:)?\s*\{""")
_COMMENT = re.compile(r"(?<=\s)#.*")
_NULL = re.compile("null|Null|NULL")
_TEXTS = ("family", "note")
"""The keys whose values may differ between entries that are read alike."""
_CUT = "\0"
_KNOWN = 4096


class Texts(NamedTuple):
    """What is read of an entry that is like another one."""

    line: int
    key: str  # of a mapping, or that of the text
    text: str
    family: str | None  # None: that of the other one
    note: str | None


class RunReader(Struct, Generic[AnyRule], frozen=True):
    """Reads the entries of a list or mapping.

    Of the entries in a run that differ only in texts, the first one is read as YAML; the others are derived
    from its rule, if it can be derived from itself. Where something is wrong, all are read as YAML, so that
    each problem has its line.
    """

    item: Item
    kinds: tuple[str, ...]
    """The keys of elements of which one has the text."""
    read_each: Callable[[Item], list[AnyRule]]
    derive: Callable[[Texts, AnyRule, int], AnyRule]
    numbers: Iterator[int]
    are_good: Callable[[list[AnyRule]], bool]

    def read(self) -> Iterator[AnyRule]:
        """The rules, those of runs first."""
        for run in self.item.runs():
            yield from self._read_run(run)
        yield from self.read_each(self.item.without_runs())

    def _read_run(self, run: Run) -> list[AnyRule]:
        alike: dict[str, list[Texts]] = {}  # by shape
        alone: set[int] = set()
        for entry in run.entries():
            shape, texts = self._cut(entry)
            if texts is None:
                alone.add(entry.line)
            else:
                alike.setdefault(shape, []).append(texts)
        known_problems = self.item.problems()
        rules = self._read_entries(run, alone.union(some[0].line for some in alike.values()))
        others: set[int] = set()
        if self.item.problems() == known_problems:
            by_line = {rule.line: rule for rule in rules}
            derived: list[AnyRule] = []
            for first, *likes in alike.values():
                rule = by_line.get(first.line)
                if rule is not None and self._is_derivable(first, rule):
                    derived += (self.derive(texts, rule, next(self.numbers)) for texts in likes)
                else:
                    others.update(texts.line for texts in likes)
            rules += self._read_entries(run, others)
            if self.are_good([*rules, *derived]):
                return rules + derived
        lines = {texts.line for some in alike.values() for texts in some[1:]}
        return rules + self._read_entries(run, lines - others)

    def _cut(self, entry: Entry) -> tuple[str, Texts | None]:
        """The entry without its texts, and these; None for one that is unusual."""
        is_in_braces = _OPENING.match(entry.text) is not None
        if not self.kinds:
            shape, found = _cut_texts(entry.text, _TEXTS, is_in_braces)
            key, text = entry.key, ""
        else:
            keys = (*self.kinds, *_TEXTS)
            named = _pattern(self.kinds, is_in_braces).search(entry.text)
            if named is None:
                return entry.text, None
            key, text = named[3], plain(named[4]) or ""
            before, found_before = _cut_texts(entry.text[: named.start(4)], keys, is_in_braces)
            after, found_after = _cut_texts(entry.text[named.end(4) :], keys, is_in_braces)
            shape = before + _CUT + after
            found = (*found_before, *found_after)
            if not text or any(one in self.kinds for one, _ in found):
                return shape, None
        texts = dict(found)
        if len(texts) < len(found) or None in texts.values():
            return shape, None
        return shape, Texts(entry.line, key, text, texts.get("family"), texts.get("note"))

    def _is_derivable(self, texts: Texts, rule: AnyRule) -> bool:
        """True if the texts that were cut out of an entry are those that its rule has."""
        return self.derive(texts, rule, rule.number) == rule

    def _read_entries(self, run: Run, lines: Collection[int]) -> list[AnyRule]:
        """The rules of the entries that begin at these lines, read as YAML."""
        return self.read_each(self.item.of_run(run, lines)) if lines else []


@lru_cache(_KNOWN)
def _cut_texts(
    written: str, keys: tuple[str, ...], is_in_braces: bool
) -> tuple[str, tuple[tuple[str, str | None], ...]]:
    """A part of an entry, which many have in common, without the texts of some keys, and these texts."""
    found: list[tuple[str, str | None]] = []

    def take(part: re.Match[str]) -> str:
        found.append((part[3], plain(part[4])))
        return part[1] + _CUT

    shape = _pattern(keys, is_in_braces).sub(take, written)
    if "#" in shape and not any(mark in shape for mark in "'\"|>"):  # nothing else can have a number sign
        shape = _COMMENT.sub("", shape)
    return shape, tuple(found)


@cache
def _pattern(keys: tuple[str, ...], is_in_braces: bool) -> re.Pattern[str]:
    """Finds keys with a text that ends on the same line."""
    text, closing = (_IN_BRACES, "|[ \t]*[,}])") if is_in_braces else (_ON_A_LINE, ")")
    key = rf"""(?<![^\s,{{])((['"]?)({"|".join(keys)})\2: +)"""
    return re.compile(rf"{key}({_QUOTED}|{text}{_CONTINUED}){_END_OF_VALUE}{closing}", re.MULTILINE)


@lru_cache(_KNOWN)
def plain(value: str) -> str | None:
    """The text of a value as it is written in an entry; None if it is nothing."""
    if value[0] == "'":
        text = value[1:-1].replace("''", "'")
    elif value[0] == '"':
        text = value[1:-1] if "\\" not in value else unescaped(value)
    elif _NULL.fullmatch(value):
        return None
    else:
        return value
    return text if text.strip() else None
