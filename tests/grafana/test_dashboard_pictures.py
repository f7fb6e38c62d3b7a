"""Dashboards drawn by Grafana's own components in a real browser, with data from a real Prometheus."""

import re

import pytest

from tests.grafana.boards import NAMES, load
from tests.render.draw import draw

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.render]

LEAST_BYTES = 30_000  # an empty page is much smaller


@pytest.mark.parametrize("name", NAMES)
def test_board_can_be_drawn(name, page, recording, tmp_path):
    """Every panel is drawn, none is empty, and no value is unreadable."""
    picture = tmp_path / f"{name}.png"
    text, _markers = draw(page, name, recording, picture)
    lines = text.splitlines()
    assert [panel["title"] for panel in load(name)["panels"] if panel["title"] not in lines] == []
    assert re.findall(r"No data|NaN|undefined|Infinity|Value #\w|\[object", text) == []
    assert picture.stat().st_size > LEAST_BYTES


def test_overview_shows_what_happened(page, recording, tmp_path):
    """It shows the verdict, the places by name, and the vendor; the map has a marker for each city."""
    text, markers = draw(page, "overview", recording, tmp_path / "overview.png")
    for words in ("Unexpected: data went where it should not", "Zürich", "Moscow", "elsewhere", "acme"):
        assert words in text
    # The disputed place has no city, so it is not on the map.
    assert {place: findings > 0 for place, findings in markers.items()} == {
        "Zürich": False,
        "Frankfurt": False,
        "Moscow": True,
    }
