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
    Severity,
    Trips,
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


_NO_TRIPS = Trips()
_BEFORE_TRIPS = (
    len(_encode(PlaceFields(location="", country="", confidence="unknown", votes=(), steps=()))) - 1
)


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
    verdict, place = classified.verdict, classified.place
    parts = [] if verdict is None else [_verdict_text(verdict)]
    if place is not None:
        parts.append(f'"place":{_place_text(place, classified.trips)}')
    further = _further_text(
        classified.new_destination, classified.edge, classified.concerns, classified.uncounted
    )
    if further:
        parts.append(further)
    return ",".join(parts)


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


@lru_cache(_TEXTS_KEPT)
def _further_text(
    new: tuple[str, ...],
    edge: str | None,
    concerns: tuple[ConcernStanding, ...],
    uncounted: Uncounted | None,
) -> str:
    """What follows from a place, as parts of an object."""
    fields = GroundsFields(
        new_destination=new, edge=EdgeFields(holder=edge, origin="not seen") if edge else None
    )
    # The standing for each country of concern; for a flow that does not count, why it does not.
    if concerns and uncounted is not None:
        fields.concerns_uncounted = uncounted
    else:
        fields.concerns = concerns
    return parts_text(fields)


def place_fields(place: Place, trips: Trips = _NO_TRIPS) -> PlaceFields:
    """A place with all its evidence."""
    fields = PlaceFields(
        location=place.location,
        country=place.country,
        confidence=place.confidence,
        votes=tuple(map(_vote_fields, place.votes)),
        steps=(*trips.before, *place.steps, *trips.after),
        claims=place.claims if place.confidence == "disputed" else (),
        excluded=place.excluded,
        not_in=place.not_in,
        implausible=place.implausible,
    )
    _add_trips(fields, trips)
    return fields


def _add_trips(fields: PlaceFields, trips: Trips) -> None:
    own, smallest = trips.own, trips.smallest
    if own is not None:
        fields.rtt_ms = round(own.min_ns / 1e6, 3)
    if smallest is not None:
        fields.rtt_min_ms, fields.rtt_min_seen = _measured(smallest.min_ns, smallest.seen_ns)
        fields.rtt_samples = smallest.samples
        if smallest.jumped_from is not None:
            fields.rtt_jumped_from_ms = round(smallest.jumped_from.min_ns / 1e6, 3)


@lru_cache(_TEXTS_KEPT)
def _measured(min_ns: int, seen_ns: int) -> tuple[float, str]:
    """A round trip in milliseconds, and its time; the smallest one to a server stays for many flows."""
    return round(min_ns / 1e6, 3), timestamp(seen_ns)


def _place_text(place: Place, trips: Trips) -> str:
    """`place_fields` as an object; what many flows have in common is encoded once."""
    begin, steps, end = _place_texts(place)
    if trips.before or trips.after:
        steps = ",".join(filter(None, (_items_text(trips.before), steps, _items_text(trips.after))))
    fields = PlaceFields(location="", country="", confidence="unknown", votes=(), steps=())
    _add_trips(fields, trips)
    return f"{begin}{steps}{end}{str(_encode(fields)[_BEFORE_TRIPS:], 'ascii')}"


@lru_cache(_TEXTS_KEPT)
def _place_texts(place: Place) -> tuple[str, str, str]:
    """The object of a place without round trips: up to its steps, the steps, and what follows them."""
    fields = place_fields(place)
    whole, steps = object_text(fields), _items_text(fields.steps)
    fields.steps = fields.claims = fields.excluded = fields.not_in = fields.implausible = ()
    size = len(object_text(fields)) - len("]}")
    return whole[:size], steps, whole[size + len(steps) : -1]


def _items_text(texts: tuple[str, ...]) -> str:
    """The items of a list, without its brackets."""
    return escaped(_encode(texts).decode())[1:-1] if texts else ""


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
