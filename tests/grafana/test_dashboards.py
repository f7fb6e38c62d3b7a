"""Dashboards: the committed files match their sources, and follow dashboard-linter's rules and our own."""

import re
import subprocess
import sys

import jsonschema
import promql_parser
import pytest
import yaml

from grafana.src import words
from grafana.src.build import overview
from netmon._engine import Engine, Matcher
from netmon.quality import THRESHOLDS
from netmon.records import (
    ECH,
    ENCRYPTED_DNS,
    EVIDENCE,
    NEW_DESTINATION,
    QUESTIONS,
    QUIC_VERSIONS,
    STANDINGS,
    UNNAMED,
)
from tests.grafana.boards import (
    FILES,
    FOLDER,
    LABEL_VALUES,
    NAMES,
    QUERY_RESULT,
    example,
    load,
    panels,
    targets,
    variables,
)
from tests.grafana.expressions import GRAFANA, check, parse

ROOT = GRAFANA.parent
TARGETS = list(targets())
fields = overview.fields
# Panels that are part of every Grafana: plugins cannot be installed in a closed network.
CORE = {"bargauge", "geomap", "row", "stat", "table", "timeseries"}
RATES = {"rate", "increase", "irate", "resets", "changes"}
by_board = pytest.mark.parametrize("name", NAMES)
by_target = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)


