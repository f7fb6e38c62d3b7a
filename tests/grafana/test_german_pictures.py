"""German dashboards drawn with a real Prometheus' answers to their own queries."""

import re

import pytest

from grafana.src import build
from grafana.src.settings import Settings
from tests.grafana import boards
from tests.grafana.scenes import SCENES, record_scene
from tests.machine import need
from tests.render.draw import draw

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.render]

ENGLISH = r"\b(?:expected|unexpected|undecided|forbidden|elsewhere|sent|received|judged|sensors?)\b"
SHOWN = {
    "overview": (
        "Unerwartet: Daten gingen an einen Ort, an den sie nicht gehören – 4 Flows, 7.9 kB, acme → Moscow",
        "Moscow, unerwartet",
        "Ort nicht bekannt, offen",
        "gesendet",
    ),
    "unexpected": ("Gute Grundlage: ", " Flows beurteilt, 1 von 1 Sensoren antworten, Sicht gut", "kritisch"),
    "sensor-health": ("Kein Verdacht", "Im Zeitraum wurde kein Paket verworfen"),
    "vendor": ("Zürich, erwartet", "Kein TLS"),
}


def test_german_boards_can_be_drawn(page, tmp_path, monkeypatch):
    """Every text is shown, verdicts in legends too; nothing is clipped, although German words are longer."""
    need("prometheus", "promtool")
    for name, text in build.files(Settings(language="de")).items():
        if name.startswith("dashboards/"):
            (tmp_path / name.removeprefix("dashboards/")).write_text(text, encoding="utf-8")
    monkeypatch.setattr(boards, "FOLDER", tmp_path)
    made = record_scene(SCENES["moscow"])
    drawn = draw(page, boards.NAMES, made, tmp_path / "boards.png")
    for name, (text, _markers, clipped) in zip(boards.NAMES, drawn, strict=True):
        assert clipped == [], name
        shown = " ".join(text.split()).lower()
        assert [words for words in SHOWN[name] if words.lower() not in shown] == [], name
        assert re.findall(ENGLISH, text) == [], name
