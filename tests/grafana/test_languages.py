"""German dashboards and alerts: the catalogue is complete, placeholders survive, and nothing else changes."""

import json
import re

import polib
import promql_parser
import pytest

from grafana.src import build, catalogue
from grafana.src.language import FOLDER, Language
from grafana.src.settings import LANGUAGES, Settings
from grafana.src.texts import translate
from tests.grafana.boards import AN_HOUR, NAMES, fill_in, load, panels, variables
from tests.grafana.expressions import check

FILES = sorted(FOLDER.glob("*.po"))
CATALOGUES = {file.stem: list(polib.pofile(str(file))) for file in FILES}
ENTRIES = [(code, entry) for code, entries in CATALOGUES.items() for entry in entries]
SAME = re.compile(
    r"netmon|Flows|Bytes|Median|DNS|Job|Sensor|Version|Python|Interface|Problem|[Ff]lows|version \d"
)
PLACEHOLDER = re.compile(
    r"\$\{\w+\}|\$\w+(?:\.\w+)*|(?<!\w)\.[A-Z]\w+\.\w+|\[\[\w+\]\]|\(\.[*+]\)|\{\{\w+\}\}|\| \w+"
)
BLOCK = re.compile(r"\{\{-? *(if|with|range|end)\b")


def german(name):
    """A dashboard in German."""
    return translate(load(name), Language("de"))


@pytest.mark.parametrize("code", CATALOGUES)
def test_catalogue_is_complete(code, tmp_path):
    """Every text has a translation, none is stale, and `python -m grafana.src.catalogue` changes nothing."""
    file = FOLDER / f"{code}.po"
    copy = tmp_path / file.name
    copy.write_bytes(file.read_bytes())
    assert catalogue.update(copy) == [], "translate these texts, after python -m grafana.src.catalogue"
    assert copy.read_text(encoding="utf-8") == file.read_text(encoding="utf-8"), (
        "run python -m grafana.src.catalogue"
    )


def test_every_language_has_a_catalogue():
    """The languages of the settings are English and those of the catalogues."""
    assert {"en", *CATALOGUES} == set(LANGUAGES)


@pytest.mark.parametrize(("code", "entry"), ENTRIES, ids=[entry.msgid[:60] for _, entry in ENTRIES])
def test_placeholders_survive(code, entry):
    """Labels, values, settings, groups of patterns and blocks are in the translation, and no others."""
    assert set(PLACEHOLDER.findall(entry.msgstr)) == set(PLACEHOLDER.findall(entry.msgid))
    blocks = BLOCK.findall(entry.msgstr)
    assert blocks.count("end") * 2 == len(blocks)
    assert entry.msgstr.count("{{") == entry.msgstr.count("}}") >= entry.msgid.count("{{")
    assert entry.msgid[-1] not in ".:–" or entry.msgstr[-1] == entry.msgid[-1], "the same mark at the end"
    assert entry.msgstr != entry.msgid or SAME.search(entry.msgid), "it is still English"


def test_an_unknown_text_stays_english():
    """A text that the catalogue lacks is shown in English rather than not at all."""
    assert Language("de").say("A new panel") == "A new panel"


