"""A finding in one line: who reached which server, where that is, why it is a finding, and what was sent."""

from __future__ import annotations

from collections.abc import Mapping

from netmon.language.language import ENGLISH, Language
from netmon.language.words import OUTCOME, SEVERITY
from netmon.outputs.place_text import basis_text, place_text
from netmon.outputs.texts import bytes_text
from netmon.records import ClassifiedFlow, FlowRecord, Place, Verdict
from netmon.signatures.model import Location
from netmon.verdict.table import REASONS

_BY_PLACE = frozenset({"country_of_concern", "policy_forbids", "place_elsewhere"})
"""The reasons of findings that a settled place gives."""


def finding_text(
    classified: ClassifiedFlow,
    verdict: Verdict,
    place: Place,
    client: str | None,
    locations: Mapping[str, Location],
    language: Language = ENGLISH,
) -> str:
    """The line without its time. `client`: as the privacy level shows it; None for nothing."""
    say = language.say
    unknown = place.confidence == "unknown"
    return say(
        "{outcome}, {severity}: {who}{server} {where}: {basis}; {sent} sent",
        outcome=say(OUTCOME[verdict.outcome]),
        severity=say(SEVERITY[verdict.severity or "notice"]),
        who=f"{client} → " if client else "",
        server=_server(classified),
        where=say("place unknown") if unknown else place_text(place, locations, language),
        basis=_basis(verdict, place, language),
        sent=bytes_text(classified.flow.sent_bytes, language),
    )


def _server(classified: ClassifiedFlow) -> str:
    """The server's name and address; without a name, what the flow was recognised as."""
    flow: FlowRecord = classified.flow
    name = flow.name or flow.matched
    if name:
        return f"{name} ({flow.server})"
    return f"{flow.server} ({classified.vendor}, {classified.component})"


def _basis(verdict: Verdict, place: Place, language: Language) -> str:
    """What the finding rests on."""
    if verdict.reason not in _BY_PLACE:
        return language.say(REASONS[verdict.reason])
    # A place that decides is settled: sources agree on it, or it is declared.
    return basis_text(place, language) if place.confidence == "agreed" else language.say("declared by you")
