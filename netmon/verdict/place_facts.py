"""What a verdict looks at of a place: not its evidence, which differs with every address and round trip."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from netmon.places.decision import is_sure
from netmon.places.named import named_countries
from netmon.records import Confidence, Place

KEPT = 16_384
"""Places whose facts are kept; the one used least recently is evicted first."""


class PlaceFacts(Struct, frozen=True, cache_hash=True):
    """A place in the terms of verdicts. Flows to places with equal facts are judged alike."""

    location: str
    country: str
    confidence: Confidence
    is_sure: bool  # certain enough for an alarm
    claims: tuple[str, ...]  # as of `Place`
    named: frozenset[str]  # countries that a source names (see `places.named`)
    excluded: tuple[str, ...]
    not_in: tuple[str, ...]


@lru_cache(KEPT)
def place_facts(place: Place) -> PlaceFacts:
    """The facts of a place."""
    facts = PlaceFacts(
        place.location,
        place.country,
        place.confidence,
        is_sure(place),
        place.claims,
        named_countries(place.votes),
        place.excluded,
        place.not_in,
    )
    return _shared(facts)


@lru_cache(KEPT)
def _shared(facts: PlaceFacts) -> PlaceFacts:
    """The same facts for all places with equal ones, so that a case with them is found at once."""
    return facts
