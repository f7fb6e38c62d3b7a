"""The quality of an interface's view: its problems, each in one line with numbers and a remedy.

The counters are those of `stats()` (`netmon/_engine.pyi`): `view`, and `interfaces` for live capture.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from netmon.encapsulations import Kind, describe, remedy
from netmon.language.language import ENGLISH, NARROW, Language
from netmon.language.marking import _

INTERCEPTED = _(
    "unrelated destinations are equally near: a middlebox seems to answer handshakes, "
    "so no round trip excludes a place"
)
"""The warning when interception is suspected."""

Counters = Mapping[str | Kind, int]
"""The counters of an interface, and its packets that were not decoded by what they carry."""


class Threshold(Struct, frozen=True):
    """When a view is poor: `part` exceeds `share` of the total, and the total is at least `min_total`."""

    problem: str
    part: str  # counter
    total: tuple[str, ...]  # counters that add up to the total
    share: float
    min_total: int
    text: str  # explanation and remedy; {part}, {total} and {percent} are replaced by numbers
    undecoded_text: str | None = None  # instead, where the cause may be packets that were not decoded
    text_of_one: str | None = None  # instead, if {part} is 1
    is_of_read: bool = False  # nothing is known of packets that the sieve dropped, which the text then says


THRESHOLDS = (
    Threshold(
        "dropped",
        "dropped",
        ("packets", "sieved_packets", "dropped"),
        0.0,
        1,
        _("the kernel dropped {part} of {total} packets: increase capture.ring_mib or capture.workers"),
    ),
    Threshold(
        "interface_dropped",
        "interface_dropped",
        ("packets", "interface_dropped"),
        0.0,
        1,
        _("the interface dropped {part} packets before the kernel saw them: enlarge its ring (ethtool -G)"),
        text_of_one=_(
            "the interface dropped {part} packet before the kernel saw it: enlarge its ring (ethtool -G)"
        ),
    ),
    Threshold(
        "undecoded",
        "undecoded_packets",
        ("packets", "sieved_packets"),
        0.05,
        10,
        _("{percent} of packets could not be decoded, so their connections are missing: {what}"),
    ),
    Threshold(
        "unseen",
        "unseen_tcp_bytes",
        ("tcp_bytes", "unseen_tcp_bytes"),
        0.01,
        1_000_000,
        _(
            "{percent} of TCP bytes were acknowledged but not seen: "
            "the mirror loses packets, or one direction is missing"
        ),
        _(
            "{percent} of TCP bytes were acknowledged but not seen: "
            "they may be in the packets that could not be decoded ({kinds})"
        ),
        is_of_read=True,
    ),
    Threshold(
        "one_way",
        "one_way_connections",
        ("connections",),
        0.1,
        20,
        _(
            "{part} of {total} connections were seen in one direction only: "
            "mirror both directions, or capture on the other port as well"
        ),
        _(
            "{part} of {total} connections were seen in one direction only: "
            "the other direction may be in the packets that could not be decoded ({kinds})"
        ),
    ),
    Threshold(
        "answers_only",
        "unsolicited_dns_answers",
        ("solicited_dns_answers", "unsolicited_dns_answers"),
        0.9,
        20,
        _(
            "{percent} of DNS answers were seen without their query, so they prove no name: "
            "mirror both directions of DNS, or find out which host sends unsolicited answers"
        ),
        _(
            "{percent} of DNS answers were seen without their query, so they prove no name: "
            "the queries may be in the packets that could not be decoded ({kinds})"
        ),
    ),
    Threshold(
        "duplicates",
        "duplicate_packets",
        ("packets", "sieved_packets"),
        0.05,
        1000,
        _("{percent} of packets are duplicates, counted once: mirror each path at one point only"),
    ),
    Threshold(
        "gap",
        "incomplete_hellos",
        ("connections",),
        0.05,
        20,
        _("{part} hellos have missing segments, and possibly no name: the mirror loses packets"),
        _(
            "{part} hellos have missing segments, and possibly no name: "
            "they may be in the packets that could not be decoded ({kinds})"
        ),
    ),
    Threshold(
        "cut",
        "cut_packets",
        ("packets",),
        0.01,
        1000,
        _(
            "{percent} of packets are truncated by the snap length, so names are lost: "
            "capture complete packets"
        ),
    ),
    Threshold(
        "overlapping",
        "overlapping_flows",
        ("packets",),
        0.0,
        1,
        _(
            "hosts with equal addresses in several VLANs or VNIs were taken for one ({part} times), "
            "so names may be those of the other host: set flows.separate_by"
        ),
        text_of_one=_(
            "hosts with equal addresses in several VLANs or VNIs were taken for one (once), "
            "so names may be those of the other host: set flows.separate_by"
        ),
    ),
    Threshold(
        "clock",
        "clock_steps",
        ("packets",),
        0.0,
        1,
        _(
            "the clock of the packets was set, or differs from that of the other interfaces "
            "by more than a second ({part} times): synchronise it (NTP or PTP)"
        ),
        text_of_one=_(
            "the clock of the packets was set, or differs from that of the other interfaces "
            "by more than a second (once): synchronise it (NTP or PTP)"
        ),
    ),
    Threshold(
        "misdated",
        "misdated_packets",
        ("packets",),
        0.0,
        1,
        _(
            "{part} of {total} packets have a time that those around them contradict, and are read at "
            "the time of those: sort merged files (reordercap), and check the clock of the capture"
        ),
        text_of_one=_(
            "{part} of {total} packets has a time that those around it contradict, and is read at "
            "the time of those: sort merged files (reordercap), and check the clock of the capture"
        ),
    ),
    Threshold(
        "coalesced",
        "coalesced_packets",
        ("packets", "sieved_packets"),
        0.01,
        1000,
        _(
            "{percent} of packets were merged by offloading, so that IP headers are not counted: "
            "disable it (ethtool -K … gro off lro off)"
        ),
    ),
)
"""All problems of a view, worst first; `problem` is a closed set, used as a metric label."""

HARMLESS = frozenset({"duplicates", "coalesced"})
"""Problems that hide no connection."""

UNDECODED = next(threshold for threshold in THRESHOLDS if threshold.problem == "undecoded")
"""The rule about packets that could not be decoded. The engine has the same share (`UNDECODED_SHARE`)."""


class Fault(Struct, frozen=True):
    """A threshold that an interface exceeds."""

    interface: str  # "" if the source has no interfaces
    problem: str
    text: str


def find_faults(stats: Mapping[str, Any], language: Language = ENGLISH) -> list[Fault]:
    """The problems of the view of each interface, over the whole run."""
    found = (
        _fault(threshold, name, counters, language)
        for name, counters in by_interface(stats).items()
        for threshold in THRESHOLDS
    )
    return [fault for fault in found if fault is not None]


def is_poor(stats: Mapping[str, Any]) -> bool:
    """True if the view of an interface may hide connections, so that what was seen need not be all."""
    return any(fault.problem not in HARMLESS for fault in find_faults(stats))


def by_interface(stats: Mapping[str, Any]) -> dict[str, Counters]:
    """Counters by interface, in order. The view's packets replace the kernel's, filtered ones included."""
    live = stats.get("interfaces", {})
    views, undecoded = stats["view"], stats.get("undecoded", {})
    return {
        name: {**live.get(name, {}), **views.get(name, {}), **undecoded.get(name, {})}
        for name in dict.fromkeys((*live, *views))
    }


def _fault(threshold: Threshold, name: str, counters: Counters, language: Language = ENGLISH) -> Fault | None:
    part, total = _part_and_total(threshold, counters)
    if not exceeds(threshold, counters):
        return None
    text = threshold.text
    if part == 1 and threshold.text_of_one is not None:
        text = threshold.text_of_one
    if threshold.undecoded_text is not None and exceeds(UNDECODED, counters):
        text = threshold.undecoded_text
    text = language.say(
        text,
        part=language.number(part),
        total=language.number(total),
        percent=percent_text(part, total, language),
        kinds=kinds_text(counters, language),
        what=undecoded_text(counters, language),
    )
    if threshold.is_of_read and counters.get("sieved_packets", 0):
        text = f"{text} ({language.say('of what was read, without sieved packets')})"
    return Fault(name, threshold.problem, f"{name}: {text}" if name else text)


def _part_and_total(threshold: Threshold, counters: Counters) -> tuple[int, int]:
    return counters.get(threshold.part, 0), sum(counters.get(key, 0) for key in threshold.total)


def exceeds(threshold: Threshold, counters: Counters) -> bool:
    """True if counters are poor by a threshold."""
    part, total = _part_and_total(threshold, counters)
    return total >= threshold.min_total and part > threshold.share * total


def _kinds(counters: Counters) -> list[Kind]:
    """What most of the packets that were not decoded carry, at most three kinds."""
    counts = [(count, key) for key, count in counters.items() if isinstance(key, tuple) and count > 0]
    return [kind for _, kind in sorted(counts, reverse=True)[:3]]


def kinds_text(counters: Counters, language: Language = ENGLISH) -> str:
    """What most of the packets that were not decoded carry: "EtherType 0x88e5 (MACsec), link type 147"."""
    return ", ".join(describe(kind, language) for kind in _kinds(counters))


def undecoded_text(counters: Counters, language: Language = ENGLISH) -> str:
    """As `kinds_text`, and what to do about the most frequent kind."""
    kinds = _kinds(counters)
    if not kinds:
        return language.say("of unknown kinds")
    return f"{kinds_text(counters, language)}; {remedy(kinds[0], language)}"


def percent_text(part: int, total: int, language: Language = ENGLISH) -> str:
    """A part as a percentage with a plain space, for a terminal: "< 0.1 %", "12 %"."""
    # What two interfaces deliver may be counted for the other, which then has more duplicates than packets.
    share = min(part / total, 1.0) if total else 0.0
    return language.percent(share).replace(NARROW, " ")


class _Period(Struct, frozen=True):
    """A time span over which one threshold is checked for one interface."""

    before: Counters  # counters at its beginning
    ends_s: float
    is_degraded: bool  # it began with a warning


class Watch:
    """Checks the counters of a running sensor, and warns when the view becomes poor."""

    PERIOD_S = 60.0
    """The longest time over which counters are compared, and the shortest between two equal warnings."""

    def __init__(self) -> None:
        self._periods: dict[tuple[str, str], _Period] = {}
        self.degraded: dict[tuple[str, str], int] = {}
        """(interface, problem) → 1 for a minute after a warning, else 0."""

    def check(self, stats: Mapping[str, Any], now_s: float) -> list[str]:
        """New warnings, one line each; the same one at most once a minute. `now_s`: a monotonic clock."""
        lines = []
        for name, counters in by_interface(stats).items():
            for threshold in THRESHOLDS:
                key = (name, threshold.problem)
                period = self._periods.get(key, _Period({}, now_s, False))
                if period.is_degraded and now_s < period.ends_s:
                    continue
                fault = _fault(threshold, name, _growth(counters, period.before))
                if fault is not None:
                    lines.append(fault.text)
                if fault is not None or now_s >= period.ends_s:
                    period = _Period(counters, now_s + self.PERIOD_S, fault is not None)
                self._periods[key] = period
                self.degraded[key] = int(period.is_degraded)
        return lines


def _growth(now: Counters, before: Counters) -> dict[str | Kind, int]:
    return {key: count - before.get(key, 0) for key, count in now.items()}
