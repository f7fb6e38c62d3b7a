"""The outlines of countries for the maps, as Natural Earth draws them (`netmon/data/outlines.tsv`)."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).parents[1] / "data" / "outlines.tsv"
STEPS_PER_DEGREE = 20

Point = tuple[float, float]
"""Longitude and latitude in degrees."""


class Outline(NamedTuple):
    """A ring of a country."""

    country: str  # ISO 3166-1 alpha-2; "-": an area without a code
    ring: tuple[Point, ...]


@cache
def outlines_of(name: str) -> tuple[Outline, ...]:
    """The outlines of the map "europe" or "world"."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return tuple(Outline(country, _points(steps)) for of, country, steps in rows if of == name)


@cache
def middle_of(name: str, country: str) -> Point | None:
    """The centroid of a country's largest ring on a map; None if the map does not have the country."""
    rings = [one.ring for one in outlines_of(name) if one.country == country]
    return _centroid(max(rings, key=lambda ring: abs(_doubled_area(ring)))) if rings else None


def _points(steps: str) -> tuple[Point, ...]:
    x = y = 0
    points = []
    for step in steps.split():
        step_x, _, step_y = step.partition(",")
        x, y = x + int(step_x), y + int(step_y)
        points.append((x / STEPS_PER_DEGREE, y / STEPS_PER_DEGREE))
    return tuple(points)


def _doubled_area(ring: tuple[Point, ...]) -> float:
    return sum(x * other_y - other_x * y for (x, y), (other_x, other_y) in pairwise([*ring, ring[0]]))


def _centroid(ring: tuple[Point, ...]) -> Point:
    weights = [
        (x * other_y - other_x * y, x + other_x, y + other_y)
        for (x, y), (other_x, other_y) in pairwise([*ring, ring[0]])
    ]
    whole = 3 * _doubled_area(ring)
    return sum(one * x for one, x, _ in weights) / whole, sum(one * y for one, _, y in weights) / whole
