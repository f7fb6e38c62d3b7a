"""A finding in one line: who reached which server, where that is, why it is a finding, and what was sent."""

from __future__ import annotations

from collections.abc import Mapping

from netmon.outputs.place_text import place_text
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
) -> str:
    """The line without its time. `client`: as the privacy level shows it; None for nothing."""
    who = f"{client} → " if client else ""
    where = "place unknown" if place.confidence == "unknown" else place_text(place, locations)
    sent = bytes_text(classified.flow.sent_bytes)
    return (
        f"{verdict.outcome}, {verdict.severity}: {who}{_server(classified)} {where}: "
        f"{_basis(verdict, place)}; {sent} sent"
    )


def _server(classified: ClassifiedFlow) -> str:
    """The server's name and address; without a name, what the flow was recognised as."""
    flow: FlowRecord = classified.flow
    name = flow.name or flow.matched
    if name:
        return f"{name} ({flow.server})"
    return f"{flow.server} ({classified.vendor}, {classified.component})"


def _basis(verdict: Verdict, place: Place) -> str:
    """What the finding rests on."""
    if verdict.reason not in _BY_PLACE:
        return REASONS[verdict.reason]
    return f"{place.agreeing} sources agree" if place.confidence == "agreed" else "declared by you"
