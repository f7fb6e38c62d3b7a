"""The areas of countries: what they contain, how far away they are, and how they are made."""

import tarfile
from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given

from netmon.countries import COUNTRIES
from netmon.places.borders import CELLS_PER_DEGREE, FILE, HALF_ROW_KM, min_distance_km
from netmon.places.sphere import distance_km
from netmon.signatures.folder import default_folder
from netmon.signatures.load import load_folder
from tests.craft import borders as craft

LOCATIONS = load_folder(default_folder()).locations
MADE_FROM = ("tests/craft", "netmon/places", "netmon/countries.py", "tests/places/test_borders.py")


@pytest.mark.parametrize("code", sorted(COUNTRIES))
def test_every_country_has_an_area(code):
    """All codes of ISO 3166-1."""
    assert min_distance_km(0, 0, code) is not None


def test_what_is_no_country_has_no_area():
    """So that nothing can be said about it."""
    assert min_distance_km(0, 0, "XX") is None


@pytest.mark.parametrize("location", LOCATIONS.values(), ids=str)
def test_locations_are_in_their_countries(location):
    """The cities of the signatures."""
    assert min_distance_km(location.latitude, location.longitude, location.country) == 0


@pytest.mark.parametrize(
    ("latitude", "longitude", "countries"),
    [
        (44.95, 34.10, "RU UA"),  # Simferopol, Crimea
        (48.00, 37.80, "RU UA"),  # Donetsk
        (46.64, 32.61, "RU UA"),  # Kherson
        (54.71, 20.51, "RU"),  # Kaliningrad
        (43.00, 41.02, "GE RU"),  # Sukhumi, Abkhazia
        (42.23, 43.97, "GE RU"),  # Tskhinvali, South Ossetia
        (34.08, 74.80, "IN PK CN"),  # Srinagar, Kashmir
        (35.20, 79.50, "IN CN"),  # Aksai Chin
        (27.10, 93.62, "IN CN"),  # Itanagar, Arunachal Pradesh
        (27.15, -13.20, "EH MA"),  # El Aaiún, Western Sahara
        (25.03, 121.56, "TW CN"),  # Taipei
        (22.30, 114.17, "HK CN"),  # Hong Kong
        (35.34, 33.32, "CY TR"),  # Kyrenia, northern Cyprus
        (42.66, 21.17, "XK RS"),  # Pristina
        (33.10, 35.80, "IL SY"),  # Golan Heights
        (31.90, 35.20, "IL PS"),  # Ramallah
        (39.82, 46.75, "AZ AM"),  # Stepanakert, Nagorno-Karabakh
        (44.02, 145.86, "RU JP"),  # Kunashir
        (-51.70, -57.85, "FK GB AR"),  # Stanley
        (36.14, -5.35, "GI GB ES"),  # Gibraltar
        (6.80, -58.16, "GY VE"),  # Georgetown is in the rectangle around Guayana Esequiba
        (4.92, -52.31, "GF FR"),  # Cayenne
        (78.22, 15.65, "SJ NO"),  # Longyearbyen
        (28.12, -15.43, "ES"),  # Las Palmas
        (12.15, -68.27, "BQ NL"),  # Bonaire
        (18.47, -66.11, "PR US"),  # San Juan
        (9.56, 44.06, "SO"),  # Hargeisa, Somaliland
        (45.96, 63.31, "KZ RU"),  # Baikonur
    ],
)
def test_an_area_belongs_to_everyone_who_counts_it_to_a_country(latitude, longitude, countries):
    """Overseas parts and dependent territories to their states, disputed areas to every claimant."""
    assert {code: min_distance_km(latitude, longitude, code) for code in countries.split()} == dict.fromkeys(
        countries.split(), 0
    )


@pytest.mark.parametrize(
    ("latitude", "longitude", "country", "true_km"),
    [
        (50.11, 8.68, "RU", 885.4),  # Frankfurt – the spit near Baltiysk
        (50.11, 8.68, "CH", 256.9),
        (50.11, 8.68, "US", 5382.1),
        (47.377, 8.542, "DE", 23.7),  # Zürich
        (52.52, 13.405, "CH", 616.3),  # Berlin
        (48.208, 16.373, "RU", 729.5),  # Vienna
        (48.208, 16.373, "CH", 465.4),
        (48.208, 16.373, "UA", 426.3),
        (55.756, 37.617, "UA", 452.6),  # Moscow
        (-41.3, 174.8, "AU", 1492.7),  # Wellington – Macquarie Island
        (71.3, -156.8, "RU", 665.5),  # Utqiagvik – beyond the date line
        (64.5, -172.0, "US", 79.3),
    ],
)
def test_distances_are_at_most_a_cell_too_small(latitude, longitude, country, true_km):
    """By its diagonal. True is the distance to the nearest corner of the polygons at 1:10m."""
    assert true_km - 32 <= min_distance_km(latitude, longitude, country) <= true_km


