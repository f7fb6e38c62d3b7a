"""From a store to the facts of a period: everything that a report asks a store for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from netmon.days import DAY_NS
from netmon.errors import ReportError
from netmon.places.named import told_kinds
from netmon.report.facts import (
    OTHER,
    Amount,
    ConcernFact,
    FindingFact,
    Group,
    Meaning,
    PeriodFacts,
    ResolverFact,
    ViewFact,
)
from netmon.report.runs import run_facts
from netmon.store import spans
from netmon.store.erasure import erased_flows
from netmon.store.gaps import after_latest, gaps, limits_of, outside_captures
from netmon.store.machines import Machines, machines, machines_of
from netmon.store.queries import Reader, Scope, read_numbers
from netmon.store.resolvers import resolvers
from netmon.store.runs import runs_of
from netmon.store.spans import ContactTotals, CounterSum, FirstFlow
from netmon.store.undivided import undivided, undivided_views

MOST_CONTACTS = 40
"""Clients and servers with findings that are listed; the others are in all sums."""
MOST_SPANS = 72
_SECOND = 1_000_000_000
SPANS_S = (
    *(1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 10_800, 21_600),
    *(86_400 * days for days in (1, 2, 7, 14, 28, 91, 364)),
)
"""The spans that a time line may have, in seconds."""


def gather(reader: Reader, selection: Scope, now_ns: int | None = None) -> PeriodFacts:
    """The facts; without `now_ns`, nothing of the period is to come yet.

    Raises ReportError if the store has nothing about the period.
    """
    runs = runs_of(reader, selection)
    limits = limits_of(selection, runs)
    since_ns, until_ns = limits
    found = tuple(gaps(reader, selection, runs, limits))
    if not (runs.inside or runs.unrecorded or found):
        raise ReportError(_nothing_about(selection))
    bucket_ns = choose_span(until_ns - since_ns)
    origin_ns = since_ns - since_ns % min(bucket_ns, DAY_NS)
    meanings = _Meanings(reader, selection)
    contacts = spans.contacts(reader, selection, MOST_CONTACTS)
    firsts = spans.first_flows(reader, selection, contacts)
    groups = tuple(
        Group(
            one.sensor,
            meanings.find(one.judgement),
            one.span,
            Amount(one.flows, one.sent_bytes, one.received_bytes),
            one.first_ns,
            one.last_ns,
        )
        for one in spans.totals(reader, selection, origin_ns, bucket_ns)
    )
    of_vendors = machines(reader, selection)
    return PeriodFacts(
        since_ns=since_ns,
        until_ns=until_ns,
        origin_ns=origin_ns,
        bucket_ns=bucket_ns,
        runs=tuple(run_facts(reader, selection, runs)),
        groups=groups,
        findings=tuple(_finding(reader, one, firsts[one], meanings) for one in contacts),
        resolvers=tuple(_resolvers(reader, selection)),
        machines=of_vendors,
        located=dict(_located(reader, selection, groups, of_vendors)),
        views=tuple(_views(spans.counters(reader, selection))),
        looked_up=spans.looked_up(reader, selection),
        gaps=found,
        after_latest=after_latest(selection, runs, limits, now_ns),
        erased=erased_flows(reader, since_ns),
        outside_captures=outside_captures(selection, runs, limits, now_ns),
        asked=selection.asked,
        expected_ns=selection.expected_ns,
        undivided=undivided(reader, selection),
        undivided_views=undivided_views(reader, selection),
    )


def _nothing_about(selection: Scope) -> str:
    if selection.since_ns is None and selection.until_ns is None:
        return (
            f"the store has no record of {selection.vendor or 'anything'}: `netmon run`, "
            "`netmon read --store` and `netmon store import` add to it"
        )
    return "the store has no record of this period: choose another with --since and --until"


def choose_span(period_ns: int) -> int:
    """The smallest span of which a period has few enough, in nanoseconds."""
    fitting = (span for span in SPANS_S if period_ns / (span * _SECOND) <= MOST_SPANS)
    return next(fitting, SPANS_S[-1]) * _SECOND


class _Meanings:
    """Meanings by judgement, and what sources say about the place."""

    def __init__(self, reader: Reader, selection: Scope) -> None:
        self._reader = reader
        self._selection = selection
        self._known: dict[int, Meaning] = {}
        self._votes: dict[int, tuple[Mapping[str, Any], ...]] = {}
        self._read()

    def _read(self) -> None:
        for identifier, document in spans.judgements(self._reader, self._selection):
            self._votes[identifier] = tuple(document.get("place", {}).get("votes", ()))
            self._known[identifier] = _meaning(document, identifier)

    def find(self, judgement: int) -> Meaning:
        """The meaning of flows with this judgement."""
        if judgement not in self._known:
            self._read()  # a server may have got it meanwhile
        if judgement not in self._known:
            raise ReportError(
                f"the store lacks judgement {judgement}, so it is damaged: restore a copy of it"
            )
        return self._known[judgement]

    def votes(self, judgement: int) -> tuple[Mapping[str, Any], ...]:
        """What sources say about the place."""
        return self._votes.get(judgement, ())


def _meaning(document: Mapping[str, Any], judgement: int) -> Meaning:
    place = document.get("place", {})
    confidence = place.get("confidence", "unknown")
    kinds = told_kinds(confidence)
    votes = [vote for vote in place.get("votes", ()) if vote["about"] in kinds]
    claims = set(_claims(votes)) if confidence == "disputed" else set()
    return Meaning(
        vendor=document["vendor"],
        component=document.get("component", ""),
        location=place.get("location", "unknown"),
        country=place.get("country", "unknown"),
        city=document.get("city"),
        confidence=confidence,
        outcome=document["verdict"],
        reason=document["reason"],
        severity=document.get("severity"),
        lacks=document.get("lacks"),
        concerns=tuple(ConcernFact(one["country"], one["standing"]) for one in document.get("concerns", ())),
        uncounted=document.get("concerns_uncounted"),
        evidence=document["evidence"],
        contact=document["contact"],
        claims=tuple(sorted(claims, key=lambda country: (country == OTHER, country))),
        sources=tuple(dict.fromkeys(vote["source"] for vote in votes)),
        voted=tuple(dict.fromkeys((one["source"], one.get("date")) for one in place.get("votes", ()))),
        promise=document.get("promise"),
        edge=document.get("edge", {}).get("holder"),
        judgement=judgement,
    )


def _claims(votes: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The countries that votes name; `OTHER` for one that a licence withholds."""
    for vote in votes:
        if "country" in vote:
            yield vote["country"]
        elif vote.get("contradicts"):
            yield OTHER


