"""What evidence must show again: the name of a flow, its vendor and place, and the verdict."""

from __future__ import annotations

from typing import Any, NamedTuple

from netmon.records import ClassifiedFlow, FlowRecord


class Decision(NamedTuple):
    """What was decided about a flow; compared as a whole."""

    vendor: str | None
    component: str | None
    name: str | None
    evidence: str
    grounds: str
    verdict: str | None
    reason: str | None
    severity: str | None
    location: str | None
    country: str | None
    confidence: str | None


def judged(classified: ClassifiedFlow) -> Decision:
    """What was decided about this flow."""
    flow, verdict, place = classified.flow, classified.verdict, classified.place
    return Decision(
        classified.vendor,
        classified.component,
        flow.name,
        flow.evidence,
        flow.grounds,
        verdict.outcome if verdict else None,
        verdict.reason if verdict else None,
        verdict.severity if verdict else None,
        place.location if place else None,
        place.country if place else None,
        place.confidence if place else None,
    )


def is_finding(classified: ClassifiedFlow) -> bool:
    """True for a flow whose verdict is "unexpected" or "forbidden"."""
    return classified.verdict is not None and classified.verdict.outcome in ("unexpected", "forbidden")


def key_of(flow: FlowRecord, client: str) -> dict[str, Any]:
    """The ends of a flow; `client` as it is in the packets."""
    return {
        "transport": flow.transport,
        "client": client,
        "client_port": flow.client_port,
        "server": flow.server,
        "server_port": flow.server_port,
    }