POINTS = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@given(POINTS, st.sampled_from(sorted(LOCATIONS)))
def test_no_point_of_a_country_is_nearer_than_the_country(point, name):
    """A point in the country bounds the distance from above."""
    there = LOCATIONS[name]
    found_km = min_distance_km(*point, there.country)
    assert 0 <= found_km <= distance_km(*point, there.latitude, there.longitude) + 1e-6


@given(POINTS, POINTS, st.sampled_from(["CH", "RU", "US", "FJ", "AQ"]))
def test_a_step_changes_the_distance_by_at_most_its_length(point, other, country):
    """Also over the poles and the date line; the height of a row is subtracted once."""
    one_km, other_km = min_distance_km(*point, country), min_distance_km(*other, country)
    assert abs(one_km - other_km) <= distance_km(*point, *other) + HALF_ROW_KM + 1e-6


def triangle(*points):
    return [[*points, points[0]]]


GRID = st.floats(-3, 3)
TRIANGLES = st.lists(st.tuples(GRID, GRID), min_size=3, max_size=3).map(lambda points: triangle(*points))


def is_covered(cells, x, y):
    row = int((y + 90) * CELLS_PER_DEGREE)
    column = (x + 180) % 360 * CELLS_PER_DEGREE
    rows = (row - 1, row, row + 1) if abs(round((y + 90) * CELLS_PER_DEGREE) - row) < 1e-6 else (row,)
    return any(
        west - 1e-6 <= column <= east + 1 + 1e-6 for one in rows for west, east in craft.runs_of(cells, one)
    )


@given(TRIANGLES, st.floats(0, 1), st.floats(0, 1))
def test_every_point_of_a_polygon_is_covered(polygon, one, other):
    """Corners, edges and the inside, also of polygons thinner than a cell."""
    cells = {}
    craft.cover([polygon], cells)
    (x, y), *others = polygon[0][:3]
    one, other = (1 - one, 1 - other) if one + other > 1 else (one, other)
    for share, (other_x, other_y) in zip((one, other), others, strict=True):
        x, y = x + share * (other_x - polygon[0][0][0]), y + share * (other_y - polygon[0][0][1])
    assert is_covered(cells, x, y)


def test_a_hole_is_not_covered():
    """An enclave is no part of the country around it."""
    outer, hole = [(0, 0), (9, 0), (9, 9), (0, 9), (0, 0)], [(3, 3), (3, 6), (6, 6), (6, 3), (3, 3)]
    cells = {}
    craft.cover([[outer, hole]], cells)
    assert is_covered(cells, 1, 1)
    assert is_covered(cells, 3, 4)
    assert not is_covered(cells, 4.5, 4.5)
    assert not is_covered(cells, 9.5, 4.5)


def test_the_file_states_its_source_and_licence():
    """And it is small enough to be shipped."""
    text = FILE.read_text(encoding="utf-8")
    assert text.startswith(craft.HEADER)
    assert "public domain" in craft.HEADER
    assert len(text) < 300_000


@pytest.mark.slow
@pytest.mark.reuse(*MADE_FROM)
def test_the_file_is_what_the_script_makes(natural_earth):
    """Byte for byte."""
    assert craft.make(natural_earth) == FILE.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.reuse(*MADE_FROM)
def test_every_border_at_the_largest_scale_is_covered(natural_earth):
    """Corners and the middles of edges at 1:10m are within the areas of all who count them to theirs."""
    areas = {}
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            code, *rows = line.split("\t")
            areas[code] = {}
            for row, *runs in map(str.split, rows):
                pairs = (map(int, run.split("+")) for run in runs)
                areas[code][int(row)] = [(west, west + more) for west, more in pairs]
    corners = 0
    with tarfile.open(natural_earth) as archive:
        for codes, polygons in craft.countries(archive, "package/countries-10m.json"):
            edges = [edge for polygon in polygons for ring in polygon for edge in pairwise(ring)]
            corners += len(edges)
            for code in codes:
                for (x, y), (other_x, other_y) in edges[::7]:
                    assert is_covered(areas[code], x, y)
                    assert is_covered(areas[code], (x + other_x) / 2, (y + other_y) / 2)
    assert corners > 400_000
