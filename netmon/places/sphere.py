"""Distances on the mean sphere."""

from __future__ import annotations

import math

EARTH_RADIUS_KM = 6371.0088  # mean radius of WGS 84
ELLIPSOID = 0.0056  # great circles on the mean sphere are longer by at most this share than on WGS 84


def distance_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """The great-circle distance between two points in degrees, on the mean sphere."""
    there, here = math.radians(other_latitude), math.radians(latitude)
    across = math.radians(other_longitude - longitude)
    # The haversine formula: exact for short distances as well.
    half = math.sin((there - here) / 2) ** 2 + math.cos(here) * math.cos(there) * math.sin(across / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, half)))
