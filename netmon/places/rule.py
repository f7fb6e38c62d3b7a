"""The rule that makes a place of votes. Pure: the same votes always give the same place.

1. Only what speaks of the address's location can locate it. A registration says where somebody's office is,
   an AS who announces the address, a satellite provider's users may be anywhere: kept and shown, no more.
2. A place that the user declared decides alone; confidence "single", for it is one source.
3. A maker is one voice (`providers`), however many files it publishes, and its latest word counts: a vote is
   outdated when a newer one of its maker says otherwise. So a database on this machine takes the place of
   what an older build of the same maker said in the signatures, also where that is only known to contradict;
   one that is older than the signatures does not. An undated vote is older than any other. Builds of one
   maker that say the same, or complete each other (country and city editions), speak together.
4. An address that one of them knows as anycast is announced from many places at once: none of them is where
   a flow ended, so the place is "unknown", whatever the others say.
5. Otherwise the votes that locate decide the country:
   none → "unknown"; different countries → "disputed", however many are on each side (databases copy
   from each other, so a majority proves nothing); one maker → "single"; two or more, all alike → "agreed".
   A source that is only known to contradict them (its licence keeps what it says) makes it "disputed", too.
6. The location is known when at least one vote names a city and all that do mean the same one of the
   signatures' locations. Different cities in one country: the location is "disputed", the country stands.
   No city, or one that the signatures do not know: the location is "unknown", for a country is not a city.
7. A vote for a city that the round trip excludes (`physics`) is refuted: it is set aside, whoever it is from,
   and the rest decide as if it had not been there. That proves nothing for the rest: one source stays one.
   If the refuted votes name the country that is left, and nobody who is left names a city in it, then what
   they mean is in doubt: "disputed". A declaration that is refuted contradicts the sensor's position, which
   comes from the same user: "disputed". A vote for a country alone cannot be refuted, unless its
   maker names the city in another file. A maker whose latest word is refuted has no older one.

A vote's age does not weaken it: it is shown with its date, and databases are watched by their build time.
Every step is written down in `Place.steps`, one plain line each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

from netmon.places.providers import provider_of
from netmon.records import About, Confidence, Place, Vote
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
    locating = _find_locating(votes, steps)
    refuted = _find_refuted(locating, cities, excluded, steps)
    left = [vote for vote in locating if vote not in refuted]
    obstacle = _find_obstacle(left, refuted)
    if obstacle is not None:
        kind, step = obstacle
        return Place(kind, kind, None, kind, tuple(votes), steps=(*steps, step))
    [country] = _countries(left)
    confidence = _weigh(country, left, steps)
    location, city, step = _find_city(country, left, cities)
    return Place(location, country, city, confidence, tuple(votes), steps=(*steps, step))


def is_sure(place: Place) -> bool:
    """True when something may rest on the country: two sources agree on it, or the user declared it."""
    return place.confidence == "agreed" or (
        place.confidence == "single" and any(vote.source == DECLARED for vote in place.votes)
    )


def _find_locating(votes: Sequence[Vote], steps: list[str]) -> list[Vote]:
    """The votes that can locate and count: the user's declaration, or else the latest of each maker."""
    locating = [vote for vote in votes if vote.about in ("location", "anycast") and not _is_silent(vote)]
    declared = [vote for vote in locating if vote.source == DECLARED]
    if not declared:
        return _latest(locating, steps)
    steps.append("the user's declaration decides alone")
    return declared[:1]


def _find_refuted(
    locating: Sequence[Vote], cities: Cities, excluded: Collection[str], steps: list[str]
) -> list[Vote]:
    """Votes for an excluded city, and what the same maker says of that country without naming a city."""
    placed = [vote for vote in locating if vote.about == "location"]
    voices = {(provider_of(vote.source), vote.country) for vote in placed if _meant(vote, cities) in excluded}
    refuted = [
        vote
        for vote in placed
        if (provider_of(vote.source), vote.country) in voices
        and (vote.city is None or _meant(vote, cities) in excluded)
    ]
    for vote in refuted:
        steps.append(
            f"{vote.source} is refuted: {vote.city or 'the city that its maker names'} is too far away"
        )
    return refuted


