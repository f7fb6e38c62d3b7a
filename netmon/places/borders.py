"""The areas of countries, from `netmon/data/borders.tsv`, and their distance from a point.

An area is made of cells of a fifth of a degree, and contains every cell that the country touches, whoever
counts that part to it. So it can only be too large, and the distance only too small.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from netmon.places.sphere import EARTH_RADIUS_KM, distance_km

FILE = Path(__file__).parent.parent / "data" / "borders.tsv"
CELLS_PER_DEGREE = 5
HALF_ROW_KM = math.radians(0.5 / CELLS_PER_DEGREE) * EARTH_RADIUS_KM


def min_distance_km(latitude: float, longitude: float, country: str) -> float | None:
    """The smallest distance to a country on the mean sphere, 0 within it; None for an unknown area."""
    area = _areas().get(country)
    if area is None:
        return None
    nearest_km = math.inf
    for text in area.split("\t"):
        row, *runs = text.split()
        middle = (int(row) + 0.5) / CELLS_PER_DEGREE - 90
        away = min(_degrees_east_or_west(longitude, run) for run in runs)
        # On a parallel, the nearest point is the one with the nearest longitude.
        nearest_km = min(nearest_km, distance_km(latitude, 0, middle, away))
    return max(0.0, nearest_km - HALF_ROW_KM)


def _degrees_east_or_west(longitude: float, run: str) -> float:
    """How far the nearest column of a run is in longitude."""
    first, more = map(int, run.split("+"))
    west, east = first / CELLS_PER_DEGREE - 180, (first + more + 1) / CELLS_PER_DEGREE - 180
    if west <= longitude <= east:
        return 0.0
    return min(abs((edge - longitude + 180) % 360 - 180) for edge in (west, east))


@cache
def _areas() -> Mapping[str, str]:
    """Country → its rows, as in the file."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines if not line.startswith("#"))
