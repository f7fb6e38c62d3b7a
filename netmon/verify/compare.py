"""Two programs' facts held together: what only one of them saw, with the packets and what may explain it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from netmon.verify.facts import Ends, Fact

Packets = tuple[int, int]
"""First and last packet, by their numbers in the file, from 1."""


class Difference(NamedTuple):
    """What the two programs say about the same ends, where they disagree."""

    over: str
    ends: Ends
    packets: Packets | None
    wireshark: tuple[str, ...]  # empty: it says nothing
    netmon: tuple[str, ...]
    note: str | None  # what may explain it


@dataclass
class Comparison:
    """What one capture gave: facts of both programs, and how they differ."""

    file: str
    expected: Counter[Fact] = field(default_factory=Counter)  # tshark's
    found: Counter[Fact] = field(default_factory=Counter)  # netmon's
    optional: set[Fact] = field(default_factory=set)  # seen or not seen, as one likes
    packets: dict[Fact, Packets] = field(default_factory=dict)
    times_ns: dict[Fact, Packets] = field(default_factory=dict)  # first and last packet's time

    notes: dict[Fact, str] = field(default_factory=dict)  # what may explain a difference

    @property
    def missing(self) -> Counter[Fact]:
        """Facts that tshark sees and netmon does not."""
        return self._without_optional(self.expected - self.found)

    @property
    def extra(self) -> Counter[Fact]:
        """Facts that netmon reports and tshark does not."""
        return self._without_optional(self.found - self.expected)

    def _without_optional(self, facts: Counter[Fact]) -> Counter[Fact]:
        return Counter({fact: count for fact, count in facts.items() if fact not in self.optional})

    def differences(self) -> Iterator[tuple[str, Ends, list[Fact], list[Fact]]]:
        """What differs, together for the same protocol and ends: tshark's facts and netmon's."""
        groups: dict[tuple[str, Ends], tuple[list[Fact], list[Fact]]] = {}
        for side, facts in enumerate((self.missing, self.extra)):
            for fact in facts.elements():
                groups.setdefault((fact.over, fact.ends), ([], []))[side].append(fact)
        for (over, ends), (wireshark, netmon) in groups.items():
            yield over, ends, wireshark, netmon
