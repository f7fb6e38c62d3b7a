"""The place of an address on a day, from all votes on its network."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache, partial

from msgspec import Struct, field
from msgspec.structs import replace

from netmon.days import DAY_NS, iso_day
from netmon.places import wording
from netmon.places.database import Database
from netmon.places.databases import Databases
from netmon.places.decision import DECLARED, VENDOR, Cities, decide
from netmon.places.declared import Declaration, Position
from netmon.places.named import named_countries
from netmon.places.physics import Bound, DistanceCheck, join_countries
from netmon.places.prefixes import PrefixTable, parse_address
from netmon.places.provider import REGISTRATIONS
from netmon.places.providers import content_of, named_provider
from netmon.records import Place, RoundTrip, Trips, Vote
from netmon.signatures.model import NetworkRule, SignatureSet

CACHED_PLACES = 65_536
"""Places kept in memory; the oldest one is evicted first."""


class _NetworkVotes(Struct, frozen=True):
    """The votes on one network, and the ISO days between which they are valid."""

    prefix: str
    valid_from: str
    valid_to: str
    votes: Callable[[], tuple[Vote, ...]]  # made when an address is looked up: those of most never are

    def is_valid_on(self, day: str) -> bool:
        return self.valid_from <= day <= self.valid_to


class _Known(Struct, frozen=True):
    """What is known about an address on a day: the votes, and the place by what is excluded.

    Round trips differ, but what they exclude rarely does.
    """

    votes: tuple[Vote, ...]
    countries: frozenset[str]  # those that matter, and those that sources name
    places: dict[tuple[tuple[str, ...], ...], Place] = field(default_factory=dict)


_NOTHING = Bound()

_Cache = OrderedDict[tuple[str, int], _Known]
"""Address and day → what is known."""


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
        countries: Collection[str] = (),
    ) -> None:
        """`position` is the sensor's; without it, round trips exclude nothing.

        `countries` are those that matter: a round trip excludes these, and those that sources name.
        """
        self._cities = Cities(signatures.locations)
        self._distance_check = DistanceCheck(position, signatures.locations)
        self._countries = frozenset(countries)
        self._declared: PrefixTable[_NetworkVotes] = PrefixTable()
        self._networks: PrefixTable[_NetworkVotes] = PrefixTable()
        self._databases = Databases() if databases is None else databases
        # The cache is valid for these databases only.
        self._cached: tuple[tuple[Database, ...], _Cache] = (self._databases.current, OrderedDict())
        for one in declarations:
            bounds = (one.valid_from, one.valid_to)
            self._declared.add(one.prefix, _between(one.prefix, bounds, partial(_declared_votes, one)))
        for rule in signatures.rules_of(NetworkRule):
            bounds, votes = (rule.valid_from, rule.valid_to), partial(_rule_votes, rule, signatures)
            self._networks.add(rule.prefix, _between(rule.prefix, bounds, votes))

    def locate(self, address: str, when_ns: int, own: RoundTrip | None = None) -> Place:
        """The place of an address on the UTC day of `when_ns` (nanoseconds since 1970), with its evidence.

        `own` is the round trip of the flow, which can exclude places. Raises ValueError for text that is not
        an IPv4 or IPv6 address.
        """
        return self.locate_by(address, when_ns, own, None)[0]

    def locate_by(
        self, address: str, when_ns: int, own: RoundTrip | None, smallest: RoundTrip | None
    ) -> tuple[Place, Trips]:
        """The same with what the round trips show. The smallest of the last seven days excludes nothing."""
        databases, cache = self._cached
        if databases is not self._databases.current:
            databases, cache = self._cached = (self._databases.current, OrderedDict())
        key = (address, when_ns // DAY_NS)
        known = cache.get(key)
        if known is None:
            votes = self._votes(address, iso_day(when_ns), databases)
            known = _Known(votes, self._countries.union(named_countries(votes)))
            if len(cache) >= CACHED_PLACES:
                cache.popitem(last=False)
            cache[key] = known
        bound = _NOTHING if own is None else self._distance_check.bound(own, known.countries)
        before = () if bound.step is None else (bound.step,)
        after = () if smallest is None else self._describe_smallest(known, bound, smallest)
        return self._decide(known, bound), Trips(own, smallest, before, after)

    def _decide(self, known: _Known, bound: Bound) -> Place:
        """The place without what the round trip excludes."""
        key = (bound.excluded, bound.not_in, bound.implausible)
        place = known.places.get(key)
        if place is None:
            place = decide(known.votes, self._cities, bound.excluded, bound.not_in)
            limits = {"excluded": bound.excluded, "not_in": bound.not_in, "implausible": bound.implausible}
            place = known.places[key] = _shared(replace(place, **limits))
        return place

    def _describe_smallest(self, known: _Known, bound: Bound, smallest: RoundTrip) -> tuple[str, ...]:
        """What a smaller round trip of an earlier flow would exclude, and from where it jumped."""
        before = smallest.jumped_from
        steps: tuple[str, ...] = ()
        if before is not None:
            steps = (wording.JUMPED.format(before=_ms(before), now=_ms(smallest)),)
        not_in = self._distance_check.not_in(smallest, known.countries)
        if len(not_in) <= len(bound.not_in):
            return steps
        day, countries = iso_day(smallest.seen_ns), join_countries(not_in)
        return (*steps, wording.SMALLEST.format(ms=_ms(smallest), day=day, countries=countries))

    def network(self, address: str, when_ns: int) -> str | None:
        """The longest prefix of the signatures that covers the address on that UTC day, if any."""
        return next((one.prefix for one in _covering(self._networks, address, iso_day(when_ns))), None)

    def _votes(self, address: str, day: str, databases: tuple[Database, ...]) -> tuple[Vote, ...]:
        return (
            *_longest(self._declared, address, day),
            *self._databases.votes(databases, parse_address(address)),
            *_longest(self._networks, address, day),
        )


@lru_cache(CACHED_PLACES)
def _shared(place: Place) -> Place:
    """The same object for all addresses with equal evidence: what is kept about it is found at once."""
    return place


def _ms(trip: RoundTrip) -> str:
    return f"{trip.min_ns / 1e6:.3f}"


def _covering(table: PrefixTable[_NetworkVotes], address: str, day: str) -> Iterator[_NetworkVotes]:
    """The networks that cover the address and are valid on that day, the longest prefix first."""
    return (one for one in table.find(parse_address(address)) if one.is_valid_on(day))


def _longest(table: PrefixTable[_NetworkVotes], address: str, day: str) -> tuple[Vote, ...]:
    return next((one.votes() for one in _covering(table, address, day)), ())


def _between(
    prefix: str, bounds: tuple[str | None, str | None], votes: Callable[[], tuple[Vote, ...]]
) -> _NetworkVotes:
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


def _declared_votes(declaration: Declaration) -> tuple[Vote]:
    vote = Vote(
        source=DECLARED,
        country=declaration.country,
        city=declaration.city,
        date=declaration.date,
        prefix=declaration.prefix,
        note=f"{declaration.author}: {declaration.reason}",
    )
    return (vote,)
