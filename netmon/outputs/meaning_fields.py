"""What a classified flow means, as fields of its event: vendor, place and verdict.

A field that is None is left out.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any

import msgspec

from netmon.outputs.ecs import timestamp
from netmon.outputs.json_line import escaped
from netmon.records import (
    About,
    ClassifiedFlow,
    ConcernStanding,
    Confidence,
    Contact,
    Evidence,
    Fallback,
    Grounds,
    Lack,
    Outcome,
    Place,
    Question,
    RoundTrip,
    Severity,
    Uncounted,
    Verdict,
    Vote,
)
from netmon.signatures.model import Location
from netmon.verdict.table import REASONS

_TEXTS_KEPT = 4_096
"""Texts that many events have in common, of each kind; the one used least recently is evicted first."""

_encode = msgspec.json.Encoder().encode


class _Fields(msgspec.Struct, omit_defaults=True):
    pass


class VendorFields(_Fields, kw_only=True):
    """Whose flow it is."""

    vendor: str | None = None
    component: str | None = None
    signature_status: str | None = None


class FallbackFields(_Fields, kw_only=True):
    """A vendor whose products fall back to the resolver."""

    vendor: str
    operator: str
    question: Question
    component: str | None = None
    status: str


class FindingFields(_Fields, kw_only=True):
    """The finding about a resolver that products fall back to."""

    finding: str
    fallback: tuple[FallbackFields, ...]


class VoteFields(_Fields, kw_only=True):
    """What one source says about a place."""

    source: str
    provider: str = ""
    country: str | None = None
    city: str | None = None
    about: About
    date: str | None = None
    network: str | None = None
    note: str | None = None
    contradicts: bool = False


Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=2**63 / 1e6)]
"""Between two packets, whose times have 63 bits of nanoseconds."""


class PlaceFields(_Fields, kw_only=True):
    """A place with all its evidence."""

    location: str
    country: str
    confidence: Confidence
    votes: tuple[VoteFields, ...]
    steps: tuple[str, ...]
    claims: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    not_in: tuple[str, ...] = ()
    implausible: tuple[str, ...] = ()
    rtt_ms: Milliseconds | None = None
    rtt_min_ms: Milliseconds | None = None
    rtt_min_seen: str | None = None
    rtt_samples: Annotated[int, msgspec.Meta(ge=0)] | None = None
    rtt_jumped_from_ms: Milliseconds | None = None


class PointFields(_Fields, kw_only=True):
    """Coordinates."""

    lat: float
    lon: float


class GeoFields(_Fields, kw_only=True):
    """A place that is known, as ECS has it."""

    country_iso_code: str
    city_name: str | None = None
    location: PointFields | None = None


class ExceptionFields(_Fields, kw_only=True):
    """What policy exceptions lifted, and until when; not its network, which may be a single client."""

    lifts: str
    until: str | None = None


class EdgeFields(_Fields, kw_only=True):
    """The third party that answers for the vendor."""

    holder: str
    origin: str


class VerdictFields(_Fields, kw_only=True):
    """The verdict."""

    verdict: Outcome
    reason: str
    row: str | None = None
    severity: Severity | None = None
    lacks: Lack | None = None
    explanation: str | None = None
    promise: str | None = None
    exception: ExceptionFields | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for a reason that is none."""
        if self.reason not in REASONS:
            raise ValueError(f"Invalid reason {self.reason!r:.40}")


class GroundsFields(_Fields, kw_only=True):
    """The place, and what follows from it."""

    place: PlaceFields | None = None
    new_destination: tuple[str, ...] = ()
    edge: EdgeFields | None = None
    concerns_uncounted: Uncounted | None = None
    concerns: tuple[ConcernStanding, ...] = ()


class EngineFields(_Fields, kw_only=True):
    """What the engine writes under `netmon` of the flow of a vendor."""

    evidence: Evidence
    contact: Contact
    grounds: Grounds = "own"
    signature: str | None = None
    resolver: str | None = None


def object_text(fields: msgspec.Struct) -> str:
    """The fields as an object in compact JSON."""
    return escaped(_encode(fields).decode())


