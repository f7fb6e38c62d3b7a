"""What a difference means: Wireshark reads something else, something more, or cannot read it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from netmon.verify.compare import Comparison, Kind
from netmon.verify.facts import Endpoints, Fact
from netmon.verify.netmon_facts import TRANSPORT_OF
from netmon.verify.wireshark import Wireshark

NAMES = frozenset((*TRANSPORT_OF, "udp", "http"))
"""The classes of facts that are names of flows."""


class Kinds:
    """Tells the kinds of the differences of a comparison that is complete."""

    def __init__(self, comparison: Comparison, wireshark: Wireshark) -> None:
        self._wireshark = wireshark
        self._names = defaultdict[Endpoints, set[str]](set)
        self._carriers: set[tuple[str, Endpoints]] = set()
        for fact in comparison.expected:
            if fact.over in NAMES:
                self._names[fact.endpoints].add(fact.text)
            else:
                self._carriers.add(_carrier(fact))

    def of(self, theirs: Sequence[Fact], ours: Sequence[Fact]) -> Kind:
        """The kind of a difference between the same endpoints."""
        if not ours:
            return "more"
        return "other" if theirs or any(map(self._is_refuted, ours)) else "unread"

    def _is_refuted(self, fact: Fact) -> bool:
        """True if Wireshark reads what would hold this fact, or another name of the flow."""
        if fact.over in NAMES and fact.text not in self._names.get(fact.endpoints, (fact.text,)):
            return True
        return _carrier(fact) in self._carriers or self._wireshark.has_read_around(fact)


def _carrier(fact: Fact) -> tuple[str, Endpoints]:
    """The message that holds a fact."""
    first, *more = fact.text.split(" ", 2)
    if fact.over == "hello":
        return f"hello {TRANSPORT_OF.get(first, first)}", fact.endpoints
    if fact.over in TRANSPORT_OF or fact.over == "udp":
        return f"hello {TRANSPORT_OF.get(fact.over, fact.over)}", fact.endpoints
    if fact.over in ("http", "x509", "flow"):
        return fact.over, fact.endpoints
    return " ".join((fact.over, first, *more[:1])), fact.endpoints
