"""How good the view of an interface is: what its counters say, in one line with numbers and what to do.

The counters are those of `stats()` (`netmon/_engine.pyi`): `view` by interface, `interfaces` for live ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

INTERCEPTED = (
    "unrelated destinations are equally near: something in the middle seems to answer handshakes, "
    "so no round trip excludes a place"
)
"""The warning when interception is suspected."""

Counters = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Rule:
    """When a view is poor: a part is more than its share of the whole, which is large enough to tell."""

    problem: str
    part: str
    whole: tuple[str, ...]  # counters that add up to it
    share: float
    least: int  # of the whole
    text: str  # what it means and what to do; {part}, {whole} and {percent} are the numbers


RULES = (
    Rule(
        "dropped",
        "dropped",
        ("packets", "dropped"),
        0.0,
        1,
        "the kernel dropped {part} of {whole} packets: give capture.ring_mib or capture.workers more",
    ),
    Rule(
        "interface_dropped",
        "interface_dropped",
        ("packets", "interface_dropped"),
        0.0,
        1,
        "the interface dropped {part} packets before the kernel saw them: enlarge its ring (ethtool -G)",
    ),
    Rule(
        "unseen",
        "unseen_tcp_bytes",
        ("tcp_bytes", "unseen_tcp_bytes"),
        0.01,
        1_000_000,
        "{percent} of TCP bytes were acknowledged and never seen: "
        "the mirror loses packets, or lacks a direction",
    ),
    Rule(
        "one_way",
        "one_way_connections",
        ("connections",),
        0.1,
        20,
        "{part} of {whole} connections were seen one way only: "
        "mirror both directions, or watch the other port, too",
    ),
    Rule(
        "duplicates",
        "duplicate_packets",
        ("packets",),
        0.05,
        1000,
        "{percent} of packets came twice and were counted once: mirror each path at one place",
    ),
    Rule(
        "gap",
        "incomplete_hellos",
        ("connections",),
        0.05,
        20,
        "{part} hellos lack segments and may lack their names: the mirror loses packets",
    ),
    Rule(
        "cut",
        "cut_packets",
        ("packets",),
        0.01,
        1000,
        "{percent} of packets are cut by the snap length, and names with them: capture whole packets",
    ),
    Rule(
        "coalesced",
        "coalesced_packets",
        ("packets",),
        0.01,
        1000,
        "{percent} of packets were joined by a card or kernel, whose IP headers are not counted: "
        "turn it off (ethtool -K … gro off lro off)",
    ),
)
"""Every way in which a view can be poor, worst first; `problem` is a closed set, used as a metric label."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that holds for an interface, in numbers."""

    interface: str  # "" where the source knows none
    problem: str
    text: str


def find_faults(stats: Mapping[str, Any]) -> list[Fault]:
    """What makes the view poor, by interface."""
    pairs = ((name, counters, rule) for name, counters in _by_interface(stats).items() for rule in RULES)
    found = (_fault(rule, name, counters) for name, counters, rule in pairs)
    return [fault for fault in found if fault is not None]


def _by_interface(stats: Mapping[str, Any]) -> dict[str, Counters]:
    """All counters of an interface together. Where the kernel knows more packets, a filter left some out."""
    live = stats.get("interfaces", {})
    views = stats["view"]
    return {name: {**live.get(name, {}), **views.get(name, {})} for name in (*live, *(views.keys() - live))}


def _fault(rule: Rule, name: str, counters: Counters) -> Fault | None:
    part = counters.get(rule.part, 0)
    whole = sum(counters.get(key, 0) for key in rule.whole)
    if whole < rule.least or part <= rule.share * whole:
        return None
    text = rule.text.format(part=f"{part:,}", whole=f"{whole:,}", percent=percent_text(part, whole))
    return Fault(name, rule.problem, f"{name}: {text}" if name else text)


def percent_text(part: int, whole: int) -> str:
    """A share in words that never make a little nothing, nor almost all everything."""
    percent = 100 * part / whole if whole else 0.0
    if 0 < percent < 0.1:
        return "< 0.1 %"
    if 99.9 < percent < 100:
        return "> 99.9 %"
    return f"{percent:.0f} %" if percent >= 10 or percent == 0 else f"{percent:.1f} %"


@dataclass(frozen=True, slots=True)
class _Period:
    """A span over which one rule is held against one interface."""

    before: Counters  # as the counters stood at its beginning
    ends_s: float
    told: bool  # it began with a warning


class Watch:
    """Looks at a running sensor's counters and tells what has become poor, a minute at a time."""

    PERIOD_S = 60.0
    """Longest time over which counters are compared, and the shortest between two warnings of one kind."""

    def __init__(self) -> None:
        self._periods: dict[tuple[str, str], _Period] = {}
        self.degraded: dict[
            tuple[str, str], int
        ] = {}  # (interface, problem) → 1 for a minute after a warning

    def look(self, stats: Mapping[str, Any], now_s: float) -> list[str]:
        """Lines to tell: at once when something is poor, then not the same before a minute is over."""
        lines = []
        for name, counters in _by_interface(stats).items():
            for rule in RULES:
                period = self._periods.get((name, rule.problem), _Period({}, now_s, False))
                if period.told and now_s < period.ends_s:
                    continue
                fault = _fault(rule, name, _growth(counters, period.before))
                if fault is not None:
                    lines.append(fault.text)
                if fault is not None or now_s >= period.ends_s:
                    period = _Period(counters, now_s + self.PERIOD_S, fault is not None)
                self._periods[name, rule.problem] = period
                self.degraded[name, rule.problem] = int(period.told)
        return lines


def _growth(now: Counters, before: Counters) -> dict[str, int]:
    return {key: count - before.get(key, 0) for key, count in now.items()}
