"""What the sensors could not see, and whether that is so much that the view is poor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from netmon.quality import HARMLESS, THRESHOLDS, Threshold
from netmon.report.facts import RUN, PeriodFacts, ViewFact
from netmon.report.sums import ratio
from netmon.report.view import Blind, Detail, ReportView, ViewGrade
from netmon.unread import is_partly_unread, is_unread

MOST_DETAILS = 5
POOR_GAP_SHARE = 0.01
"""The share of the time of an interface above which gaps make the view poor."""


def view_of(facts: PeriodFacts) -> ReportView:
    """The view of all interfaces together; poor if that of one is."""
    blinds = tuple(_blinds(facts))
    packets = sum(view.counters.get("packets", 0) for view in facts.views)
    return ReportView(_grade(facts, packets, blinds), packets, blinds, facts.undivided_views)


def _grade(facts: PeriodFacts, packets: int, blinds: Sequence[Blind]) -> ViewGrade:
    if packets == 0:
        return "empty" if all(run.is_viewed for run in facts.runs) else "none"
    if is_unread(_total(facts.views)):
        return "unread"
    if any(is_partly_unread(view.counters, nothing_seen=not facts.groups) for view in facts.views):
        return "partly_unread"
    if any(one.is_poor for one in blinds):
        return "poor"
    return "limited" if any(one.kind not in HARMLESS for one in blinds) else "good"


def _total(views: Sequence[ViewFact]) -> Counter[str]:
    total: Counter[str] = Counter()
    for view in views:
        total.update(view.counters)
    return total


def _blinds(facts: PeriodFacts) -> Iterator[Blind]:
    yield from _gaps(facts)
    filtered = Counter(run.filter for run in facts.runs if run.filter)
    if filtered:
        yield _blind("filtered", filtered.total(), len(facts.runs), filtered)
    if facts.erased:
        yield _blind("erased", facts.erased, None)
    unrecorded = sum(not run.is_recorded for run in facts.runs)
    if unrecorded:
        yield _blind("unrecorded", unrecorded, len(facts.runs))
    for threshold in THRESHOLDS:
        found = _by_threshold(threshold, facts.views)
        if found is not None:
            yield found
    edges: Counter[str] = Counter()
    for group in facts.groups:
        if group.meaning.edge is not None:
            edges[group.meaning.edge] += group.amount.flows
    if edges:
        all_flows = sum(group.amount.flows for group in facts.groups)
        yield _blind("edge", edges.total(), all_flows, edges)
    flows = sum(view.counters.get("flows", 0) for view in facts.views)
    unnamed: Counter[str] = Counter()
    for view in facts.views:
        unnamed.update(view.unnamed)
    if unnamed["ech"]:
        yield _blind("ech", unnamed["ech"], flows)
    encrypted = sum(view.counters.get("encrypted_dns", 0) for view in facts.views)
    if encrypted:
        yield _blind("encrypted_dns", encrypted, flows)
    others = Counter({reason: count for reason, count in unnamed.items() if reason != "ech" and count})
    if others:
        yield _blind("unnamed", others.total(), flows, others)


def _gaps(facts: PeriodFacts) -> Iterator[Blind]:
    times = _unwatched(facts)
    gap_s = sum(gap_ns for gap_ns, _ in times) // 1_000_000_000
    if gap_s:
        is_poor = any(gap_ns > POOR_GAP_SHARE * all_ns for gap_ns, all_ns in times)
        yield _blind("gaps", gap_s, sum(all_ns for _, all_ns in times) // 1_000_000_000, is_poor=is_poor)


def _unwatched(facts: PeriodFacts) -> list[tuple[int, int]]:
    """The time that was not watched, and all time: of each interface, or of captures alone."""
    if facts.outside_captures is not None:
        return [facts.outside_captures]
    gap_ns = Counter(facts.after_latest)
    for gap in facts.gaps:
        gap_ns[gap.sensor, gap.interface] += gap.end_ns - gap.start_ns
    interfaces = {(view.sensor, view.interface) for view in facts.views if view.interface != RUN} | {*gap_ns}
    recorded_ns = facts.until_ns - facts.since_ns
    return [(gap_ns[one], recorded_ns + facts.after_latest.get(one, 0)) for one in sorted(interfaces)]


def _by_threshold(threshold: Threshold, views: Sequence[ViewFact]) -> Blind | None:
    count = of = 0
    is_poor = False
    kinds: Counter[str] = Counter()
    for view in views:
        part = view.counters.get(threshold.part, 0)
        whole = sum(view.counters.get(key, 0) for key in threshold.total)
        count, of = count + part, of + whole
        is_poor |= whole >= threshold.min_total and part > threshold.share * whole
        if threshold.problem == "undecoded":
            kinds.update(view.undecoded)
        if threshold.is_of_read and part:
            kinds["sieved_packets"] += view.counters.get("sieved_packets", 0)
    if not count:
        return None
    is_poor = is_poor and threshold.problem not in HARMLESS
    return _blind(threshold.problem, count, of, +kinds, is_poor=is_poor)


def _blind(
    kind: str, count: int, of: int | None, kinds: Mapping[str, int] | None = None, *, is_poor: bool = False
) -> Blind:
    most = sorted((kinds or {}).items(), key=lambda item: (-item[1], item[0]))[:MOST_DETAILS]
    return Blind(
        kind, count, of, ratio(count, of) if of else None, is_poor, tuple(Detail(*one) for one in most)
    )
