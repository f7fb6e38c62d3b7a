"""The rows of the table: flows that have something in common, their verdict, sums and rates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from netmon.language.language import Language
from netmon.outputs.flow_sums import ORDER
from netmon.records import SEVERITIES, Severity
from netmon.top.glance import FlowAmount, FlowKind, Glance
from netmon.top.state import Pair, TopState

_UNSETTLED = ("unknown", "disputed")


@dataclass(frozen=True, slots=True)
class TopRow:
    """A row of the table."""

    texts: tuple[str, ...]  # what its flows have in common, in the columns of the grouping
    outcome: str  # the worst of them
    severity: Severity | None
    amount: FlowAmount
    rate: float | None  # bytes sent per second; None: not known, or not yet

    @property
    def rank(self) -> tuple[int, int]:
        """The worst verdict has the lowest."""
        return _rank(self.outcome, self.severity)


def place_name(location: str, country: str, city: str | None, language: Language) -> str:
    """A place in words: "Moscow, RU", "RU", "unknown"."""
    if country in _UNSETTLED and location in _UNSETTLED:
        return language.say(location)
    return f"{language.say_of('city', city)}, {country}" if city else country


def outcome_counts(glance: Glance) -> dict[str, float]:
    """The flows of each verdict, the worst first."""
    counts = dict.fromkeys(ORDER, 0.0)
    for kind, amount in glance.flows.items():
        counts[kind.outcome] = counts.get(kind.outcome, 0) + amount.flows
    return counts


def sent_rate(pair: Pair, kind: FlowKind) -> float | None:
    """Bytes per second that were sent between the two glances."""
    if pair.before is None:
        return None
    span_s = pair.now.at_s - pair.before.at_s
    grown = pair.now.flows[kind].sent - pair.before.flows.get(kind, FlowAmount()).sent
    return max(grown, 0.0) / span_s if span_s > 0 else None


def packet_rate(pair: Pair, port: str | None = None) -> float | None:
    """Packets per second of an interface, or of all."""
    if pair.before is None:
        return None
    span_s = pair.now.at_s - pair.before.at_s
    names = pair.now.ports if port is None else (port,)
    grown = sum(
        pair.now.ports[one].packets - pair.before.ports[one].packets
        for one in names
        if one in pair.before.ports
    )
    return max(grown, 0.0) / span_s if span_s > 0 else None


def rows_of(state: TopState, language: Language) -> list[TopRow]:
    """The rows in the order that was chosen."""
    if state.shown is None:
        return []
    found = _clients(state, language) if state.grouping == "client" else _kinds(state, state.shown, language)
    return sorted(_merged(found), key=lambda row: _sort_key(row, state), reverse=state.is_reversed)


def _kinds(state: TopState, pair: Pair, language: Language) -> Iterator[TopRow]:
    for kind, amount in pair.now.flows.items():
        where = place_name(kind.location, kind.country, pair.now.cities.get(kind.location), language)
        texts = {
            "kind": (kind.vendor, kind.component, where),
            "vendor": (kind.vendor,),
            "component": (kind.vendor, kind.component),
        }.get(state.grouping, (where,))
        yield TopRow(texts, kind.outcome, kind.severity, amount, sent_rate(pair, kind))


def _clients(state: TopState, language: Language) -> Iterator[TopRow]:
    for one in state.records.clients:
        totals = one.totals
        amount = FlowAmount(totals.flows, totals.sent_bytes, totals.received_bytes)
        client = one.client or language.say("not shown")
        yield TopRow((client,), one.outcome, one.severity, amount, None)


def _merged(rows: Iterable[TopRow]) -> Iterator[TopRow]:
    """One row for what is equal in its texts; with all columns, verdicts stay apart."""
    merged: dict[tuple[object, ...], TopRow] = {}
    for row in rows:
        key = (row.texts, row.rank) if len(row.texts) > 2 else (row.texts,)
        merged[key] = _sum(merged[key], row) if key in merged else row
    yield from merged.values()


def _sum(one: TopRow, other: TopRow) -> TopRow:
    worst = min(one, other, key=lambda row: row.rank)
    rate = None if one.rate is None or other.rate is None else one.rate + other.rate
    return TopRow(one.texts, worst.outcome, worst.severity, one.amount.plus(other.amount), rate)


def _sort_key(row: TopRow, state: TopState) -> tuple[object, ...]:
    """Smaller is further up. What is equal otherwise is in the order of its names."""
    numbers = {
        "worst": (*row.rank, -row.amount.sent),
        "rate": (-(row.rate or 0.0), -row.amount.sent),
        "sent": (-row.amount.sent,),
        "received": (-row.amount.received,),
        "flows": (-row.amount.flows,),
        "name": (),
    }[state.order]
    return (*numbers, row.texts)


def _rank(outcome: str, severity: Severity | None) -> tuple[int, int]:
    worst = -SEVERITIES.index(severity) if severity else 1
    return worst, ORDER.index(outcome) if outcome in ORDER else len(ORDER)
