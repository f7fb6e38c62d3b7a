"""The distance that a handshake's round trip allows. It can refute a place, but never prove one.

Nothing is faster than light in vacuum, so a server that answered within `rtt` is at most c × rtt / 2 away
from the sensor, along the ground. Every location farther away is *excluded*. A location within that distance
is merely possible: the answer may have been delayed, or have come from somewhere nearer.

All uncertainty counts in favour of the location:

- the capture clock and delays of the network card: `TIMING_MARGIN_NS` is added to the round trip;
- the earth is not a sphere: great circles on the mean sphere are up to 0.56 % longer than on WGS 84;
- a city is not a point, and databases say "Moscow" for the region around it: `CITY_RADIUS_KM`;
- the sensor's position is as accurate as the configuration says (`sensor.accuracy_km`).

Light in fibre, at two thirds of c, gives a second, tighter limit. Radio links are faster than fibre, so that
limit is reported but excludes nothing. The signatures do not have the borders of countries, so only cities
can be excluded, never a country.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from netmon.places.declared import Position
from netmon.records import RoundTrip
from netmon.signatures.model import Location

LIGHT_KM_PER_MS = 299.792458
FIBRE = 2 / 3  # speed of light in fibre, as a share of c
EARTH_RADIUS_KM = 6371.0088  # mean radius of WGS 84
ELLIPSOID = 0.0056
CITY_RADIUS_KM = 100.0
TIMING_MARGIN_NS = 1_000_000
"""Network cards deliver packets up to a fraction of a millisecond late; some clocks tick once in 1 ms."""

MIN_TRUSTED_NS = 1_000_000
"""A smaller round trip is used only if other destinations show that no middlebox answers."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The locations that a round trip excludes, with the reasoning in one line."""

    excluded: tuple[str, ...]  # ids of locations, sorted
    step: str


def distance_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """The great-circle distance between two points in degrees, on the mean sphere."""
    there, here = math.radians(other_latitude), math.radians(latitude)
    across = math.radians(other_longitude - longitude)
    # The haversine formula: exact for short distances as well.
    half = math.sin((there - here) / 2) ** 2 + math.cos(here) * math.cos(there) * math.sin(across / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, half)))


def max_distance_km(rtt_ns: int) -> float:
    """The greatest distance of a server that answered within a round trip, with the timing margin."""
    return (rtt_ns + TIMING_MARGIN_NS) / 1e6 / 2 * LIGHT_KM_PER_MS


class DistanceCheck:
    """Excludes locations by their distance from the sensor; without a position it excludes none."""

    def __init__(self, position: Position | None, locations: Mapping[str, Location]) -> None:
        self._has_position = position is not None
        by_distance = sorted(
            (min_distance_km(position, location), location.id) for location in locations.values() if position
        )
        self._distances_km = [distance for distance, _ in by_distance]
        # Whatever the limit is, it excludes all but the n nearest locations: one tuple for each n.
        ids = [location for _, location in by_distance]
        self._all_but_nearest = [tuple(sorted(ids[count:])) for count in range(len(ids) + 1)]

    def bound(self, trip: RoundTrip) -> Bound:
        """The locations that the round trip excludes; none if it cannot be relied on."""
        measured = f"round trip: {trip.min_ns / 1e6:.3f} ms"
        doubt = self._doubt(trip)
        if doubt:
            return Bound((), f"{measured}; {doubt}: nothing is excluded")
        limit_km = max_distance_km(trip.min_ns)
        excluded = self._beyond_km(limit_km)
        doubtful = [one for one in self._beyond_km(limit_km * FIBRE) if one not in excluded]
        names = ", ".join(excluded) or "nothing"
        step = f"{measured}, so it is at most {limit_km:.0f} km away: excludes {names}"
        if doubtful:
            step += f"; too far by light in fibre, which excludes nothing: {', '.join(doubtful)}"
        return Bound(excluded, step)

    def _beyond_km(self, limit_km: float) -> tuple[str, ...]:
        return self._all_but_nearest[bisect_right(self._distances_km, limit_km)]

    def _doubt(self, trip: RoundTrip) -> str | None:
        """Why the round trip cannot be relied on; None: it can."""
        if not self._has_position:
            return "the sensor's position is not configured"
        if trip.interception == "suspected":
            return "unrelated destinations are equally near, so a middlebox seems to answer"
        if trip.interception == "unknown" and trip.min_ns < MIN_TRUSTED_NS:
            return "so small a round trip may come from a middlebox, and few destinations were seen"
        return None


def min_distance_km(position: Position, location: Location) -> float:
    """The smallest possible distance from the sensor to a location, all margins subtracted."""
    ends = (position.latitude, position.longitude, location.latitude, location.longitude)
    return distance_km(*ends) * (1 - ELLIPSOID) - CITY_RADIUS_KM - position.accuracy_km