def test_committed_files_match_their_sources(tmp_path):
    """`python -m grafana.src.build` changes nothing."""
    words = [sys.executable, "-m", "grafana.src.build", str(tmp_path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    made = {file.name: file.read_text(encoding="utf-8") for file in (tmp_path / "dashboards").iterdir()}
    assert made == {file.name: file.read_text(encoding="utf-8") for file in FILES}


@by_board
def test_board_can_be_provisioned(name):
    """It has a stable uid, no id, numbered panels, a schema version for Grafana 11.6 to 13, and no inputs."""
    board = load(name)
    assert board["uid"] == f"netmon-{name}"
    assert (board["id"], board["schemaVersion"], board["graphTooltip"]) == (None, 41, 1)
    assert board["title"].startswith("netmon / ")
    assert board["description"]
    assert board["tags"] == ["netmon"]
    assert "__inputs" not in board
    numbers = [panel["id"] for panel in board["panels"]]
    assert numbers == list(range(1, len(numbers) + 1))


@by_board
def test_boards_link_to_each_other(name):
    """Each has links to the others that keep the sensor and the time range."""
    [link] = load(name)["links"]
    assert (link["type"], link["tags"]) == ("dashboards", ["netmon"])
    assert link["includeVars"]
    assert link["keepTime"]


@by_board
def test_variables_select_source_and_sensors(name):
    """A data source, then jobs, their sites, and sensors of these; several or all of them can be selected."""
    board = variables(load(name))
    assert list(board)[:4] == ["datasource", "job", "site", "instance"]
    assert (board["datasource"]["type"], board["datasource"]["query"]) == ("datasource", "prometheus")
    # All sensors are those that the variable offers: a value for all would include those of other sites.
    for one, every in (("job", ".+"), ("site", ".*"), ("instance", None)):
        assert board[one]["multi"]
        assert board[one]["includeAll"]
        assert board[one].get("allValue") == every
    for variable in board.values():
        assert variable["label"]
        assert variable["description"]
        if variable["type"] == "query":
            query = variable["query"]["query"]
            if found := QUERY_RESULT.fullmatch(query):
                # This series has no site: the matcher lets it pass with all sites only.
                plain = found.group(1).replace('_build_info{job=~"$job", site=~"$site"}', "_build_info")
                assert plain != found.group(1)
                assert {"job", "instance", "sensor"} <= check(example(plain))
            else:
                series, label = LABEL_VALUES.fullmatch(query).groups()
                assert label in check(example(series))
            assert variable["datasource"]["uid"] == "${datasource}"
            assert variable["refresh"] == 2  # on change of the time range


@by_board
def test_panels_are_documented(name):
    """Each panel is a core panel with title, description and unit, and queries the selected data source."""
    for panel in panels(load(name)):
        assert panel["type"] in CORE
        assert panel["title"]
        assert len(panel["description"]) > 20 or "." in panel["description"], panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert len({panel["title"] for panel in panels(load(name))}) == len(list(panels(load(name))))


@by_board
def test_findings_are_marked_on_the_time_line(name):
    """Each dashboard marks findings of the selected sensors at the time of the last flow, in ms."""
    (marks,) = load(name)["annotations"]["list"]
    labels = check(example(marks["expr"]))
    texts = marks["titleFormat"] + marks["textFormat"]
    assert set(re.findall(r"\{\{\s*(\w+)\s*\}\}", texts)) | {marks["tagKeys"]} <= labels
    metrics = re.findall(r"\bnetmon_\w+", marks["expr"])
    assert marks["expr"].count('job=~"$job", instance=~"$instance"') == len(metrics)
    assert "city" in labels
    assert marks["expr"].endswith("* 1000")
    assert marks["useValueForTime"]


def test_exemplars_of_findings_are_drawn():
    """The graphs of flows by verdict and of findings by country show exemplars."""
    shown = {target.panel["title"] for target in TARGETS if target.query.get("exemplar")}
    assert shown == {"Flows by verdict", "Findings by country"}


def test_a_colour_has_one_meaning():
    """Verdicts have the same colours on map, graphs and tables; sent bytes have one that nothing else has."""
    colours = dict(overview.PLACE_VERDICTS.values())
    assert colours == fields.VERDICTS
    series = {name: fixed.value["fixedColor"] for name, (fixed,) in fields.BY_VERDICT.items()}
    assert list(series.values()) == list(fields.VERDICTS.values())
    for verdict, pattern in zip(fields.VERDICTS, series, strict=True):
        shown = [f"Zürich, {verdict}", f"acme (files) to Zürich, {verdict}", verdict]
        matching = [[one for one in series if re.search(one.strip("/"), text)] for text in shown]
        assert matching == [[pattern]] * 3
    assert fields.WAYS["sent"] == "purple"
    others = [*fields.VERDICTS.values(), fields.WAYS["received"], fields.WATCH, fields.AMOUNT]
    assert not any("purple" in one for one in others)


@by_board
def test_no_colour_comes_from_a_palette(name):
    """No series gets its colour by chance: a palette has red, green and purple too."""
    for panel in panels(load(name)):
        if panel["type"] in ("timeseries", "bargauge"):
            mode = panel["fieldConfig"]["defaults"]["color"]
            assert mode["mode"] in ("shades", "fixed"), panel["title"]
            assert "purple" not in mode["fixedColor"]


WORDS = {
    "evidence": (words.EVIDENCE, EVIDENCE),
    "unnamed": (words.UNNAMED, UNNAMED),
    "view": (words.VIEW, [one.problem for one in THRESHOLDS]),
    "encrypted_dns": (words.ENCRYPTED_DNS, ENCRYPTED_DNS),
    "ech": (words.ECH, ECH),
    "quic": (words.QUIC, QUIC_VERSIONS),
    "questions": (words.QUESTIONS, QUESTIONS),
    "destinations": (words.DESTINATIONS, NEW_DESTINATION),
    "standings": (words.STANDINGS, STANDINGS),
    "tables": (
        words.TABLES,
        [*Engine(Matcher([], [], [])).stats()["evicted"], "round_trips", "destinations", "counted_machines"],
    ),
}


@pytest.mark.parametrize("kind", WORDS)
def test_ids_are_shown_in_words(kind):
    """Every value of a label has words, and none of them looks like an id."""
    texts, ids = WORDS[kind]
    assert set(texts) == set(ids)
    assert not any("_" in text for text in texts.values())
    assert len(set(texts.values())) == len(texts)


@by_board
def test_no_panel_shows_an_id(name):
    """Labels whose values are ids are legends or columns with words only."""
    ids = {"evidence", "reason", "protocol", "state", "version", "table", "question", "kind", "location"}
    for panel in panels(load(name)):
        worded = {one["matcher"]["options"] for one in panel["fieldConfig"]["overrides"]}
        for query in panel["targets"]:
            shown = set(re.findall(r"\{\{\s*(\w+)\s*\}\}", query.get("legendFormat", ""))) & ids
            is_spaced = any(one["id"] == "renameByRegex" for one in panel.get("transformations", ()))
            assert not shown or is_spaced or worded & WORDED, (panel["title"], shown)
        if panel["type"] == "table":
            [organised] = [one["options"] for one in panel["transformations"] if one["id"] == "organize"]
            columns = ids & set(organised["indexByName"]) - {"version"}
            assert {organised["renameByName"][one] for one in columns} <= worded


WORDED = {value for texts, _ in WORDS.values() for value in texts}


@by_board
def test_panels_do_not_overlap(name):
    """No cell of the grid belongs to two panels."""
    taken = set()
    for panel in load(name)["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, panel["title"]
                taken.add((x, y))


@by_target
def test_query_uses_existing_metrics(target):
    """The expression parses; metrics and labels exist in the exporter; legends use labels of the result."""
    labels = check(example(target.query["expr"]))
    legend = target.query.get("legendFormat", "")
    assert set(re.findall(r"\{\{\s*(\w+)\s*\}\}", legend)) <= labels
    assert target.query["datasource"]["uid"] == "${datasource}"
    assert bool(target.query.get("instant")) != bool(target.query.get("range"))


@by_target
def test_query_is_limited_to_the_selected_sensors(target):
    """Every selector uses $job and $instance, and every range is the dashboard's."""
    expression = target.query["expr"]
    metrics = r"\b(?:netmon_\w+|up)\b"
    bound = re.findall(metrics + r'\{job=~"\$job", instance=~"\$instance"', expression)
    assert len(bound) == len(re.findall(metrics, expression)) > 0
    windows = re.findall(r"\[([^\]]*)\]", expression)
    of_steps = {"$__rate_interval", "${__interval_ms}ms"}
    assert set(windows) <= {*of_steps, "$__range", "$__range:"}
    assert not of_steps & set(windows) or target.query.get("range")


@by_target
def test_counters_are_not_shown_raw(target):
    """A counter is used only as an increase or a rate."""
    raw = list(raw_counters(parse(example(target.query["expr"]))))
    assert raw == []


def raw_counters(node):
    """Counters of an expression that are not in a rate."""
    match node:
        case promql_parser.VectorSelector():
            if re.search(r"_(total|bucket|count|sum)$", node.name):
                yield node.name
        case promql_parser.Call():
            if node.func.name not in RATES:
                for argument in node.args:
                    yield from raw_counters(argument)
        case promql_parser.BinaryExpr():
            yield from raw_counters(node.lhs)
            yield from raw_counters(node.rhs)
        case promql_parser.AggregateExpr() | promql_parser.ParenExpr() | promql_parser.SubqueryExpr():
            yield from raw_counters(node.expr)


@pytest.mark.parametrize(
    ("expression", "is_raw"),
    [
        ("sum(netmon_flows_total)", True),
        ("sum(increase(netmon_flows_total[5m]))", False),
        ("increase(netmon_flows_total[5m]) or netmon_flows_total", True),
        ("increase(netmon_flows_total[5m]) / netmon_sent_bytes_total", True),
    ],
)
def test_linter_finds_raw_counters(expression, is_raw):
    """A counter outside a rate is found, wherever it is in the expression."""
    assert bool(list(raw_counters(parse(expression)))) is is_raw


DATASOURCES = {
    "type": "object",
    "additionalProperties": False,
    "required": ["apiVersion", "datasources"],
    "properties": {
        "apiVersion": {"const": 1},
        "datasources": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "uid", "type", "access", "url", "jsonData"],
                "properties": {
                    "name": {"type": "string"},
                    "uid": {"type": "string"},
                    "type": {"enum": ["prometheus", "alertmanager"]},
                    "access": {"const": "proxy"},
                    "url": {"type": "string"},
                    "isDefault": {"type": "boolean"},
                    "jsonData": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {
                            "httpMethod": {"const": "POST"},
                            "timeInterval": {"type": "string"},
                            "manageAlerts": {"type": "boolean"},
                            "alertmanagerUid": {"type": "string"},
                            "implementation": {"const": "prometheus"},
                            "handleGrafanaManagedAlerts": {"type": "boolean"},
                        },
                    },
                },
            },
        },
    },
}
PROVIDERS = {
    "type": "object",
    "additionalProperties": False,
    "required": ["apiVersion", "providers"],
    "properties": {
        "apiVersion": {"const": 1},
        "providers": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "type", "options"],
                "properties": {
                    "name": {"type": "string"},
                    "folder": {"type": "string"},
                    "type": {"const": "file"},
                    "disableDeletion": {"type": "boolean"},
                    "allowUiUpdates": {"type": "boolean"},
                    "updateIntervalSeconds": {"type": "integer"},
                    "options": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["path"],
                        "properties": {
                            "path": {"type": "string"},
                            "foldersFromFilesStructure": {"type": "boolean"},
                        },
                    },
                },
            },
        },
    },
}


@pytest.mark.parametrize(("folder", "schema"), [("datasources", DATASOURCES), ("dashboards", PROVIDERS)])
def test_provisioning_has_only_known_keys(folder, schema):
    """No key of the provisioning files is misspelt: Grafana ignores unknown keys."""
    text = (GRAFANA / "provisioning" / folder / "netmon.yaml").read_text(encoding="utf-8")
    jsonschema.validate(yaml.safe_load(text), schema)


def test_dashboards_folder_holds_only_dashboards():
    """The folder that Grafana is configured with contains nothing else."""
    assert sorted(FOLDER.iterdir()) == FILES