def leaves(node, path=()):
    """Every value of a document with its path."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else None
    if pairs is None:
        yield path, node
        return
    for key, value in pairs:
        yield from leaves(value, (*path, key))


@pytest.mark.parametrize("name", NAMES)
def test_only_texts_differ(name):
    """Numbers, identifiers, colours, units, variables and links are those of the English dashboard."""
    english, other = dict(leaves(load(name))), dict(leaves(german(name)))
    words = {text: entry for entry in CATALOGUES["de"] for text in (entry.msgid, entry.msgstr)}
    for path, value in english.items():
        if other[path] != value and path[-1] not in ("expr", "options"):
            assert value in words
            assert words[value].msgstr == other[path], path
            assert path[-1] not in (
                "uid",
                "refId",
                "unit",
                "type",
                "mode",
                "query",
                "url",
                "fixedColor",
                "color",
            )
    added = other.keys() - english.keys()
    assert {path[-1] for path in added} <= {"id", "value"}
    assert all("properties" in path for path in added)  # names of series


@pytest.mark.parametrize("name", NAMES)
def test_every_text_is_german(name):
    """Titles, descriptions and headings are translated; only words that German shares are the same."""
    board = german(name)
    for panel in [*board["panels"], *variables(board).values(), board]:
        for key in ("title", "description", "label"):
            text = panel.get(key)
            if text and not SAME.search(text):
                assert text in {entry.msgstr for entry in CATALOGUES["de"]}
                assert text not in {entry.msgid for entry in CATALOGUES["de"]}


@pytest.mark.parametrize("name", NAMES)
def test_german_queries_are_valid(name):
    """They parse, and use metrics and labels that exist; legends use labels of the result."""
    board = german(name)
    chosen = dict.fromkeys(variables(board), ".+")
    for panel in panels(board):
        for query in panel["targets"]:
            labels = check(fill_in(query["expr"], chosen, AN_HOUR))
            assert set(re.findall(r"\{\{\s*(\w+)\s*\}\}", query.get("legendFormat", ""))) <= labels


@pytest.mark.parametrize("name", NAMES)
def test_columns_and_series_keep_their_appearance(name):
    """Headings of a table stay different; overrides, sorting and markers still find what they refer to."""
    for before, after in zip(panels(load(name)), panels(german(name)), strict=True):
        old, new = names(before), names(after)
        assert len(set(new)) == len(set(old)), after["title"]
        renamed = dict(zip(old, new, strict=True))
        for one, other in zip(references(before), references(after), strict=True):
            assert renamed.get(one, one) == other
        assert matches(before) == matches(after), after["title"]


def names(panel):
    """Headings and legends."""
    headings = [
        heading
        for one in panel.get("transformations", ())
        for _, heading in sorted(one["options"].get("renameByName", {}).items())
    ]
    return headings + [query.get("legendFormat") for query in panel["targets"]]


def matches(panel):
    """Which legends each regular expression of an override finds."""
    overrides = panel["fieldConfig"].get("overrides", [])
    patterns = [
        one["matcher"]["options"].strip("/i") for one in overrides if one["matcher"]["id"] == "byRegexp"
    ]
    legends = [re.sub(r"\{\{\w+\}\}", "1", query.get("legendFormat") or "") for query in panel["targets"]]
    return [
        [bool(re.search(pattern, legend)) for legend in legends] for pattern in patterns if len(pattern) > 7
    ]


def references(panel):
    """What refers to headings and legends by name."""
    overrides = panel["fieldConfig"].get("overrides", [])
    values = [one["matcher"]["options"] for one in overrides if one["matcher"]["id"] == "byName"]
    options = panel["options"]
    values += [one["displayName"] for one in options.get("sortBy", ())]
    styles = [layer["config"]["style"] for layer in options.get("layers", ())]
    values += [style[part]["field"] for style in styles for part in ("size", "color", "text")]
    verdicts = {entry.msgid: entry.msgstr for entry in CATALOGUES["de"]}
    return [
        value for value in values if value not in {*verdicts, *verdicts.values()} or value in names(panel)
    ]


def test_verdicts_in_legends_are_translated():
    """PromQL gives the series of a legend with {{verdict}} the German verdict, and overrides find it."""
    [panel] = [one for one in panels(german("overview")) if one["title"] == "Flows nach Urteil"]
    [query] = panel["targets"]
    assert "label_replace(" in query["expr"]
    promql_parser.parse(fill_in(query["expr"], {"job": ".+", "instance": ".+"}, AN_HOUR))
    for english, word in (("expected", "erwartet"), ("forbidden", "verboten")):
        assert f'"verdict", "{word}", "verdict", "{english}")' in query["expr"]
    shown = [one["matcher"]["options"] for one in panel["fieldConfig"]["overrides"]]
    assert {"erwartet", "offen", "unerwartet", "verboten"} <= set(shown)


def test_the_sentence_of_the_verdict_is_german():
    """The text that PromQL puts together is German, with the pattern that follows it."""
    [panel] = [one for one in panels(german("overview")) if one["title"] == "Urteil"]
    [query] = panel["targets"]
    assert '"${1} von ${2} Flows beurteilt, ${3} von ${4} Sensoren antworten, ${5}"' in query["expr"]
    assert '"sentence", "1 Flow,${1}", "sentence", "1 Flows,(.*)"' in query["expr"]


def test_english_is_the_source():
    """English dashboards are what their sources say, without a catalogue."""
    made = build.dashboards(Settings(), Language())
    assert {name: json.loads(text) for name, text in made.items()} == {
        f"{name}.json": load(name) for name in NAMES
    }


def test_a_panel_that_is_new_needs_entries_only():
    """Legends, headings, words for values and what refers to them are found wherever they stand."""
    panel = {
        "type": "timeseries",
        "title": "Flows by verdict",
        "targets": [{"expr": "sum by (verdict) (up)", "legendFormat": "elsewhere, {{verdict}}"}],
        "fieldConfig": {
            "defaults": {"noValue": "–", "mappings": [{"type": "value", "options": {"0": {"text": "yes"}}}]},
            "overrides": [
                {"matcher": {"id": "byName", "options": "critical"}, "properties": []},
                {"matcher": {"id": "byRegexp", "options": "/(^|, )unexpected/"}, "properties": []},
                {"matcher": {"id": "byName", "options": "latitude"}, "properties": []},
                {
                    "matcher": {"id": "byName", "options": "notice"},
                    "properties": [{"id": "displayName", "value": "warning"}],
                },
            ],
        },
    }
    language = Language()
    language._texts = {
        "elsewhere, {{verdict}}": "anderswo, {{verdict}}",
        "unexpected": "unerwartet",
        "expected": "erwartet",
        "critical": "kritisch",
        "warning": "Warnung",
        "notice": "Hinweis",
        "yes": "ja",
    }
    [made] = translate({"panels": [panel]}, language)["panels"]
    assert made["targets"][0]["legendFormat"] == "anderswo, {{verdict}}"
    assert made["targets"][0]["expr"].count("label_replace(") == 2
    assert made["fieldConfig"]["defaults"]["mappings"][0]["options"]["0"]["text"] == "ja"
    found = {one["matcher"]["options"]: one["properties"] for one in made["fieldConfig"]["overrides"]}
    assert found == {
        "critical": [{"id": "displayName", "value": "kritisch"}],
        "/(^|, )unerwartet/": [],
        "latitude": [],
        "notice": [{"id": "displayName", "value": "Warnung"}],
    }
