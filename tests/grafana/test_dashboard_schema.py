"""Dashboards against the types of Grafana 13.2, by its own package @grafana/schema."""

import functools
import json

import jsonschema
import pytest

from tests.grafana.boards import NAMES, load, panels
from tests.render.workshop import node, workshop

pytestmark = pytest.mark.slow  # the first run installs the package

RAW = "node_modules/@grafana/schema/dist/types/raw"
OPTIONS, CUSTOM = ("options",), ("fieldConfig", "defaults", "custom")
# The types of each kind of panel, and what is of that type. The generator cannot do a map's options as a
# whole: they name two types alike.
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


@pytest.fixture(scope="module")
def libraries():
    return workshop()


def schema_of(folder, file, kind):
    """The JSON schema of a type; a key that the type does not have is an error."""
    words = ("--path", f"{RAW}/{file}/x/types.gen.d.ts", "--no-type-check", "--type", kind)
    return json.loads(node(folder, "ts-json-schema-generator", *words))


def problems(value, schema):
    """What is wrong with a value: where, and what."""
    checker = jsonschema.Draft7Validator(schema)
    return [f"{error.json_path}: {error.message[:300]}" for error in checker.iter_errors(value)]


@pytest.fixture(scope="module")
def schema(libraries):
    return schema_of(libraries, "dashboard", "Dashboard")


@pytest.mark.parametrize("name", NAMES)
def test_board_has_the_form_of_a_dashboard(name, schema):
    """Every key is one that Grafana knows, and every value of the type that it wants."""
    assert problems(load(name), schema) == []


@pytest.mark.parametrize("kind", KINDS)
def test_panels_have_the_options_of_their_kind(kind, libraries):
    """What a panel's own options and field settings are called is what its kind calls them."""
    found = [panel for name in NAMES for panel in panels(load(name)) if panel["type"] == kind]
    assert found
    for part, path in KINDS[kind].items():
        wanted = optional(schema_of(libraries, f"composable/{kind}/panelcfg", part))
        for panel in found:
            assert (
                problems(functools.reduce(lambda value, key: value.get(key, {}), path, panel), wanted) == []
            )


def optional(node):
    """A schema in which nothing need be there: Grafana has a default for every option."""
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
def test_schema_notices(spoil, schema):
    """A dashboard with a mistake is refused."""
    board = load("overview")
    spoil(board)
    assert problems(board, schema) != []
