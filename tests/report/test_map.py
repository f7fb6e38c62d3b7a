"""The map: one colour for each share, whatever the number of sensors, and nothing bad is left out."""

import re
from collections import defaultdict
from dataclasses import replace

import pytest

from netmon.language.language import NARROW, Language
from netmon.report.facts import Amount, Group
from netmon.report.labels import place_labels
from netmon.report.map_drawing import draw_map
from netmon.report.page import render
from netmon.report.tables import arcs_of, places_on_map
from tests.report.recorded import SIGNATURES, report_of
from tests.report.test_answers import PLAIN

BAD = replace(PLAIN, outcome="unexpected", reason="place_elsewhere", severity="warning", lacks=None)
ENGLISH = Language("en")


def group(meaning, size, sensor="a"):
    """Flows of one meaning with so many bytes."""
    return Group(sensor, meaning, 0, Amount(1, size, 0), 0, 1)


@pytest.fixture(scope="module")
def fifty():
    """The report on fifty sensors."""
    return report_of("fifty")


def drawn(report, groups):
    """The map of these groups, seen by the sensors of a report."""
    names = [one.name for one in report.scope.sensors]
    places = places_on_map(groups, SIGNATURES.locations)
    groups = [replace(one, sensor=names[int(one.sensor)]) for one in groups]
    return draw_map(replace(report, destinations=places, arcs=arcs_of(groups, SIGNATURES.locations)), ENGLISH)


def test_a_place_has_a_sector_for_each_share(fifty):
    """The worst comes first, however small it is, and gives the arc and the circle their colour."""
    found = drawn(fifty, [group(PLAIN, 10_000, "0"), group(BAD, 1, "0")])
    [marker], [curve] = found.markers, found.curves
    assert [one.share for one in marker.sectors] == ["elsewhere", "no_promise"]
    assert (marker.share, curve.share) == ("elsewhere", "elsewhere")


def test_a_place_with_one_share_is_a_circle(fifty):
    """Of the colour of the share."""
    [marker] = drawn(fifty, [group(PLAIN, 10_000, "0")]).markers
    assert (marker.sectors, marker.share) == ((), "no_promise")


@pytest.mark.parametrize("count", [1, 2, 10, 50])
def test_colours_do_not_depend_on_the_number_of_sensors(fifty, count):
    """Each arc has the colour of its own traffic, and the place that of all of it."""
    groups = [group(BAD if number % 2 else PLAIN, 10, str(number)) for number in range(count)]
    found = drawn(fifty, groups)
    assert {one.share for one in found.curves} == {"no_promise", "elsewhere"} - (
        {"elsewhere"} if count == 1 else set()
    )
    assert [one.share for one in found.markers] == ["elsewhere" if count > 1 else "no_promise"]


def test_the_smallest_arcs_are_left_out_but_no_bad_one(fifty, monkeypatch):
    """Of more arcs than can be told apart, one with a finding is drawn, though it has fewest bytes."""
    monkeypatch.setattr("netmon.report.map_drawing.MOST_ARCS", 10)
    many = [group(PLAIN, 1000, str(number)) for number in range(50)]
    found = drawn(fifty, [*many, group(replace(BAD, location="moscow", country="RU"), 1, "7")])
    assert [one.share for one in found.curves].count("elsewhere") == 1
    assert (len(found.curves), found.more_arcs) == (10, 51 - 10)


def test_colours_are_not_mixed(fifty):
    """Two arcs over each other have the colour of the upper one, which is one of the legend."""
    page = render(fifty, ENGLISH, SIGNATURES.locations, defaultdict(str))
    arcs = re.findall(r'<path class="arc [^>]*>', page)
    assert arcs
    assert not any("opacity" in arc for arc in arcs)
    [rule] = re.findall(r"\.map \.arc {[^}]*}", page)
    assert "opacity" not in rule


def test_cities_without_coordinates_are_one_circle(fifty):
    """Their country, dashed: circles at one point would hide each other."""
    cities = [replace(PLAIN, location="US", country="US", city=city) for city in ("Dallas", "Ashburn", None)]
    found = drawn(fifty, [group(one, 10, "0") for one in cities])
    [marker] = found.markers
    assert (marker.is_hollow, marker.text) == (True, f"United States: 30{NARROW}B")
    assert len(found.curves) == 1


def test_the_worst_place_is_named_first(fifty, monkeypatch):
    """Where there is room for one name only, though fewest bytes went there."""
    monkeypatch.setattr("netmon.report.map_drawing.place_labels", one_label)
    bad = replace(BAD, location="moscow", country="RU", city="Moscow")
    found = drawn(fifty, [group(PLAIN, 10_000, "0"), group(bad, 1, "0")])
    assert [one.name for one in found.labels] == ["Moscow"]


def one_label(wanted, taken, frame):
    """Room for the first one."""
    placed = place_labels(wanted[:1], taken, frame)
    return [*placed, *[None] * (len(wanted) - 1)]
