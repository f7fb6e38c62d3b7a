"""From votes to a place. Pure: the same votes always give the same place.

1. Only votes about the location of an address can locate it. The country of a registration, the AS that
   announces the address, or the country of a satellite provider do not locate it: they are kept and shown.
   A merged source locates an address only where it shows more than a registration (`merged`).
2. A place declared by the user takes precedence over all other votes; its confidence is "single", for it is
   one source.
3. All databases of one provider count as one source (`providers`), with its latest statement: a vote is
   outdated if a newer one of the same provider differs. So a database on this machine replaces what the
   signatures quote from an older build of the same provider, also where the quote only says that it
   contradicts; an older database does not replace a newer quote. An undated vote is older than any dated
   one. Builds of one provider that agree, or complete each other (country and city editions), count together.
   So do providers with data in common. Databases of unknown providers are one source together, which may
   repeat any other: it can contradict the others, but not confirm them. As they may have different
   providers, none of them makes another one outdated.
4. An address that any of these lists as anycast is announced from several places. None of them is known to
   be the place where a flow ended, so the place is "unknown", whatever the other votes are.
5. Otherwise the locating votes decide the country: no votes → "unknown"; different countries → "disputed",
   regardless of the majority (databases copy from each other, so a majority proves nothing); one source →
   "single"; several independent sources that agree → "agreed". A source of which only the contradiction is
   known (its licence withholds the country) also makes the country "disputed".
6. The location is known if at least one vote has a city and all cities mean the same location of the
   signatures. Different cities in one country: the location is "disputed", and the country stands. No city,
   or a city that is not in the signatures: the location is "unknown".
7. A vote for a city or a country that the round trip excludes (`physics`) is refuted: it is set aside,
   whatever its source, and the other votes decide without it. This does not strengthen them: one source
   remains one. If the refuted votes have the same country as the remaining ones, and no remaining vote has a
   city there, the country is "disputed". A refuted declaration contradicts the sensor's position, which the
   same user configured: "disputed". A vote for a country alone is refuted with the country, or if its
   provider has an excluded city there in another database. If the latest vote of a provider is refuted, its
   older votes do not return.

The age of a vote does not weaken it: the date is shown, and the build times of databases are monitored.
Each step is recorded in `Place.steps`, one line per step.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Literal

from netmon.countries import country_name
from netmon.places import wording
from netmon.places.merged import Judged, judge_merged
from netmon.places.provider import UNKNOWN_PROVIDER
from netmon.places.providers import independent_of
from netmon.records import About, Confidence, Place, Vote
from netmon.signatures.model import Location

DECLARED = "declared"
"""The source of votes from the user's configuration."""

VENDOR = "vendor"
"""The source of votes by the vendor, which counts as one source."""

_KEPT = 16_384
"""Places about which this is known; the one used least recently is evicted first."""

UNKNOWN = "unknown"
DISPUTED = "disputed"


class Cities:
    """Spellings of cities → locations, by city or alias within a country, ignoring case."""

    def __init__(self, locations: Mapping[str, Location]) -> None:
        self._known: dict[tuple[str, str], Location] = {}
        for location in locations.values():
            for spelling in (location.city, *location.aliases):
                self._known.setdefault((location.country, spelling.casefold()), location)

    def find(self, country: str, city: str) -> Location | None:
        """The location that a database refers to; None if the signatures do not have it."""
        return self._known.get((country, city.casefold()))


def decide(
    votes: Sequence[Vote], cities: Cities, excluded: Collection[str] = (), not_in: Collection[str] = ()
) -> Place:
    """The place according to the votes, with all steps.

    It is never one of the `excluded` locations, nor in a country of `not_in`.
    """
    judged = judge_merged(votes)
    steps = [*map(_describe, judged.votes), *judged.steps]
    locating = _find_locating(judged, steps)
    refuted = _find_refuted(locating, cities, excluded, not_in, steps)
    left = [vote for vote in locating if vote not in refuted]
    unclear = [vote for vote in _find_unclear(judged) if vote.country not in not_in]
    obstacle = _find_obstacle(left, refuted, unclear)
    if obstacle is not None:
        kind, step = obstacle
        claims = _find_claims(left, refuted, unclear) if kind == DISPUTED else ()
        return Place(kind, kind, None, kind, judged.votes, steps=(*steps, step), claims=claims)
    [country] = _countries(left)
    confidence, agreeing = _weigh(country, left, steps)
    location, city, step = _find_city(country, left, cities)
    return Place(
        location,
        country,
        city,
        confidence,
        judged.votes,
        steps=(*steps, step),
        claims=(country,),
        agreeing=agreeing,
    )


@lru_cache(_KEPT)
def is_anycast(place: Place) -> bool:
    """True if a source lists the address as announced from several places."""
    return any(vote.about == "anycast" for vote in place.votes)


def is_sure(place: Place) -> bool:
    """True if the country is certain enough for an alarm: two sources agree, or the user declared it."""
    return place.confidence == "agreed" or (
        place.confidence == "single" and any(vote.source == DECLARED for vote in place.votes)
    )


