"""Dashboards on real data: a real Prometheus that scrapes a real sensor has an answer to every question."""

import math

import pytest

from tests.grafana.boards import NAMES, load, targets, variables

pytestmark = [pytest.mark.lab, pytest.mark.slow]

QUESTIONS = list(targets())
VARIABLES = [
    (board, name)
    for board in NAMES
    for name, variable in variables(load(board)).items()
    if variable["type"] == "query"
]


@pytest.mark.parametrize("target", QUESTIONS, ids=lambda target: target.name)
def test_panel_has_data(target, recording):
    """The laboratory's minute gives each panel numbers to show."""
    points = [
        point for one in recording.answers[target.name] for point in one.get("values", [one.get("value")])
    ]
    assert any(math.isfinite(float(value)) for _, value in points)


@pytest.mark.parametrize(("board", "name"), VARIABLES)
def test_variable_has_values(board, name, recording):
    """Each variable offers something to choose."""
    assert recording.values[board, name]


def test_verdict_is_the_gravest_finding(recording):
    """No traffic, as promised, unexpected, forbidden: the sentence follows each first flow of its kind."""
    assert recording.verdicts == ["0", "1", "3", "4"]
