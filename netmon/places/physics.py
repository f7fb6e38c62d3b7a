"""The distance that a round trip allows. It can refute a place, but never prove one.

Nothing is faster than light in vacuum, so a server that answered within `rtt` is at most c × rtt / 2 away
from the sensor, along the ground. Every location and every country farther away is *excluded*. One within
that distance is merely possible: the answer may have been delayed, or have come from somewhere nearer.

All uncertainty counts in favour of the place:

- the capture clock and delays of the network card: `TIMING_MARGIN_NS` is added to the round trip;
- the earth is not a sphere: great circles on the mean sphere are up to 0.56 % longer than on WGS 84;
- a city is not a point, and databases say "Moscow" for the region around it: `CITY_RADIUS_KM`;
- a country's area (`borders`) is never smaller than the country, and is widened by its territorial sea and by
  the errors of its map: `BORDER_MARGIN_KM`;
- the sensor's position is as accurate as the configuration says (`sensor.accuracy_km`).

Light in fibre, at two thirds of c, gives a second, tighter limit. Radio links are faster than fibre, so what
is beyond that limit is reported as implausible, and not excluded.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from functools import lru_cache

from msgspec import Struct

from netmon.countries import country_name
from netmon.places import borders, wording
from netmon.places.declared import Position
from netmon.places.sphere import ELLIPSOID, distance_km
from netmon.records import RoundTrip
from netmon.signatures.model import Location

LIGHT_KM_PER_MS = 299.792458
FIBRE = 2 / 3  # speed of light in fibre, as a share of c
CITY_RADIUS_KM = 100.0
BORDER_MARGIN_KM = 25.0  # 12 nautical miles, and the map's errors
TIMING_MARGIN_NS = 1_000_000
"""Network cards delay packets by up to a fraction of a millisecond; some clocks only count milliseconds."""

CACHED = 4_096
"""Sets of countries, and texts about them, that are kept; few occur."""

MIN_TRUSTED_NS = 1_000_000
"""A smaller round trip is used only if other destinations show that no middlebox answers."""


class Bound(Struct, frozen=True):
    """What a round trip excludes, with the reasoning in one line. Everything is sorted."""

    excluded: tuple[str, ...] = ()  # ids of locations
    not_in: tuple[str, ...] = ()  # of the countries that were asked about
    implausible: tuple[str, ...] = ()  # of these, those beyond the reach of light in fibre only
    step: str | None = None


def max_distance_km(rtt_ns: int) -> float:
    """The greatest distance of a server that answered within a round trip, with the timing margin."""
    return (rtt_ns + TIMING_MARGIN_NS) / 1e6 / 2 * LIGHT_KM_PER_MS


class DistanceCheck:
    """Excludes locations and countries by their distance from the sensor, if its position is known."""

    def __init__(self, position: Position | None, locations: Mapping[str, Location]) -> None:
        self._position = position
        self._locations = _Ranking(
            {one.id: min_distance_km(position, one) for one in locations.values()} if position else {}
        )
        self._rank = lru_cache(CACHED)(self._make_ranking)
        self._country_km: dict[str, float] = {}

    def bound(self, trip: RoundTrip, countries: frozenset[str] = frozenset()) -> Bound:
        """What the round trip excludes of the locations and these countries; nothing if it is unreliable."""
        measured = f"{trip.min_ns / 1e6:.3f}"
        doubt = self._doubt(trip)
        if doubt:
            return Bound(step=wording.NOTHING_EXCLUDED.format(ms=measured, why=doubt))
        limit_km = max_distance_km(trip.min_ns)
        ranking = self._rank(countries)
        excluded, not_in = self._locations.beyond(limit_km), ranking.beyond(limit_km)
        slow = self._locations.beyond(limit_km * FIBRE), ranking.beyond(limit_km * FIBRE)
        implausible = tuple(one for one in slow[1] if one not in not_in)
        what = _describe(excluded, not_in, *slow)
        step = wording.AT_MOST.format(ms=measured, km=f"{limit_km:.0f}", what=what)
        return Bound(excluded, not_in, implausible, step)

    def not_in(self, trip: RoundTrip, countries: frozenset[str]) -> tuple[str, ...]:
        """The countries that the round trip excludes."""
        return () if self._doubt(trip) else self._rank(countries).beyond(max_distance_km(trip.min_ns))

    def _make_ranking(self, countries: frozenset[str]) -> _Ranking:
        return _Ranking({one: self._measure(one) for one in countries})

    def _measure(self, country: str) -> float:
        """The smallest possible distance to a country, computed once."""
        known = self._country_km.get(country)
        if known is None:
            known = 0.0 if self._position is None else min_country_distance_km(self._position, country)
            self._country_km[country] = known
        return known

    def _doubt(self, trip: RoundTrip) -> str | None:
        """Why the round trip cannot be relied on; None: it can."""
        if self._position is None:
            return wording.NO_POSITION
        if trip.interception == "suspected":
            return wording.MIDDLEBOX
        if trip.interception == "unknown" and trip.min_ns < MIN_TRUSTED_NS:
            return wording.MAYBE_MIDDLEBOX
        return None


class _Ranking:
    """Names by distance. Any limit excludes all but the n nearest, so there is one tuple for each n."""

    def __init__(self, distances_km: Mapping[str, float]) -> None:
        names = sorted(distances_km, key=lambda name: distances_km[name])
        self._distances_km = [distances_km[name] for name in names]
        self._all_but_nearest = [tuple(sorted(names[count:])) for count in range(len(names) + 1)]

    def beyond(self, limit_km: float) -> tuple[str, ...]:
        """Those that are farther away, sorted."""
        return self._all_but_nearest[bisect_right(self._distances_km, limit_km)]


@lru_cache(CACHED)
def _describe(
    excluded: tuple[str, ...],
    not_in: tuple[str, ...],
    slow_locations: tuple[str, ...],
    slow_countries: tuple[str, ...],
) -> str:
    """What is excluded, in words; the last two are what is too far for light in fibre."""
    text = wording.EXCLUDES_COUNTRIES if not_in else wording.EXCLUDES
    text = text.format(places=", ".join(excluded) or "nothing", countries=join_countries(not_in))
    doubtful = [one for one in slow_locations if one not in excluded]
    doubtful += [country_name(one) for one in slow_countries if one not in not_in]
    if doubtful:
        return wording.IMPLAUSIBLE.format(what=text, places=", ".join(doubtful))
    return text


def min_distance_km(position: Position, location: Location) -> float:
    """The smallest possible distance from the sensor to a location, all margins subtracted."""
    ends = (position.latitude, position.longitude, location.latitude, location.longitude)
    return distance_km(*ends) * (1 - ELLIPSOID) - CITY_RADIUS_KM - position.accuracy_km


def min_country_distance_km(position: Position, country: str) -> float:
    """The smallest possible distance to a country, all margins subtracted; 0 if its area is not known."""
    nearest_km = borders.min_distance_km(position.latitude, position.longitude, country)
    if nearest_km is None:
        return 0.0
    return nearest_km * (1 - ELLIPSOID) - BORDER_MARGIN_KM - position.accuracy_km


def join_countries(codes: Iterable[str]) -> str:
    """Countries in words: "Russia", "China or Russia"."""
    return " or ".join(country_name(code) for code in codes)