def _find_locating(judged: Judged, steps: list[str]) -> list[Vote]:
    """The locating votes that count: the user's declaration, or else the latest votes of each provider."""
    locating = [vote for vote in judged.votes if _may_locate(vote)]
    declared = [vote for vote in locating if vote.source == DECLARED]
    if not declared:
        return _latest(locating, judged, steps)
    steps.append(wording.DECLARED_FIRST)
    return declared[:1]


def _find_unclear(judged: Judged) -> list[Vote]:
    """Votes of merged sources that may be more than registrations; none if the user declared the place."""
    if any(vote.source == DECLARED and _may_locate(vote) for vote in judged.votes):
        return []
    return [vote for vote in judged.votes if vote.about == "unclear" and not _newer(vote, judged)]


def _find_refuted(
    locating: Sequence[Vote],
    cities: Cities,
    excluded: Collection[str],
    not_in: Collection[str],
    steps: list[str],
) -> list[Vote]:
    """Votes for excluded places, and votes of the same providers for the countries of excluded cities."""
    placed = [vote for vote in locating if vote.about == "location"]
    refuted_for = {(_publisher(vote), vote.country) for vote in placed if _meant(vote, cities) in excluded}
    refuted = []
    for vote in placed:
        if vote.country in not_in:
            what = country_name(vote.country or "")
        elif _meant(vote, cities) in excluded:
            what = vote.city or ""
        elif vote.city is None and (_publisher(vote), vote.country) in refuted_for:
            what = wording.CITY_OF_PROVIDER
        else:
            continue
        refuted.append(vote)
        steps.append(wording.REFUTED.format(source=vote.source, what=what))
    return refuted


def _find_obstacle(
    left: Sequence[Vote], refuted: Sequence[Vote], unclear: Sequence[Vote]
) -> tuple[Literal["unknown", "disputed"], str] | None:
    """Why the remaining votes do not give a country, and what the place is then; None if they do."""
    anycast = sorted({vote.source for vote in left if vote.about == "anycast"})
    if anycast:
        return "unknown", wording.ANYCAST.format(sources=", ".join(anycast))
    if any(vote.source == DECLARED for vote in refuted):
        return "disputed", wording.CONTRADICTS_POSITION
    countries = _countries(left)
    if not countries:
        return "unknown", wording.NO_SOURCE
    if len(countries) > 1:
        sides = (wording.SIDE.format(country=one, sources=_sources(left, one)) for one in countries)
        return "disputed", wording.DISAGREE.format(sides="; ".join(sides))
    doubt = _find_doubt(countries[0], left, refuted, unclear)
    return None if doubt is None else ("disputed", doubt)


def _find_doubt(
    country: str, left: Sequence[Vote], refuted: Sequence[Vote], unclear: Sequence[Vote]
) -> str | None:
    """Why the country on which the remaining votes agree is in doubt; None if it is not."""
    contradicting = [vote.source for vote in left if vote.contradicts]
    if contradicting:
        return wording.OTHER_COUNTRY.format(sources=", ".join(contradicting), country=country)
    others = [vote for vote in unclear if vote.country != country]
    if others:
        sources = ", ".join(vote.source for vote in others)
        return wording.MAYBE_OTHER_COUNTRY.format(sources=sources, country=country)
    if country in _countries(refuted) and not any(vote.city for vote in left):
        return wording.REFUTED_CITY_THERE.format(country=country)
    return None


def _find_claims(left: Sequence[Vote], refuted: Sequence[Vote], unclear: Sequence[Vote]) -> tuple[str, ...]:
    """The countries that the sources of a disputed place name (see `Place.claims`)."""
    if any(vote.source == DECLARED for vote in refuted) or any(vote.contradicts for vote in left):
        return ()
    sound = [vote for vote in left if not _is_shaken(vote, left, refuted)]
    if len(independent_of(frozenset(map(_provider, sound)))) < 2:
        return ()
    return tuple(_countries([*left, *unclear]))


def _is_shaken(vote: Vote, left: Sequence[Vote], refuted: Sequence[Vote]) -> bool:
    """True if a vote may mean a refuted city: it has none, and no other remaining vote has one there."""
    has_city = any(one.city for one in left if one.country == vote.country)
    return vote.country in _countries(refuted) and not has_city


def _weigh(country: str, votes: Sequence[Vote], steps: list[str]) -> tuple[Confidence, int]:
    """The confidence in the country of all these votes, and how many independent sources agree on it."""
    if votes[0].source == DECLARED:
        return "single", 0
    independent = independent_of(frozenset(map(_provider, votes)))
    steps.extend(_combine(votes, independent))
    if len(independent) > 1:
        steps.append(wording.AGREE.format(count=len(independent), country=country))
        return "agreed", len(independent)
    steps.append(wording.ALONE.format(sources=_sources(votes, country), country=country))
    return "single", 0


