"""Whether so many packets could not be decoded that nothing that was not seen is an all-clear."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from netmon.encapsulations import Kind
from netmon.language.language import ENGLISH, Language
from netmon.language.marking import _
from netmon.quality import UNDECODED, by_interface, exceeds, undecoded_text

MOSTLY = 0.5
"""With a larger share of packets that could not be decoded, nothing that was not seen is an all-clear."""


def is_unread(counters: Mapping[Any, int]) -> bool:
    """True if most packets that may belong to connections were not decoded; ARP and the like do not count."""
    return counters.get(UNDECODED.part, 0) > MOSTLY * _connection_packets(counters)


def _connection_packets(counters: Mapping[Any, int]) -> int:
    """All packets that may belong to connections.

    Those that the sieve dropped are among them: they belong to flows that were decoded.
    """
    return sum(counters.get(key, 0) for key in (UNDECODED.part, "flow_packets", "sieved_packets"))


def unread_text(stats: Mapping[str, Any], language: Language = ENGLISH) -> str | None:
    """That most packets of the run could not be decoded, in one line; None if most could."""
    total: Counter[str | Kind] = Counter()
    for counters in by_interface(stats).values():
        total.update(counters)
    if not is_unread(total):
        return None
    part = total[UNDECODED.part]
    packets = _connection_packets(total)
    text = (
        _("{part} of {packets} packets could not be decoded: {what}")
        if packets == total["packets"] + total["sieved_packets"]
        else _("{part} of {packets} packets that may belong to connections could not be decoded: {what}")
    )
    return language.say(
        text,
        part=language.number(part),
        packets=language.number(packets),
        what=undecoded_text(total, language),
    )


def is_partly_unread(counters: Mapping[Any, int], *, nothing_seen: bool) -> bool:
    """True if so much of an interface was not decoded that no result of the run is an all-clear.

    That is most of enough packets; where no flow to a known vendor was seen at all, it is what is warned of.
    """
    is_most = is_unread(counters) and _connection_packets(counters) >= UNDECODED.min_total
    return is_most or (nothing_seen and exceeds(UNDECODED, counters))


def partly_unread_text(
    stats: Mapping[str, Any], language: Language = ENGLISH, *, nothing_seen: bool
) -> str | None:
    """The interfaces that could not be read well enough for an all-clear, in one line; None if all could."""
    parts = []
    for name, counters in by_interface(stats).items():
        if is_partly_unread(counters, nothing_seen=nothing_seen):
            part = counters[UNDECODED.part]
            text = language.say(
                _("{part} of {packets} packets could not be decoded: {what}"),
                part=language.number(part),
                packets=language.number(_connection_packets(counters)),
                what=undecoded_text(counters, language),
            )
            parts.append(language.say("interface {name}: {what}", name=name, what=text) if name else text)
    return "; ".join(parts) or None
