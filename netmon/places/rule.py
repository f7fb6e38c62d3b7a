"""The rule from votes to a place: documented, deterministic, pure.

1. A declaration by the user decides alone: whoever runs the sensor answers for it.
2. A registration ("the AS belongs to a Swiss company") is kept and shown, but never locates anything.
3. Of the other votes, those that name a country are compared. All the same: `agreed` from two sources
   on, `single` from one. Different ones: `disputed`. None: `unknown`.
4. The location is told only if every vote with a city means the same one; a country alone is no location.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from netmon.records import Confidence, Place, Vote
from netmon.signatures.model import Location

DECLARED = "declared"
"""The source of a vote that the user's configuration or the vendor's signature declares."""
UNKNOWN = "unknown"
DISPUTED = "disputed"


def weigh(votes: Iterable[Vote], locations: Mapping[str, Location]) -> Place:
    """The place that the votes give, with every step in plain words."""
    votes = tuple(votes)
    steps = [_describe(vote) for vote in votes]
    declared = [vote for vote in votes if vote.source == DECLARED]
    locating = declared[:1] or [vote for vote in votes if vote.about == "location" and vote.country]
    if declared:
        steps.append("a declaration decides alone")
    countries = sorted({vote.country for vote in locating if vote.country})
    if not countries:
        steps.append("no source locates the address: unknown")
        return Place(UNKNOWN, UNKNOWN, None, "unknown", votes, (), tuple(steps))
    if len(countries) > 1:
        steps.append(f"the sources name {', '.join(countries)}: disputed")
        return Place(DISPUTED, DISPUTED, None, "disputed", votes, (), tuple(steps))
    confidence: Confidence = "agreed" if len(locating) > 1 or declared else "single"
    said = "declared" if declared else "one source alone" if confidence == "single" else "the sources agree"
    steps.append(f"{said}: {countries[0]}")
    city = _common_city(locating, steps)
    location = find_location(countries[0], city, locations)
    return Place(location or UNKNOWN, countries[0], city, confidence, votes, (), tuple(steps))


def find_location(country: str, city: str | None, locations: Mapping[str, Location]) -> str | None:
    """The identifier of a city by any of its spellings; None for none and for an unknown one."""
    if city is None:
        return None
    wanted = city.casefold()
    for location in locations.values():
        spellings = (location.city, *location.aliases)
        if location.country == country and wanted in (spelling.casefold() for spelling in spellings):
            return location.id
    return None


def _common_city(votes: list[Vote], steps: list[str]) -> str | None:
    cities = sorted({vote.city for vote in votes if vote.city})
    if len(cities) == 1:
        steps.append(f"every source that names a city names {cities[0]}")
        return cities[0]
    steps.append(f"the sources name {', '.join(cities)}: no city" if cities else "no source names a city")
    return None


def _describe(vote: Vote) -> str:
    where = "/".join(part for part in (vote.country, vote.city) if part) or "nothing"
    dated = f" of {vote.date}" if vote.date else ""
    network = f" for {vote.prefix}" if vote.prefix else ""
    kind = "" if vote.about == "location" else " (a registration, which locates nothing)"
    return f"{vote.source}{dated} says {where}{network}{kind}"
