"""How far away a server is at most, by the round trip of a handshake. It can refute a place, never prove one.

Nothing travels faster than light in vacuum, so a server that answered within `rtt` is at most half of that
times c away from the sensor, along the ground. Every location that lies farther is *excluded*. That a
location is within reach means nothing: the answer may have dawdled, or come from anywhere nearer.

Everything uncertain counts for the location:

- the capture's clock and the card's delays: `TIMING_MARGIN_NS` is added to the round trip;
- the earth is no sphere: great circles of the mean sphere are up to 0.56 % longer than on WGS 84;
- a city is no point, and databases say "Moscow" for the region around it: `CITY_RADIUS_KM`;
- the sensor's position is as exact as the configuration says (`sensor.accuracy_km`).

Light in fibre, at two thirds of c, gives a second, softer bound. Cables make detours, but radio links do
not run in glass, so it is told and never excludes anything. Of countries the signatures know no borders:
only cities can be excluded, never a country.
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
FIBRE = 2 / 3
EARTH_RADIUS_KM = 6371.0088  # mean radius of WGS 84
ELLIPSOID = 0.0056
CITY_RADIUS_KM = 100.0
TIMING_MARGIN_NS = 1_000_000
"""Cards hand packets over with delays of up to a fraction of a millisecond; clocks tick once in one."""

LEAST_UNCHECKED_NS = 1_000_000
"""A smaller round trip is believed only if other destinations show that nothing in the middle answers."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What a round trip excludes, and how that came about, in one line."""

    excluded: tuple[str, ...]  # ids of locations
    step: str


def distance_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """The great-circle distance between two points in degrees, on the mean sphere."""
    there, here = math.radians(other_latitude), math.radians(latitude)
    across = math.radians(other_longitude - longitude)
    # The haversine formula: exact for short distances as well.
    half = math.sin((there - here) / 2) ** 2 + math.cos(here) * math.cos(there) * math.sin(across / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, half)))


def reach_km(rtt_ns: int) -> float:
    """How far away a server can be that answered within a round trip, the margin for timing included."""
    return (rtt_ns + TIMING_MARGIN_NS) / 1e6 / 2 * LIGHT_KM_PER_MS


class Horizon:
    """The locations around a sensor, by their distance; of a sensor without a position it excludes none."""

    def __init__(self, position: Position | None, locations: Mapping[str, Location]) -> None:
        self._has_position = position is not None
        by_distance = sorted(
            (least_km(position, location), location.id) for location in locations.values() if position
        )
        self._least_km = [distance for distance, _ in by_distance]
        # What lies beyond the n nearest locations, for each n: there is nothing else to exclude.
        ids = [location for _, location in by_distance]
        self._beyond = [tuple(sorted(ids[count:])) for count in range(len(ids) + 1)]

    def bound(self, trip: RoundTrip) -> Bound:
        """What the round trip excludes; nothing, where it must not be believed."""
        told = f"round trip: {trip.min_ns / 1e6:.3f} ms"
        doubt = self._doubt(trip)
        if doubt:
            return Bound((), f"{told}; {doubt}: nothing is excluded")
        farthest_km = reach_km(trip.min_ns)
        excluded = self._beyond_km(farthest_km)
        slow = [one for one in self._beyond_km(farthest_km * FIBRE) if one not in excluded]
        step = (
            f"{told}, so it is at most {farthest_km:.0f} km away: excludes {', '.join(excluded) or 'nothing'}"
        )
        if slow:
            step += f"; too far by light in fibre, which excludes nothing: {', '.join(slow)}"
        return Bound(excluded, step)

    def _beyond_km(self, farthest_km: float) -> tuple[str, ...]:
        return self._beyond[bisect_right(self._least_km, farthest_km)]

    def _doubt(self, trip: RoundTrip) -> str | None:
        """Why the round trip excludes nothing; None: it may."""
        if not self._has_position:
            return "the sensor's position is not configured"
        if trip.interception == "suspected":
            return "unrelated destinations are equally near, so something in the middle seems to answer"
        if trip.interception == "unknown" and trip.min_ns < LEAST_UNCHECKED_NS:
            return "so small a one may come from something in the middle, and few destinations were seen"
        return None


def least_km(position: Position, location: Location) -> float:
    """How far a location is away at least: no more than this is certain."""
    ends = (position.latitude, position.longitude, location.latitude, location.longitude)
    return distance_km(*ends) * (1 - ELLIPSOID) - CITY_RADIUS_KM - position.accuracy_km
