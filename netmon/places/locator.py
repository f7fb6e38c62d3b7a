"""The place of an address on a day, from all votes on its network."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from netmon.days import DAY_NS, iso_day
from netmon.places.database import Database
from netmon.places.databases import Databases
from netmon.places.decision import DECLARED, VENDOR, Cities, decide
from netmon.places.declared import Declaration, Position
from netmon.places.physics import DistanceCheck
from netmon.places.prefixes import PrefixTable
from netmon.places.providers import REGISTRATIONS, content_of, named_provider
from netmon.records import Place, RoundTrip, Vote
from netmon.signatures.model import NetworkRule, SignatureSet

CACHED_PLACES = 65_536
"""Places kept in memory; the oldest one is evicted first."""

_Cache = OrderedDict[tuple[object, ...], Place]
"""Address, day and, if measured, the smallest round trip and its reliability → place."""


@dataclass(frozen=True, slots=True)
class _NetworkVotes:
    """The votes on one network, and the ISO days between which they are valid."""

    prefix: str
    valid_from: str
    valid_to: str
    votes: tuple[Vote, ...]

    def is_valid_on(self, day: str) -> bool:
        return self.valid_from <= day <= self.valid_to


class Locator:
    """Places of addresses, from the user's declarations, location databases and the signatures' networks.

    Of the declarations, and of the networks, the longest prefix that covers the address on that day votes,
    whatever the network's role: a network that does not tag flows still has valid votes. Databases may be
    refreshed meanwhile, also by another thread. Raises ValueError for a declaration without a valid network.
    """

    def __init__(
        self,
        signatures: SignatureSet,
        declarations: Sequence[Declaration] = (),
        databases: Databases | None = None,
        *,
        position: Position | None = None,
    ) -> None:
        """`position` is the sensor's; without it, round trips exclude nothing."""
        self._cities = Cities(signatures.locations)
        self._distance_check = DistanceCheck(position, signatures.locations)
        self._declared: PrefixTable[_NetworkVotes] = PrefixTable()
        self._networks: PrefixTable[_NetworkVotes] = PrefixTable()
        self._databases = Databases() if databases is None else databases
        # The cache is valid for these databases only.
        self._cached: tuple[tuple[Database, ...], _Cache] = (self._databases.current, OrderedDict())
        for one in declarations:
            bounds = (one.valid_from, one.valid_to)
            self._declared.add(one.prefix, _between(one.prefix, bounds, (_declared_vote(one),)))
        for rule in signatures.rules_of(NetworkRule):
            bounds, votes = (rule.valid_from, rule.valid_to), _rule_votes(rule, signatures)
            self._networks.add(rule.prefix, _between(rule.prefix, bounds, votes))

    def locate(self, address: str, when_ns: int, trip: RoundTrip | None = None) -> Place:
        """The place of an address on the UTC day of `when_ns` (nanoseconds since 1970), with its evidence.

        `trip` is the smallest round trip to the address, which can exclude locations. Raises ValueError for
        text that is not an IPv4 or IPv6 address.
        """
        databases, cache = self._cached
        if databases is not self._databases.current:
            databases, cache = self._cached = (self._databases.current, OrderedDict())
        day = when_ns // DAY_NS
        key = (address, day) if trip is None else (address, day, trip.min_ns, trip.interception)
        place = cache.get(key)
        if place is None:
            place = self._find(address, when_ns, trip, databases)
            if len(cache) >= CACHED_PLACES:
                cache.popitem(last=False)
            cache[key] = place
        if place.round_trip is trip:
            return place
        # The cached place is for the same smallest round trip: only the number of samples differs.
        return replace(place, round_trip=trip)

    def network(self, address: str, when_ns: int) -> str | None:
        """The longest prefix of the signatures that covers the address on that UTC day, if any."""
        return next((one.prefix for one in _covering(self._networks, address, iso_day(when_ns))), None)

    def _find(
        self, address: str, when_ns: int, trip: RoundTrip | None, databases: tuple[Database, ...]
    ) -> Place:
        votes = self._votes(address, iso_day(when_ns), databases)
        if trip is None:
            return decide(votes, self._cities)
        bound = self._distance_check.bound(trip)
        place = decide(votes, self._cities, bound.excluded)
        return replace(place, excluded=bound.excluded, round_trip=trip, steps=(bound.step, *place.steps))

    def _votes(self, address: str, day: str, databases: tuple[Database, ...]) -> tuple[Vote, ...]:
        return (
            *_longest(self._declared, address, day),
            *self._databases.votes(databases, ipaddress.ip_address(address)),
            *_longest(self._networks, address, day),
        )


def _covering(table: PrefixTable[_NetworkVotes], address: str, day: str) -> Iterator[_NetworkVotes]:
    """The networks that cover the address and are valid on that day, the longest prefix first."""
    return (one for one in table.find(ipaddress.ip_address(address)) if one.is_valid_on(day))


def _longest(table: PrefixTable[_NetworkVotes], address: str, day: str) -> tuple[Vote, ...]:
    return next((one.votes for one in _covering(table, address, day)), ())


def _between(prefix: str, bounds: tuple[str | None, str | None], votes: tuple[Vote, ...]) -> _NetworkVotes:
    first, last = bounds
    return _NetworkVotes(prefix, first or "0001-01-01", last or "9999-12-31", votes)


def _rule_votes(rule: NetworkRule, signatures: SignatureSet) -> tuple[Vote, ...]:
    votes = tuple(_quoted(vote, rule.prefix) for vote in rule.votes)
    if rule.place is None:
        return votes
    location = signatures.locations[rule.place]
    return (Vote(VENDOR, location.country, location.city, prefix=rule.prefix), *votes)


def _quoted(vote: Vote, prefix: str) -> Vote:
    """A vote as the signatures quote it, with its provider; a registration is one whatever they say."""
    provider = named_provider(vote.provider or vote.source)
    is_registration = content_of(provider) in REGISTRATIONS and vote.about == "location"
    about = "registration" if is_registration else vote.about
    return replace(vote, prefix=vote.prefix or prefix, provider=provider, about=about)


def _declared_vote(declaration: Declaration) -> Vote:
    return Vote(
        source=DECLARED,
        country=declaration.country,
        city=declaration.city,
        date=declaration.date,
        prefix=declaration.prefix,
        note=f"{declaration.author}: {declaration.reason}",
    )
