"""Dashboards checked against the types of Grafana 13.2, from its package @grafana/schema."""

import functools
import json

import jsonschema
import pytest

from tests.grafana.boards import NAMES, load, panels
from tests.render.packages import node, packages

pytestmark = [
    pytest.mark.slow,  # the first run installs the package
    pytest.mark.reuse("grafana", "tests/grafana", "tests/render", "tests/machine.py"),
]

RAW = "node_modules/@grafana/schema/dist/types/raw"
OPTIONS, CUSTOM = ("options",), ("fieldConfig", "defaults", "custom")
# The types of each kind of panel, and the part of a panel with that type. The generator cannot handle the
# options of a map as one type, because two of its types have the same name.
KINDS = {
    "bargauge": {"Options": OPTIONS},
    "geomap": {
        "MapViewConfig": ("options", "view"),
        "ControlsOptions": ("options", "controls"),
        "TooltipOptions": ("options", "tooltip"),
    },
    "stat": {"Options": OPTIONS},
    "table": {"Options": OPTIONS, "FieldConfig": CUSTOM},
    "timeseries": {"Options": OPTIONS, "FieldConfig": CUSTOM},
}

# What the Prometheus data source reads from annotations; the schema lacks the keys of data sources.
OF_PROMETHEUS = {"expr": str, "titleFormat": str, "textFormat": str, "tagKeys": str, "useValueForTime": bool}


@pytest.fixture(scope="module")
def libraries():
    return packages()


def schema_of(folder, file, kind):
    """The JSON schema of a type; unknown keys are errors."""
    words = ("--path", f"{RAW}/{file}/x/types.gen.d.ts", "--no-type-check", "--type", kind)
    return json.loads(node(folder, "ts-json-schema-generator", *words))


def problems(value, schema):
    """The errors in a value, with their position."""
    checker = jsonschema.Draft7Validator(schema)
    return [f"{error.json_path}: {error.message[:300]}" for error in checker.iter_errors(value)]


@pytest.fixture(scope="module")
def schema(libraries):
    return schema_of(libraries, "dashboard", "Dashboard")


@pytest.mark.parametrize("name", NAMES)
def test_board_is_a_valid_dashboard(name, schema):
    """Every key is known to Grafana, and every value has the right type."""
    board = load(name)
    for marks in board["annotations"]["list"]:
        for key, kind in OF_PROMETHEUS.items():
            assert isinstance(marks.pop(key), kind)
    assert problems(board, schema) == []


@pytest.mark.parametrize("kind", KINDS)
def test_panels_have_the_options_of_their_kind(kind, libraries):
    """A panel's own options and field settings are those of its panel type."""
    found = [panel for name in NAMES for panel in panels(load(name)) if panel["type"] == kind]
    assert found
    for part, path in KINDS[kind].items():
        wanted = optional(schema_of(libraries, f"composable/{kind}/panelcfg", part))
        for panel in found:
            assert (
                problems(functools.reduce(lambda value, key: value.get(key, {}), path, panel), wanted) == []
            )


def optional(node):
    """The schema without required keys: Grafana has a default for every option."""
    if isinstance(node, dict):
        return {key: optional(value) for key, value in node.items() if key != "required"}
    return [optional(value) for value in node] if isinstance(node, list) else node


@pytest.mark.parametrize(
    "spoil",
    [
        lambda board: board.update(schemaVersion="41"),
        lambda board: board["panels"][0].update(titel="Verdict"),
        lambda board: board["panels"][0]["fieldConfig"]["defaults"].update(unitt="bytes"),
    ],
    ids=["a string for a number", "a misspelt key", "a misspelt key far down"],
)
def test_schema_rejects(spoil, schema):
    """A dashboard with an error is rejected."""
    board = load("overview")
    spoil(board)
    assert problems(board, schema) != []
