"""The findings, together where component, place, verdict and sources are the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from netmon.outputs.ecs import timestamp
from netmon.records import SEVERITIES
from netmon.report.facts import Amount, FindingFact, PeriodFacts
from netmon.report.model import EvidenceFile, Finding, FindingContact, SourceVote
from netmon.report.sums import add_up, as_sum, total_of
from netmon.report.tables import Locations, spot_of
from netmon.signatures.model import QuotedDatabase

MOST_SHOWN = 8
"""Pairs of machine and server that the page shows of a finding; its JSON twin has more."""
Quoted = Mapping[str, QuotedDatabase]
"""The databases that the signatures quote, by the source of a vote."""


def findings_of(facts: PeriodFacts, locations: Locations, quoted: Quoted) -> Iterator[Finding]:
    """The findings, the worst first, then those with most bytes."""
    totals = _totals(facts)
    found: dict[tuple[object, ...], list[FindingFact]] = {}
    for one in facts.findings:
        found.setdefault(_key(one), []).append(one)
    findings = [_finding(members, totals, locations, quoted) for members in found.values()]
    yield from sorted(findings, key=_order)


def all_findings(facts: PeriodFacts) -> Amount:
    """All connections with a finding."""
    return total_of(_totals(facts).values())


def other_findings(facts: PeriodFacts) -> Amount:
    """Those of which no client and server is listed."""
    listed = {one.meaning.judgement for one in facts.findings}
    return total_of(amount for judgement, amount in _totals(facts).items() if judgement not in listed)


def _totals(facts: PeriodFacts) -> dict[int, Amount]:
    """The connections with a finding, by judgement."""
    found = (group for group in facts.groups if group.meaning.severity is not None)
    return add_up(found, lambda group: group.meaning.judgement)


def _key(one: FindingFact) -> tuple[object, ...]:
    meaning = one.meaning
    place = (meaning.location, meaning.country, meaning.city, meaning.confidence, meaning.claims)
    return (
        meaning.vendor,
        meaning.component,
        meaning.reason,
        meaning.severity,
        meaning.evidence,
        *place,
        _votes(one, {}),
    )


def _order(one: Finding) -> tuple[int, int, str, str, str]:
    rank = -SEVERITIES.index(one.severity) if one.severity else 1
    return rank, -one.sum.total_bytes, one.vendor, one.component, one.contacts[0].first


def _finding(
    members: Sequence[FindingFact], totals: Mapping[int, Amount], locations: Locations, quoted: Quoted
) -> Finding:
    members = sorted(members, key=lambda one: (one.first_ns, one.sensor, one.run, one.flow))
    meaning = members[0].meaning
    whole = total_of(totals.get(one, Amount()) for one in {one.meaning.judgement for one in members})
    return Finding(
        severity=meaning.severity,
        outcome=meaning.outcome,
        reason=meaning.reason,
        vendor=meaning.vendor,
        component=meaning.component,
        named_by=meaning.evidence,
        spot=spot_of(meaning, locations),
        votes=_votes(members[0], quoted),
        sum=as_sum(whole),
        contacts=tuple(map(_contact, members)),
        contacts_more=max(0, len(members) - MOST_SHOWN),
        unlisted=as_sum(whole - total_of(one.amount for one in members)),
    )


def _votes(one: FindingFact, quoted: Quoted) -> tuple[SourceVote, ...]:
    return tuple(
        SourceVote(
            vote["source"],
            quoted[vote["source"]].title if vote["source"] in quoted else None,
            vote.get("country"),
            vote.get("city"),
            vote.get("about", "location"),
            vote.get("date"),
            bool(vote.get("contradicts")),
        )
        for vote in one.votes
    )


def _contact(one: FindingFact) -> FindingContact:
    return FindingContact(
        sensor=one.sensor,
        first=timestamp(one.first_ns),
        last=timestamp(one.last_ns),
        client=one.client,
        client_host=one.client_host,
        client_mac=one.client_mac,
        name=one.name,
        server=one.server,
        port=one.port,
        transport=one.transport,
        rtt_ms=one.rtt_ms,
        sum=as_sum(one.amount),
        run=one.run,
        flow=one.flow,
        evidence=tuple(EvidenceFile(*file) for file in one.evidence),
    )
