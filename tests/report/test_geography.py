"""Which part of the world a map shows, and where its outlines come from."""

import pytest

from netmon.countries import COUNTRIES
from netmon.report.geography import WIDTH, choose
from netmon.report.outlines import FILE, middle_of, outlines_of
from tests.craft import outlines as craft

CITIES = {
    "Zürich": (8.54, 47.38), "Moscow": (37.62, 55.76), "Lisbon": (-9.14, 38.72), "Reykjavík": (-21.9, 64.15),
    "Ankara": (32.85, 39.92), "Kaliningrad": (20.51, 54.71), "Athens": (23.73, 37.98), "Oslo": (10.75, 59.91),
}  # fmt: skip
FAR = {"Singapore": (103.85, 1.29), "São Paulo": (-46.63, -23.55), "Ashburn": (-77.49, 39.04)}


@pytest.mark.parametrize("one", CITIES)
@pytest.mark.parametrize("other", CITIES)
def test_europe_shows_all_of_it(one, other):
    """Any two cities are well inside the frame."""
    points = [CITIES[one], CITIES[other]]
    geography = choose(points)
    assert geography.name == "europe"
    for point in points:
        x, y = geography.at(point)
        assert 40 <= x <= WIDTH - 40
        assert 30 <= y <= geography.height - 30


@pytest.mark.parametrize("city", FAR)
def test_the_world_shows_the_rest(city):
    """A place outside Europe, beside one in it."""
    geography = choose([CITIES["Zürich"], FAR[city]])
    assert geography.name == "world"
    x, y = geography.at(FAR[city])
    assert 0 < x < WIDTH
    assert 0 < y < geography.height


def test_no_place_shows_the_middle_of_europe():
    """A map without a place is not drawn, but does not fail either."""
    assert choose([]).name == "europe"


def test_a_country_is_drawn_once():
    """It is either among those that are meant, or among the others."""
    geography = choose([CITIES["Zürich"], CITIES["Moscow"]])
    whole = geography.land(set(), are_meant=False)
    parts = geography.land({"RU"}, are_meant=True), geography.land({"RU"}, are_meant=False)
    assert all(parts)
    assert whole.count("M") == sum(part.count("M") for part in parts)


def test_most_countries_have_a_middle():
    """On the map of the world; those without are islands and city states that are too small for it."""
    missing = {code for code in COUNTRIES if middle_of("world", code) is None}
    assert len(missing) < 80
    assert missing.isdisjoint({"DE", "RU", "US", "CN", "BR", "AU", "ZA", "IN", "CH"})
    assert middle_of("world", "CH") == (pytest.approx(8.2, abs=0.6), pytest.approx(46.8, abs=0.6))


def test_outlines_are_closed_areas():
    """Every ring has at least three points within the map."""
    for name in ("europe", "world"):
        assert all(len(one.ring) >= 3 for one in outlines_of(name))
        assert all(-180 <= x <= 180 and -90 <= y <= 90 for one in outlines_of(name) for x, y in one.ring)


@pytest.mark.slow
def test_outlines_are_made_from_the_package(natural_earth):
    """The file is what `python -m tests.craft.outlines` writes."""
    assert craft.make(natural_earth) == FILE.read_text(encoding="utf-8")
