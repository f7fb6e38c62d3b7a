"""Comparison of two programs' facts: what only one of them read, in which packets, and a possible reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from netmon.verify.facts import Endpoints, Fact

Kind = Literal["other", "more", "unread"]
"""other: Wireshark reads the same place in the packets otherwise; more: only Wireshark reads something there;
unread: Wireshark does not look into what holds it.
"""

Packets = tuple[int, int]
"""The numbers of the first and the last packet in the file, counted from 1."""


class Difference(NamedTuple):
    """What the two programs read between the same endpoints, where they disagree."""

    over: str
    endpoints: Endpoints
    packets: Packets | None
    wireshark: tuple[str, ...]  # empty: it reads nothing
    netmon: tuple[str, ...]
    note: str | None  # a possible reason
    kind: Kind
    shown: str  # the protocols that tshark finds in the packets


@dataclass
class Comparison:
    """The facts that both programs read in one capture, and how they differ."""

    file: str
    expected: Counter[Fact] = field(default_factory=Counter)  # tshark's
    found: Counter[Fact] = field(default_factory=Counter)  # netmon's
    optional: set[Fact] = field(default_factory=set)  # netmon may read them or not
    packets: dict[Fact, Packets] = field(default_factory=dict)
    times_ns: dict[Fact, Packets] = field(default_factory=dict)  # times of the first and the last packet

    notes: dict[Fact, str] = field(default_factory=dict)  # possible reasons for a difference

    @property
    def missing(self) -> Counter[Fact]:
        """Facts that tshark reads and netmon does not."""
        return self._without_optional(self.expected - self.found)

    @property
    def extra(self) -> Counter[Fact]:
        """Facts that netmon reads and tshark does not."""
        return self._without_optional(self.found - self.expected)

    def _without_optional(self, facts: Counter[Fact]) -> Counter[Fact]:
        return Counter({fact: count for fact, count in facts.items() if fact not in self.optional})

    def differences(self) -> Iterator[tuple[str, Endpoints, list[Fact], list[Fact]]]:
        """The differences, grouped by protocol and endpoints: the facts of tshark, then those of netmon."""
        groups: dict[tuple[str, Endpoints], tuple[list[Fact], list[Fact]]] = {}
        for side, facts in enumerate((self.missing, self.extra)):
            for fact in facts.elements():
                groups.setdefault((fact.over, fact.endpoints), ([], []))[side].append(fact)
        for (over, endpoints), (wireshark, netmon) in groups.items():
            yield over, endpoints, wireshark, netmon
