"""One German word for each thing, in the catalogues of netmon and of Grafana, and in the runbooks."""

import re
from pathlib import Path

import polib
import pytest

from netmon.language.language import FOLDER

ROOT = Path(__file__).parents[2]
RUNBOOKS = ROOT / "netmon" / "data" / "runbooks" / "de"
ABANDONED = {
    "Hersteller": "Anbieter",
    "Paketumlaufzeit": "Umlaufzeit",
    "Client": "Gerät",
    "Clients": "Geräte",
    "Vermittler": "Relay",
    "Spiegelport": "Mirror-Port",
}
OF_CATALOGUE = {"Flow": "Verbindung", "Flows": "Verbindungen", "Komponente": "Dienst", "Store": "Datenbank"}
"""Words that dashboards, which show metrics by these names, have nevertheless."""


def catalogue(path):
    """The German texts of a catalogue."""
    for entry in polib.pofile(path):
        yield from entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]


SOURCES = {
    "netmon": (lambda: catalogue(FOLDER / "de.po"), ABANDONED | OF_CATALOGUE),
    "grafana": (lambda: catalogue(ROOT / "grafana" / "languages" / "de.po"), ABANDONED),
    "runbooks": (lambda: (path.read_text(encoding="utf-8") for path in RUNBOOKS.glob("*.md")), ABANDONED),
}


@pytest.mark.parametrize("name", SOURCES)
def test_each_thing_has_one_word(name):
    """A reader never has to ask whether two words mean two things."""
    texts, abandoned = SOURCES[name]
    pattern = re.compile(rf"\b({'|'.join(abandoned)})(?:n|s|en)?\b")
    found = {(hit[0], text) for text in texts() for hit in pattern.finditer(text)}
    assert found == set()
