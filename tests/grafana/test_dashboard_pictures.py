"""Dashboards drawn by Grafana's own components, out of what a real Prometheus answered, in a real browser."""

import re

import pytest

from tests.grafana.boards import NAMES, load
from tests.machine import need
from tests.render.draw import build, draw
from tests.render.workshop import workshop

LEAST_BYTES = 30_000  # an empty page is smaller by far


@pytest.fixture(scope="module")
def page():
    need("chromium")
    return build(workshop())


@pytest.mark.parametrize("name", NAMES)
def test_board_can_be_drawn(name, page, recording, tmp_path):
    """Every panel is drawn, none is empty, and no value is one that nobody can read."""
    picture = tmp_path / f"{name}.png"
    text, _markers = draw(page, name, recording, picture)
    lines = text.splitlines()
    assert [panel["title"] for panel in load(name)["panels"] if panel["title"] not in lines] == []
    assert re.findall(r"No data|NaN|undefined|Infinity|Value #\w|\[object", text) == []
    assert picture.stat().st_size > LEAST_BYTES


def test_overview_says_what_happened(page, recording, tmp_path):
    """The sentence, the places by name, who it was; a marker for each city, red where it should be."""
    text, markers = draw(page, "overview", recording, tmp_path / "overview.png")
    for words in ("Unexpected: data went where it should not", "Zürich", "Moscow", "elsewhere", "acme"):
        assert words in text
    # The disputed place has no city, so it is not on the map.
    assert {place: findings > 0 for place, findings in markers.items()} == {
        "Zürich": False,
        "Frankfurt": False,
        "Moscow": True,
    }