def parts_text(fields: msgspec.Struct) -> str:
    """The fields as parts of an object, without its braces."""
    return object_text(fields)[1:-1]


def plain_values(fields: msgspec.Struct) -> dict[str, Any]:
    """The fields as a dictionary."""
    values: dict[str, Any] = msgspec.to_builtins(fields)
    return values


@lru_cache(_TEXTS_KEPT)
def vendor_text(vendor: str | None, component: str | None, status: str | None) -> str:
    """Whose flow it is, as parts of an object."""
    return parts_text(VendorFields(vendor=vendor, component=component, signature_status=status))


def finding_fields(fallbacks: tuple[Fallback, ...]) -> FindingFields:
    """The vendors whose products fall back to the resolver that was queried."""
    return FindingFields(
        finding="fallback_resolver",
        fallback=tuple(
            FallbackFields(
                vendor=one.vendor,
                operator=one.operator,
                question=one.question,
                component=one.component,
                status=one.status,
            )
            for one in fallbacks
        ),
    )


@lru_cache(_TEXTS_KEPT)
def geo_text(country: str, city: str | None, location: Location | None) -> str:
    """A place that is known, as an object."""
    point = PointFields(lat=location.latitude, lon=location.longitude) if location else None
    return object_text(GeoFields(country_iso_code=country, city_name=city, location=point))


def judgement_text(classified: ClassifiedFlow) -> str:
    """The verdict on a flow of a vendor, the place, and what follows from them, as parts of an object."""
    verdict = "" if classified.verdict is None else _verdict_text(classified.verdict)
    return ",".join(filter(None, (verdict, parts_text(_grounds_fields(classified)))))


@lru_cache(_TEXTS_KEPT)
def _verdict_text(verdict: Verdict) -> str:
    """A verdict as parts of an object; many flows have the same."""
    lifts, until = verdict.lifts, verdict.until
    fields = VerdictFields(
        verdict=verdict.outcome,
        reason=verdict.reason,
        row=verdict.row,
        severity=verdict.severity,
        lacks=verdict.lacks,
        explanation=verdict.explanation,
        promise=verdict.promise,
        exception=None if lifts is None else ExceptionFields(lifts=lifts, until=until),
    )
    return parts_text(fields)


def _grounds_fields(classified: ClassifiedFlow) -> GroundsFields:
    place, edge = classified.place, classified.edge
    fields = GroundsFields(
        place=place_fields(place) if place else None,
        new_destination=classified.new_destination,
        edge=EdgeFields(holder=edge, origin="not seen") if edge else None,
    )
    # The standing for each country of concern; for a flow that does not count, why it does not.
    if classified.concerns and classified.uncounted is not None:
        fields.concerns_uncounted = classified.uncounted
    else:
        fields.concerns = classified.concerns
    return fields


def place_fields(place: Place) -> PlaceFields:
    """A place with all its evidence."""
    trip = place.remembered
    fields = PlaceFields(
        location=place.location,
        country=place.country,
        confidence=place.confidence,
        votes=tuple(map(_vote_fields, place.votes)),
        steps=place.steps,
        claims=place.claims if place.confidence == "disputed" else (),
        excluded=place.excluded,
        not_in=place.not_in,
        implausible=place.implausible,
        rtt_ms=_milliseconds(place.round_trip),
    )
    if trip is not None:
        fields.rtt_min_ms = _milliseconds(trip)
        fields.rtt_min_seen = timestamp(trip.seen_ns)
        fields.rtt_samples = trip.samples
        fields.rtt_jumped_from_ms = _milliseconds(trip.jumped_from)
    return fields


def _vote_fields(vote: Vote) -> VoteFields:
    return VoteFields(
        source=vote.source,
        provider=vote.provider,
        country=vote.country,
        city=vote.city,
        about=vote.about,
        date=vote.date,
        network=vote.prefix,
        note=vote.note,
        contradicts=vote.contradicts,
    )


def _milliseconds(trip: RoundTrip | None) -> float | None:
    return None if trip is None else round(trip.min_ns / 1e6, 3)
