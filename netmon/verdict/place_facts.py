"""What a verdict looks at of a place: not its evidence, which differs with every address and round trip."""

from __future__ import annotations

from msgspec import Struct

from netmon.places.decision import is_sure
from netmon.records import Confidence, Place


class PlaceFacts(Struct, frozen=True):
    """A place in the terms of verdicts. Flows to places with equal facts are judged alike."""

    location: str
    country: str
    confidence: Confidence
    is_sure: bool  # certain enough for an alarm
    claims: tuple[str, ...]  # as of `Place`
    named: frozenset[str]  # countries in which a source locates it, refuted ones included
    excluded: tuple[str, ...]
    not_in: tuple[str, ...]


def place_facts(place: Place) -> PlaceFacts:
    """The facts of a place."""
    named = [vote.country for vote in place.votes if vote.about == "location" and vote.country is not None]
    return PlaceFacts(
        place.location,
        place.country,
        place.confidence,
        is_sure(place),
        place.claims,
        frozenset(named),
        place.excluded,
        place.not_in,
    )
