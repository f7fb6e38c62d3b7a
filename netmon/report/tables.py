"""The tables of the report: places, arcs, the time line, components, and findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from netmon.outputs.ecs import timestamp
from netmon.records import CONTACTS, EVIDENCE, SEVERITIES
from netmon.report.facts import Amount, Group, Meaning, PeriodFacts
from netmon.report.model import (
    Arc,
    MapPlace,
    Named,
    Span,
    Spot,
    TableRow,
    TimeLine,
)
from netmon.report.shares import SHARES, share_of
from netmon.report.sums import add_up, as_sum, leading_share, share_sums, total_of
from netmon.signatures.model import Location

MOST_TICKS = 7
_SECOND = 1_000_000_000
_STEPS_S = (
    *(1, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200),
    *(86_400 * days for days in (1, 2, 7, 14, 28, 56, 112, 364, 728)),
)
"""The steps that the axis of time may have, in seconds."""
Locations = Mapping[str, Location]


def spot_of(meaning: Meaning, locations: Locations) -> Spot:
    """The place of flows; with coordinates if it is a location of the signatures."""
    known = locations.get(meaning.location)
    return Spot(
        meaning.location,
        meaning.country,
        known.city if known else meaning.city,
        meaning.confidence,
        meaning.claims,
        known.latitude if known else None,
        known.longitude if known else None,
    )


def _map_spot(meaning: Meaning, locations: Locations) -> Spot | None:
    """The place on the map; None if sources differ on the country, or none knows it.

    Cities that are no locations of the signatures have no coordinates, and are together their country.
    """
    if meaning.confidence in ("unknown", "disputed"):
        return None
    spot = replace(spot_of(meaning, locations), confidence="", claims=())
    return spot if spot.latitude is not None else replace(spot, city=None)


def places_on_map(groups: Sequence[Group], locations: Locations) -> tuple[MapPlace, ...]:
    """The places, those with most bytes first."""
    found: dict[Spot, list[Group]] = {}
    for group in groups:
        spot = _map_spot(group.meaning, locations)
        if spot is not None:
            found.setdefault(spot, []).append(group)
    whole = sum(group.amount.total_bytes for group in groups)
    places = [
        MapPlace(spot, as_sum(total_of(one.amount for one in members), whole), share_sums(members))
        for spot, members in found.items()
    ]
    return tuple(sorted(places, key=lambda one: (-one.sum.total_bytes, one.spot.country, one.spot.location)))


def without_place(groups: Sequence[Group]) -> Amount:
    """The traffic whose place is not known, or on which the sources differ."""
    return total_of(one.amount for one in groups if one.meaning.confidence in ("unknown", "disputed"))


def arcs_of(groups: Sequence[Group], locations: Locations) -> tuple[Arc, ...]:
    """The traffic from each sensor to each place, the largest first."""
    found: dict[tuple[str, str, str], list[Group]] = {}
    for group in groups:
        spot = _map_spot(group.meaning, locations)
        if spot is not None:
            found.setdefault((group.sensor, spot.location, spot.country), []).append(group)
    whole = sum(group.amount.total_bytes for group in groups)
    arcs = [
        Arc(*key, leading_share(share_sums(members)), as_sum(total_of(one.amount for one in members), whole))
        for key, members in found.items()
    ]
    return tuple(sorted(arcs, key=lambda arc: (-arc.sum.total_bytes, arc.sensor, arc.location, arc.country)))


def time_line(facts: PeriodFacts) -> TimeLine:
    """The bytes over the period."""
    found: dict[int, list[Group]] = {}
    for group in facts.groups:
        found.setdefault(group.bucket, []).append(group)
    spans = tuple(_span(facts, bucket, groups) for bucket, groups in sorted(found.items()))
    top = _round_up(max((sum(one.bytes_by_share) for one in spans), default=0))
    return TimeLine(
        facts.bucket_ns // 1_000_000_000,
        timestamp(facts.origin_ns),
        spans,
        tuple(top * part // 2 for part in range(3)),
        tuple(map(timestamp, _ticks(facts.origin_ns, facts.until_ns))),
    )


def _ticks(start_ns: int, end_ns: int) -> Iterator[int]:
    """The times that the axis names."""
    span_s = (end_ns - start_ns) / _SECOND
    step = next((one for one in _STEPS_S if span_s / one <= MOST_TICKS), _STEPS_S[-1]) * _SECOND
    yield from range(-(-start_ns // step) * step, end_ns + 1, step)


def _round_up(value: int) -> int:
    """The next of 1, 2, 4, 6, 8 and 10 times a power of ten."""
    power = 10
    while power * 10 <= value:
        power *= 10
    return next(one * power for one in (1, 2, 4, 6, 8, 10) if one * power >= value)


def _span(facts: PeriodFacts, bucket: int, groups: Sequence[Group]) -> Span:
    totals = add_up(groups, lambda group: share_of(group.meaning))
    return Span(
        timestamp(facts.origin_ns + bucket * facts.bucket_ns),
        tuple(totals.get(share, Amount()).total_bytes for share in SHARES),
        sum(group.amount.flows for group in groups if group.meaning.severity is not None),
    )


def rows_of(groups: Sequence[Group], locations: Locations) -> Iterator[TableRow]:
    """The table of components, places and verdicts: findings first, then those with most bytes."""
    found: dict[tuple[str | None, ...], list[Group]] = {}
    for group in groups:
        found.setdefault(_row_key(group.meaning), []).append(group)
    whole = sum(group.amount.total_bytes for group in groups)
    rows = [_row(members, whole, locations) for members in found.values()]
    yield from sorted(rows, key=lambda row: (_rank(row.severity), -row.sum.total_bytes, _text_of(row)))


def _row_key(meaning: Meaning) -> tuple[str | None, ...]:
    place = (meaning.location, meaning.country, meaning.city, meaning.confidence, *meaning.claims)
    verdict = (meaning.outcome, meaning.severity, meaning.reason, meaning.lacks)
    return (meaning.vendor, meaning.component, *verdict, *place)


def _row(groups: Sequence[Group], whole: int, locations: Locations) -> TableRow:
    meaning = groups[0].meaning
    named: Counter[str] = Counter()
    for group in groups:
        named[group.meaning.evidence] += group.amount.flows
    return TableRow(
        vendor=meaning.vendor,
        component=meaning.component,
        spot=spot_of(meaning, locations),
        outcome=meaning.outcome,
        severity=meaning.severity,
        reason=meaning.reason,
        lacks=meaning.lacks,
        contact=max((group.meaning.contact for group in groups), key=CONTACTS.index),
        named_by=tuple(Named(one, named[one]) for one in EVIDENCE if one in named),
        sources=tuple(sorted({source for group in groups for source in group.meaning.sources})),
        sum=as_sum(total_of(group.amount for group in groups), whole),
        first=timestamp(min(group.first_ns for group in groups)),
        last=timestamp(max(group.last_ns for group in groups)),
    )


def _rank(severity: str | None) -> int:
    return -SEVERITIES.index(severity) if severity in SEVERITIES else 1


def _text_of(row: TableRow) -> tuple[str, ...]:
    return (row.vendor, row.component, row.spot.country, row.spot.location, row.reason, *row.spot.claims)
