"""A place in a few words, for tables and lines."""

from __future__ import annotations

from collections.abc import Mapping

from netmon.records import Place
from netmon.signatures.model import Location


def place_text(place: Place, locations: Mapping[str, Location]) -> str:
    """The place in words: "Zürich, CH", "disputed: CH or RU" or "unknown"."""
    if place.confidence == "disputed":
        locating = [vote for vote in place.votes if vote.about == "location"]
        countries = sorted({vote.country for vote in locating if vote.country})
        countries += ["another"] * any(vote.contradicts for vote in locating)
        return "disputed: " + " or ".join(countries)
    if place.confidence == "unknown":
        return "unknown"
    city = locations[place.location].city if place.location in locations else place.city
    return f"{city}, {place.country}" if city else place.country