def _combine(votes: Sequence[Vote], independent: Sequence[str]) -> Iterator[str]:
    """Why there are fewer sources than votes, one line per reason."""
    unknown = sorted({vote.source for vote in votes if _provider(vote) == UNKNOWN_PROVIDER})
    if unknown:
        text = wording.PROVIDERS_UNKNOWN if len(unknown) > 1 else wording.PROVIDER_UNKNOWN
        yield text.format(sources=", ".join(unknown))
    shared = sorted({_provider(vote) for vote in votes} - {*independent, UNKNOWN_PROVIDER})
    for provider in shared:
        sources = sorted({vote.source for vote in votes if _provider(vote) == provider})
        yield wording.IN_COMMON.format(sources=", ".join(sources))


def _latest(locating: list[Vote], judged: Judged, steps: list[str]) -> list[Vote]:
    """The votes that are not outdated by newer ones of the same provider."""
    counting = []
    for vote in locating:
        newer = _newer(vote, judged)
        if newer:
            latest = max(newer, key=lambda one: one.date or "")
            steps.append(wording.OUTDATED.format(source=vote.source, latest=latest.source))
        else:
            counting.append(vote)
    for provider in sorted({_provider(vote) for vote in counting} - {UNKNOWN_PROVIDER}):
        sources = sorted({vote.source for vote in counting if _provider(vote) == provider})
        if len(sources) > 1:
            steps.append(wording.ONE_PROVIDER.format(sources=", ".join(sources)))
    return counting


def _newer(vote: Vote, judged: Judged) -> list[Vote]:
    """Newer votes on the location, by the same provider, that differ.

    A merged source that now repeats a registration, or may, no longer says what it said before.
    """
    others = [one for one in judged.votes if _may_locate(one) or one in judged.unlocating]
    return [one for one in others if _is_newer(one, vote) and _differs(one, vote)]


def _may_locate(vote: Vote) -> bool:
    return vote.about in ("location", "anycast") and not _is_empty(vote)


def _is_newer(one: Vote, other: Vote) -> bool:
    """True if one is a newer vote of the same provider; on one day, a country outranks a contradiction."""
    if _publisher(one) != _publisher(other) or _provider(one) == UNKNOWN_PROVIDER:
        return False
    one_rank, other_rank = ((vote.date or "", not vote.contradicts) for vote in (one, other))
    return one_rank > other_rank


def _differs(one: Vote, other: Vote) -> bool:
    if (one.country, one.about) != (other.country, other.about):
        return True
    return None not in (one.city, other.city) and one.city != other.city


def _provider(vote: Vote) -> str:
    return vote.provider or vote.source


def _publisher(vote: Vote) -> tuple[str, str]:
    """What votes of one publisher have in common. Sources of unknown providers may have different ones."""
    provider = _provider(vote)
    return provider, vote.source if provider == UNKNOWN_PROVIDER else ""


def _is_empty(vote: Vote) -> bool:
    return vote.country is None and not vote.contradicts and vote.about == "location"


def _find_city(country: str, votes: Iterable[Vote], cities: Cities) -> tuple[str, str | None, str]:
    """Location id, city, and the step that explains them."""
    named = sorted({vote.city for vote in votes if vote.city is not None})
    if not named:
        return UNKNOWN, None, wording.NO_CITY.format(country=country)
    meant = {cities.find(country, city) for city in named}
    words = " and ".join(named)
    if len(meant) == 1 and (location := meant.pop()) is not None:
        return location.id, location.city, wording.LOCATION.format(cities=words, location=location.id)
    if len({city.casefold() for city in named}) == 1:
        return UNKNOWN, named[0], wording.NO_LOCATION.format(cities=words)
    return DISPUTED, None, wording.CITIES_DIFFER.format(cities=words)


def _meant(vote: Vote, cities: Cities) -> str | None:
    """The id of the location that a vote refers to."""
    location = cities.find(vote.country, vote.city) if vote.country and vote.city else None
    return location.id if location else None


def _countries(votes: Iterable[Vote]) -> list[str]:
    return sorted({vote.country for vote in votes if vote.country is not None})


def _sources(votes: Iterable[Vote], country: str) -> str:
    return ", ".join(sorted({vote.source for vote in votes if vote.country == country}))


def _describe(vote: Vote) -> str:
    """One vote in words: "dbip (2026-06-05) on 192.0.2.0/24: CH, Zurich"."""
    date = f" ({vote.date})" if vote.date else ""
    network = f" on {vote.prefix}" if vote.prefix else ""
    without = "another country, which its licence withholds" if vote.contradicts else "no answer"
    where = ", ".join(part for part in (vote.country, vote.city) if part) or without
    text = _TEXTS[vote.about].format(where)
    note = f" [{vote.note}]" if vote.note else ""
    return f"{vote.source}{date}{network}: {text}{note}"


_TEXTS: Mapping[About, str] = {
    "location": "{}",
    "unclear": "{}, which may locate it or be a registration",
    "registration": "registered in {}, which does not locate it",
    "anycast": "anycast, announced from several places, such as {}",
    "satellite": "{}, but a satellite provider, which does not locate it",
    "as": "the AS that announces it, which does not locate it",
}
