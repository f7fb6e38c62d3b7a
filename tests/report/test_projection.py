"""Projections of the maps: equal areas, and north above south."""

import math

import hypothesis.strategies as st
import pytest
from hypothesis import given

from netmon.report.projection import equal_earth, lambert

PROJECTIONS = [equal_earth, lambert]


@pytest.mark.parametrize("project", PROJECTIONS)
@given(longitude=st.floats(-20, 60), latitude=st.floats(30, 75))
def test_areas_are_kept(project, longitude, latitude):
    """A small square of the globe has the same area on the map, wherever it is."""
    step = 1e-3
    x, y = project(longitude, latitude)
    across = [b - a for a, b in zip((x, y), project(longitude + step, latitude), strict=True)]
    along = [b - a for a, b in zip((x, y), project(longitude, latitude + step), strict=True)]
    area = abs(across[0] * along[1] - across[1] * along[0])
    true = math.radians(step) ** 2 * math.cos(math.radians(latitude))
    assert area == pytest.approx(true, rel=2e-3)


@pytest.mark.parametrize("project", PROJECTIONS)
def test_north_is_above(project):
    """The y axis points south, as in pictures, and the x axis east."""
    assert project(15, 60)[1] < project(15, 50)[1]
    assert project(10, 50)[0] < project(20, 50)[0]


def test_the_world_is_symmetrical():
    """Equal Earth: the equator and the prime meridian are its axes."""
    x, y = equal_earth(90, 40)
    assert equal_earth(-90, -40) == (pytest.approx(-x), pytest.approx(-y))
    assert equal_earth(0, 0) == (0, 0)
