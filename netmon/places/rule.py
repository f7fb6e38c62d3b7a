"""The rule that makes a place of votes. Pure: the same votes always give the same place.

1. A registration says where somebody's office is. It is kept and shown; it never locates.
2. A place that the user declared decides alone; confidence "single", for it is one source.
3. Otherwise the votes that locate decide the country:
   none → "unknown"; different countries → "disputed", however many are on each side (databases copy
   from each other, so a majority proves nothing); one source → "single"; two or more, all alike → "agreed".
   A source that is only known to contradict them (its licence keeps what it says) makes it "disputed", too.
4. The location is known when at least one vote names a city and all that do mean the same one of the
   signatures' locations. Different cities in one country: the location is "disputed", the country stands.
   No city, or one that the signatures do not know: the location is "unknown", for a country is not a city.

5. A vote for a city that the round trip excludes (`physics`) is refuted: it is set aside, whoever it is from,
   and the rest decide as if it had not been there. That proves nothing for the rest: one source stays one.
   If the refuted votes name the country that is left, and nobody who is left names a city in it, then what
   they mean is in doubt: "disputed". A declaration that is refuted contradicts the sensor's position, which
   comes from the same user: "disputed". A vote for a country alone cannot be refuted.

Every step is written down in `Place.steps`, one plain line each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from netmon.records import Confidence, Place, Vote
from netmon.signatures.model import Location

DECLARED = "declared"
"""Source of a vote by the user's own configuration."""

VENDOR = "vendor"
"""Source of a vote by the vendor: one source like any other."""

UNKNOWN = "unknown"
DISPUTED = "disputed"


class Cities:
    """Spellings of cities → locations, by city or alias within the country, whatever the case."""

    def __init__(self, locations: Mapping[str, Location]) -> None:
        self._known: dict[tuple[str, str], Location] = {}
        for location in locations.values():
            for spelling in (location.city, *location.aliases):
                self._known.setdefault((location.country, spelling.casefold()), location)

    def find(self, country: str, city: str) -> Location | None:
        """The location that a database means, or None when the signatures have no such place."""
        return self._known.get((country, city.casefold()))


def decide(votes: Sequence[Vote], cities: Cities, excluded: Collection[str] = ()) -> Place:
    """The place that the votes amount to, with every step that led there; none of the excluded locations."""
    steps = [_tell(vote) for vote in votes]
    locating = [vote for vote in votes if vote.about == "location" and vote.country is not None]
    declared = [vote for vote in locating if vote.source == DECLARED]
    confidence: Confidence = "single"
    if declared:
        locating = declared[:1]
        steps.append("the user's declaration decides alone")
    refuted = [vote for vote in locating if _meant(vote, cities) in excluded]
    locating = [vote for vote in locating if vote not in refuted]
    steps += [f"{vote.source} is refuted: {vote.city} is too far away" for vote in refuted]
    countries = sorted({vote.country for vote in locating if vote.country is not None})
    if refuted and declared:
        steps.append("the declaration and the sensor's position contradict each other: disputed")
        return Place(DISPUTED, DISPUTED, None, "disputed", tuple(votes), steps=tuple(steps))
    if not countries:
        steps.append("no source locates the address: unknown")
        return Place(UNKNOWN, UNKNOWN, None, "unknown", tuple(votes), steps=tuple(steps))
    if len(countries) > 1:
        sides = "; ".join(f"{one} says {_sources(locating, one)}" for one in countries)
        steps.append(f"the sources disagree on the country ({sides}): disputed")
        return Place(DISPUTED, DISPUTED, None, "disputed", tuple(votes), steps=tuple(steps))
    contradicting = [vote.source for vote in votes if vote.contradicts]
    if contradicting and not declared:
        steps.append(f"{', '.join(contradicting)} names another country than {countries[0]}: disputed")
        return Place(DISPUTED, DISPUTED, None, "disputed", tuple(votes), steps=tuple(steps))
    [country] = countries
    if country in {vote.country for vote in refuted} and not any(vote.city for vote in locating):
        steps.append(f"nobody who is left names a city in {country}, and the one named is refuted: disputed")
        return Place(DISPUTED, DISPUTED, None, "disputed", tuple(votes), steps=tuple(steps))
    sources = sorted({vote.source for vote in locating})
    if len(sources) > 1:
        confidence = "agreed"
        steps.append(f"{len(sources)} sources agree on {country}")
    elif not declared:
        steps.append(f"{sources[0]} alone says {country}: a single source")
    location, city, step = _find_city(country, locating, cities)
    steps.append(step)
    return Place(location, country, city, confidence, tuple(votes), steps=tuple(steps))


def _find_city(country: str, votes: Iterable[Vote], cities: Cities) -> tuple[str, str | None, str]:
    """Location id, city, and how they came about."""
    named = sorted({vote.city for vote in votes if vote.city is not None})
    if not named:
        return UNKNOWN, None, f"no source names a city in {country}: the location is unknown"
    meant = {cities.find(country, city) for city in named}
    words = " and ".join(named)
    if len(meant) == 1 and (location := meant.pop()) is not None:
        return location.id, location.city, f"{words} is the location '{location.id}'"
    if len({city.casefold() for city in named}) == 1:
        return UNKNOWN, named[0], f"{words} is no location of the signatures: the location is unknown"
    return DISPUTED, None, f"the sources name different cities ({words}): the location is disputed"


def _meant(vote: Vote, cities: Cities) -> str | None:
    """The location that a vote names, by id."""
    location = cities.find(vote.country, vote.city) if vote.country and vote.city else None
    return location.id if location else None


def _sources(votes: Iterable[Vote], country: str) -> str:
    return ", ".join(sorted({vote.source for vote in votes if vote.country == country}))


def _tell(vote: Vote) -> str:
    """One vote in words: "dbip (2026-06-05) on 192.0.2.0/24: CH, Zurich"."""
    date = f" ({vote.date})" if vote.date else ""
    network = f" on {vote.prefix}" if vote.prefix else ""
    silent = "another country, which its licence keeps" if vote.contradicts else "no answer"
    where = ", ".join(part for part in (vote.country, vote.city) if part) or silent
    if vote.about == "registration":
        where = f"registered in {where}, which locates nothing"
    note = f" [{vote.note}]" if vote.note else ""
    return f"{vote.source}{date}{network}: {where}{note}"
