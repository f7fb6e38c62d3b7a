"""Dashboards drawn by Grafana's own components in a real browser, with data from a real Prometheus."""

import re

import pytest

from grafana.src.build import overview
from tests.grafana.boards import NAMES, load
from tests.grafana.scenes import SCENES, record_scene
from tests.grafana.simulation import SIMULATED
from tests.machine import need
from tests.render.draw import PHONE, THEMES, draw

DRAWN = pytest.mark.reuse(*SIMULATED.args, "tests/render")

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.render]

LEAST_BYTES = 60_000  # an empty page is much smaller
UNREADABLE = r"No data|NaN|undefined|Infinity|Value #\w|\[object|\$\{|\{\{|Invalid"


def test_boards_can_be_drawn(page, recording, tmp_path):
    """With the lab's data every panel is drawn, none is empty, and no value is unreadable."""
    picture = tmp_path / "boards.png"
    drawn = dict(zip(NAMES, draw(page, NAMES, recording, picture), strict=True))
    for name, (text, _markers, clipped) in drawn.items():
        lines = text.splitlines()
        assert [panel["title"] for panel in load(name)["panels"] if panel["title"] not in lines] == []
        assert (re.findall(UNREADABLE, text), clipped) == ([], []), name
    assert picture.stat().st_size > LEAST_BYTES
    text, markers, _clipped = drawn["overview"]
    for words in ("Unexpected: data went where it should not", "Zürich", "Moscow", "elsewhere", "acme"):
        assert words in text
    # The disputed place has no city, so it is not on the map.
    words = {place: overview.PLACE_VERDICTS[f"{value:.0f}"][0] for place, value in markers.items()}
    assert words == {"Zürich": "expected", "Frankfurt": "undecided", "Moscow": "unexpected"}


GOOD, POOR = "1 of 1 sensors report, view good", "view poor on 1 interface"
DEAD = "No sensor answers: check the service, the network and the targets of Prometheus"
IDLE = "No traffic of a known vendor: check the mirror port if you expect some"
NOTHING = "No finding in this time range"
FOUND = ("Unexpected: data went where it should not", "4 flows, 7.9 kB, acme → Moscow")
SHOWN = {
    "clean": {
        "overview": ("As promised", f"90 of 120 flows judged, {GOOD}", "none"),
        "unexpected": (f"Good basis: 90 of 120 flows judged, {GOOD}", NOTHING, "Excluded by round trips"),
        "sensor-health": ("100%", "berlin eth1", "No packet was dropped in this time range"),
        "vendor": ("Zürich, expected", "TLS name", "Not TLS"),
    },
    "moscow": {
        "overview": (*FOUND, "Moscow, unexpected"),
        "unexpected": ("berlin", "critical", "Moscow", "acme (files) to Moscow, unexpected"),
        "sensor-health": ("100%",),
        "vendor": ("Moscow, unexpected", "critical"),
    },
    "undecided": {
        "overview": ("Undecided: none of the traffic could be judged", "0 of 120 flows judged"),
        "unexpected": ("Poor basis: 0 of 120 flows judged", NOTHING),
        "sensor-health": ("100%",),
        "vendor": ("disputed, undecided", "100%"),
    },
    "poor_view": {
        "overview": ("Nothing unexpected, but not everything could be judged", POOR),
        "unexpected": (f"Poor basis: 90 of 120 flows judged, 1 of 1 sensors report, {POOR}", NOTHING),
        "sensor-health": ("The mirror loses bytes", "50%", "berlin eth1 by the kernel"),
        "vendor": ("Poor basis",),
    },
    "idle": {
        "overview": ("No traffic of a known vendor", "No flow to a known vendor in this time range"),
        "unexpected": (f"{IDLE} – 0 of 0 flows judged, {GOOD}", NOTHING),
        "sensor-health": ("100%",),
        "vendor": (IDLE,),
    },
    "dead": {
        **dict.fromkeys(("overview", "unexpected", "vendor"), (DEAD,)),
        "sensor-health": ("0%", "berlin:10977", "no"),
    },
    "restarted": {
        "overview": FOUND,
        "unexpected": ("4", "7.88", "critical", "country\nRU\n1\n"),
        "sensor-health": ("100%", "berlin eth1"),
        "vendor": ("Moscow, unexpected",),
    },
    "first_day": {
        "overview": ("As promised", "15 of 20 flows judged"),
        "unexpected": ("Good basis: 15 of 20 flows judged", NOTHING),
        "sensor-health": ("100%",),
        "vendor": ("Zürich, expected",),
    },
}
"""What each dashboard says in each state."""


@DRAWN
@pytest.mark.parametrize("scene", SCENES)
def test_every_state_is_drawn(page, scene, tmp_path):
    """In dark and in light every dashboard says in words what there is, also where there is nothing."""
    need("prometheus", "promtool")
    made = record_scene(SCENES[scene])
    for theme in THEMES:
        drawn = draw(page, NAMES, made, tmp_path / f"{theme}.png", theme=theme)
        for name, (text, _markers, clipped) in zip(NAMES, drawn, strict=True):
            assert (re.findall(UNREADABLE, text), clipped) == ([], []), name
            assert [words for words in SHOWN[scene][name] if words not in text] == [], name


@DRAWN
def test_nothing_is_clipped_on_a_phone(page, tmp_path):
    """The longest sentences and words fit when every panel is as wide as a phone."""
    need("prometheus", "promtool")
    for scene in ("dead", "moscow"):
        made = record_scene(SCENES[scene])
        drawn = draw(page, NAMES, made, tmp_path / "phone.png", width=PHONE)
        assert {name: one.clipped for name, one in zip(NAMES, drawn, strict=True)} == {
            key: [] for key in NAMES
        }
