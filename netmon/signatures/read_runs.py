"""Rules in long lists of entries, read without a node for each value."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from netmon.signatures.model import Rule
from netmon.yaml_entries import Entry, pairs, plain
from netmon.yaml_nodes import Item
from netmon.yaml_runs import Run

AnyRule = TypeVar("AnyRule", bound=Rule)

_KNOWN = 4096


class Texts(NamedTuple):
    """What is read of an entry that is like another one."""

    line: int
    key: str  # of a mapping, or that of the text
    text: str
    family: str | None
    note: str | None


class _Rest(NamedTuple):
    """What stands in an entry behind its text: what it has in common with others, and two texts."""

    kind: frozenset[tuple[str, str]]
    family: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class RunReader(Generic[AnyRule]):
    """Reads the entries of a list or mapping.

    Of the entries in a run that differ only in texts, the first one is read as YAML; the others are derived
    from its rule. Where something is wrong, all are read as YAML, so that each problem has its line.
    """

    item: Item
    kinds: Collection[str]
    """The keys of elements of which one has the text."""
    read_each: Callable[[Item], list[AnyRule]]
    derive: Callable[[Texts, AnyRule], AnyRule]
    are_good: Callable[[list[AnyRule]], bool]

    def read(self) -> Iterator[AnyRule]:
        """The rules, those of runs first."""
        for run in self.item.runs():
            yield from self._read_run(run)
        yield from self.read_each(self.item.without_runs())

    def _read_run(self, run: Run) -> list[AnyRule]:
        firsts: dict[object, int] = {}
        likes: list[tuple[Texts, int]] = []
        alone: set[int] = set()
        for line, read in run.entries():
            entry = read if not run.is_list or read.key in self.kinds else self._turn(read)
            key, written, rest = entry.key, entry.value, entry.rest
            found = _read_rest(rest)
            text = plain(written) if written else None if run.is_list else ""
            if found is None or text is None:
                alone.add(line)
                continue
            first = firsts.setdefault((key if run.is_list else "", found.kind), line)
            if first != line:
                likes.append((Texts(line, key, text, found.family, found.note), first))
        known_problems = self.item.problems()
        rules = self.read_each(self.item.of_run(run.only({*alone, *firsts.values()})))
        if self.item.problems() == known_problems:
            by_line = {rule.line: rule for rule in rules}
            derived = [self.derive(texts, by_line[first]) for texts, first in likes]
            if self.are_good([*rules, *derived]):
                return rules + derived
        return rules + self.read_each(self.item.of_run(run.only({texts.line for texts, _ in likes})))

    def _turn(self, entry: Entry) -> Entry:
        """The entry with the text first; without a value if that is not possible."""
        values = pairs(f"{entry.key}: {entry.value}, {entry.rest}") or {}
        found = [key for key in values if key in self.kinds]
        if len(found) != 1:
            return entry._replace(value="")
        value = values.pop(found[0])
        rest = ", ".join(f"{one}: {two}" for one, two in values.items())
        return entry._replace(key=found[0], value=value, rest=rest)


@lru_cache(_KNOWN)
def _read_rest(rest: str) -> _Rest | None:
    """None for an entry that is read alone: one that is unusual."""
    values = pairs(rest)
    if values is None:
        return None
    texts = {key: plain(values[key]) for key in ("family", "note") if key in values}
    if None in texts.values():
        return None
    kind = frozenset((key, "" if key in texts else value) for key, value in values.items())
    return _Rest(kind, texts.get("family"), texts.get("note"))