def _located(
    reader: Reader, selection: Scope, groups: Iterable[Group], of_vendors: Mapping[str, Machines]
) -> Iterator[tuple[tuple[str, str], Machines]]:
    judgements: dict[tuple[str, str], set[int]] = {}
    for meaning in (group.meaning for group in groups):
        for country in meaning.located:
            judgements.setdefault((meaning.vendor, country), set()).add(meaning.judgement)
    for (vendor, country), those in sorted(judgements.items()):
        if vendor in of_vendors:
            found = machines_of(reader, selection, vendor, sorted(those), of_vendors[vendor])
            if found is not None:
                yield (vendor, country), found


def _amount(one: ContactTotals) -> Amount:
    return Amount(one.flows, one.sent_bytes, one.received_bytes)


def _finding(reader: Reader, one: ContactTotals, first: FirstFlow, meanings: _Meanings) -> FindingFact:
    numbers = read_numbers(one.sensor, first.run, one.first_ns, first.numbers)
    return FindingFact(
        sensor=one.sensor,
        client=one.client,
        client_host=one.client_host,
        client_mac=one.client_mac,
        name=one.name,
        server=one.server,
        port=one.server_port,
        transport=one.transport,
        meaning=meanings.find(one.judgement),
        amount=_amount(one),
        first_ns=one.first_ns,
        last_ns=one.last_ns,
        votes=meanings.votes(one.judgement),
        rtt_ms=numbers.get("rtt_ms"),
        run=first.run,
        flow=first.flow,
        evidence=tuple(spans.evidence(reader, one.sensor, first)),
    )


def _resolvers(reader: Reader, selection: Scope) -> Iterator[ResolverFact]:
    for one in resolvers(reader, selection):
        for use in one.fallbacks:
            if selection.vendor in (None, use["vendor"]):
                yield ResolverFact(
                    use["vendor"],
                    use["operator"],
                    one.server,
                    use["question"],
                    use.get("component"),
                    Amount(one.flows, one.sent_bytes, one.received_bytes),
                    one.first_ns,
                    one.last_ns,
                )


def _views(sums: Iterable[CounterSum]) -> Iterator[ViewFact]:
    """The counters of each sensor and interface."""
    sections: dict[tuple[str, str], dict[str, Counter[str]]] = {}
    for one in sums:
        of_view = sections.setdefault((one.sensor, one.interface), {})
        of_view.setdefault(one.section, Counter())[one.name] += one.value
    for key, found in sorted(sections.items()):
        counters = found.get("view", Counter())
        del counters["up"]  # a state
        counters["flows"] += found.get("named", Counter()).total()
        counters["encrypted_dns"] += found.get("encrypted_dns", Counter()).total()
        yield ViewFact(*key, counters, found.get("unnamed", Counter()), found.get("undecoded", Counter()))
