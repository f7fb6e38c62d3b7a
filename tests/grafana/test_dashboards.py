"""Dashboards: the committed files match their sources, and follow dashboard-linter's rules and our own."""

import re
import subprocess
import sys

import jsonschema
import promql_parser
import pytest
import yaml

from grafana.src.build import overview
from tests.grafana.boards import FILES, FOLDER, LABEL_VALUES, NAMES, example, load, panels, targets, variables
from tests.grafana.expressions import GRAFANA, check, parse

ROOT = GRAFANA.parent
TARGETS = list(targets())
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
    """A data source, then jobs, then sensors of these jobs; several or all of them can be selected."""
    board = variables(load(name))
    assert list(board)[:3] == ["datasource", "job", "instance"]
    assert (board["datasource"]["type"], board["datasource"]["query"]) == ("datasource", "prometheus")
    for one in ("job", "instance"):
        assert board[one]["multi"]
        assert board[one]["includeAll"]
        assert board[one]["allValue"] == ".+"
    assert 'job=~"$job"' in board["instance"]["query"]["query"]
    for variable in board.values():
        assert variable["label"]
        assert variable["description"]
        if variable["type"] == "query":
            series, label = LABEL_VALUES.fullmatch(variable["query"]["query"]).groups()
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
    assert marks["expr"].count('job=~"$job", instance=~"$instance"') == 2
    assert marks["expr"].endswith("* 1000")
    assert marks["useValueForTime"]


def test_exemplars_of_findings_are_drawn():
    """The graphs of flows by verdict and of findings by country show exemplars."""
    shown = {target.panel["title"] for target in TARGETS if target.query.get("exemplar")}
    assert shown == {"Flows by verdict", "Findings by country"}


def test_a_colour_of_places_has_no_other_meaning():
    """No place has the colour of sent bytes, of a verdict or of a warning."""
    fields = overview.fields
    others = {*fields.VERDICTS.values(), *fields.WAYS.values(), fields.WATCH} - {fields.NEUTRAL}
    assert others.isdisjoint(one.value["fixedColor"] for values in fields.PLACES.values() for one in values)


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
    assert set(windows) <= {"$__rate_interval", "$__range", "$__range:"}
    assert "$__rate_interval" not in windows or target.query.get("range")


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
