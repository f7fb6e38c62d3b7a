"""Dashboards with real data: a Prometheus that scrapes a real sensor has data for every query."""

import math

import pytest

from tests.grafana.boards import NAMES, load, targets, variables

pytestmark = [pytest.mark.lab, pytest.mark.slow]

# The lab's servers are so near that round trips would exclude every place: see test_names.py.
NOT_IN_THE_LAB = ("Excluded by round trips",)
QUERIES = [one for one in targets() if one.panel["title"] not in NOT_IN_THE_LAB]
VARIABLES = [
    (board, name)
    for board in NAMES
    for name, variable in variables(load(board)).items()
    if variable["type"] == "query"
]


@pytest.mark.parametrize("target", QUERIES, ids=lambda target: target.name)
def test_panel_has_data(target, recording):
    """Each panel has finite values to show."""
    points = [
        point for one in recording.answers[target.name] for point in one.get("values", [one.get("value")])
    ]
    assert any(math.isfinite(float(value)) for _, value in points)


@pytest.mark.parametrize(("board", "name"), VARIABLES)
def test_variable_has_values(board, name, recording):
    """Each variable has values to choose from."""
    found = recording.values[board, name]
    assert found
    if name in ("site", "instance"):
        assert found == {"site": ["Bern"], "instance": [("edge", "127.0.0.1:10977")]}[name]


def test_verdict_is_the_most_severe_finding(recording):
    """No traffic, partly judged, unexpected, forbidden: the verdict changes with each first such flow."""
    assert recording.verdicts == ["0", "1.5", "3", "4"]