def _find_obstacle(
    left: Sequence[Vote], refuted: Sequence[Vote]
) -> tuple[Literal["unknown", "disputed"], str] | None:
    """Why the votes that are left amount to no country, and what the place is then; None when they do."""
    anycast = sorted({vote.source for vote in left if vote.about == "anycast"})
    if anycast:
        return "unknown", f"{', '.join(anycast)} knows it as anycast, in many places at once: unknown"
    if any(vote.source == DECLARED for vote in refuted):
        return "disputed", "the declaration and the sensor's position contradict each other: disputed"
    countries = _countries(left)
    if not countries:
        return "unknown", "no source locates the address: unknown"
    if len(countries) > 1:
        sides = "; ".join(f"{one} says {_sources(left, one)}" for one in countries)
        return "disputed", f"the sources disagree on the country ({sides}): disputed"
    doubt = _find_doubt(countries[0], left, refuted)
    return None if doubt is None else ("disputed", f"{doubt}: disputed")


def _find_doubt(country: str, left: Sequence[Vote], refuted: Sequence[Vote]) -> str | None:
    """Why the one country that the votes name is in doubt; None when it is not."""
    contradicting = [vote.source for vote in left if vote.contradicts]
    if contradicting:
        return f"{', '.join(contradicting)} names another country than {country}"
    if country in _countries(refuted) and not any(vote.city for vote in left):
        return f"nobody who is left names a city in {country}, and the one named is refuted"
    return None


def _weigh(country: str, votes: Sequence[Vote], steps: list[str]) -> Confidence:
    """How sure the country is that all these votes name."""
    makers = {provider_of(vote.source) for vote in votes}
    if len(makers) > 1:
        steps.append(f"{len(makers)} sources agree on {country}")
        return "agreed"
    if votes[0].source != DECLARED:
        steps.append(f"{_sources(votes, country)} alone says {country}: a single source")
    return "single"


def _latest(votes: list[Vote], steps: list[str]) -> list[Vote]:
    """Those of the votes that their makers have not taken back since; adds to the steps what happened."""
    counting = []
    for vote in votes:
        newer = [one for one in votes if _is_newer(one, vote) and _says_otherwise(one, vote)]
        if newer:
            latest = max(newer, key=lambda one: one.date or "")
            steps.append(f"{vote.source} is outdated: {latest.source}, of the same maker, says otherwise")
        else:
            counting.append(vote)
    for maker in sorted({provider_of(vote.source) for vote in counting}):
        sources = sorted({vote.source for vote in counting if provider_of(vote.source) == maker})
        if len(sources) > 1:
            steps.append(f"{', '.join(sources)} come from one maker: one source")
    return counting


def _is_newer(one: Vote, other: Vote) -> bool:
    """True when one is the same maker's later word. Of one day, a country says more than a contradiction."""
    if provider_of(one.source) != provider_of(other.source):
        return False
    one_rank, other_rank = ((vote.date or "", not vote.contradicts) for vote in (one, other))
    return one_rank > other_rank


def _says_otherwise(one: Vote, other: Vote) -> bool:
    if (one.country, one.about) != (other.country, other.about):
        return True
    return None not in (one.city, other.city) and one.city != other.city


def _is_silent(vote: Vote) -> bool:
    return vote.country is None and not vote.contradicts and vote.about == "location"


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


def _countries(votes: Iterable[Vote]) -> list[str]:
    return sorted({vote.country for vote in votes if vote.country is not None})


def _sources(votes: Iterable[Vote], country: str) -> str:
    return ", ".join(sorted({vote.source for vote in votes if vote.country == country}))


def _tell(vote: Vote) -> str:
    """One vote in words: "dbip (2026-06-05) on 192.0.2.0/24: CH, Zurich"."""
    date = f" ({vote.date})" if vote.date else ""
    network = f" on {vote.prefix}" if vote.prefix else ""
    silent = "another country, which its licence keeps" if vote.contradicts else "no answer"
    where = ", ".join(part for part in (vote.country, vote.city) if part) or silent
    said = _SAID[vote.about].format(where)
    note = f" [{vote.note}]" if vote.note else ""
    return f"{vote.source}{date}{network}: {said}{note}"


_SAID: Mapping[About, str] = {
    "location": "{}",
    "registration": "registered in {}, which locates nothing",
    "anycast": "anycast, in many places at once; one of them: {}",
    "satellite": "{}, but of a satellite provider, which locates nothing",
    "as": "the AS that announces it, which locates nothing",
}
