"""Dashboards drawn by Grafana's own components in a real browser, with data from a real Prometheus."""

import re

import pytest

from tests.grafana.boards import NAMES, load
from tests.grafana.scenes import SCENES, record_scene
from tests.machine import need
from tests.render.draw import THEMES, draw

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


SHOWN = {
    "clean": ("As promised", "90 of 120 flows judged, 1 of 1 sensors report, view good", "none"),
    "moscow": ("Unexpected: data went where it should not", "4 flows, 7.9 kB, acme → Moscow"),
    "undecided": ("Undecided: none of the traffic could be judged", "0 of 120 flows judged"),
    "poor_view": ("Nothing unexpected, but not everything could be judged", "view poor on 1 interface"),
    "idle": ("No traffic of a known vendor", "No flow to a known vendor in this time range"),
    "dead": ("No sensor answers: check the service, the network and the targets of Prometheus"),
    "restarted": ("Unexpected: data went where it should not", "4 flows, 7.9 kB, acme → Moscow"),
    "first_day": ("As promised", "15 of 20 flows judged"),
}


@pytest.mark.parametrize("scene", SCENES)
def test_every_state_is_drawn(page, scene, tmp_path):
    """In dark and in light the overview says in words what there is, also where there is nothing."""
    need("prometheus", "promtool")
    made = record_scene(SCENES[scene])
    for theme in THEMES:
        text, _markers = draw(page, "overview", made, tmp_path / f"{theme}.png", theme=theme)
        assert re.findall(r"No data|NaN|undefined|Infinity|Value #\w|\[object", text) == []
        assert [words for words in SHOWN[scene] if words not in text] == []
