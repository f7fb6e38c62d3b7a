"""What a live sensor noted while the system's clock was ahead ends nothing late once it was set right."""

import json

import pytest

from netmon import sensor as sensor_module
from netmon.destinations.memory import DAY_S
from netmon.sources import Batch
from netmon.verdict.policy import Policy
from tests import records
from tests.test_sensor import EMPTY, STATUS, Source, a_rule, config, log, make, total  # noqa: F401 - fixtures

NOW_S = 1_780_000_000
AHEAD_S = NOW_S + 400 * DAY_S
SEEN = "netmon_forbidden_last_seen_timestamp_seconds"
NEW = "netmon_new_destination_last_seen_timestamp_seconds"
pytestmark = pytest.mark.usefixtures("log")


@pytest.fixture
def clock(monkeypatch):
    """The system's clock, which is ahead; a function that sets it right."""
    now = [AHEAD_S]
    monkeypatch.setattr(sensor_module.time, "time", lambda: float(now[0]))
    monkeypatch.setattr(sensor_module, "_CHECK_EVERY_S", 0.0)
    return lambda: now.__setitem__(0, NOW_S)


@pytest.fixture
def finding(a_rule):  # noqa: F811
    """A batch with a finding, at the time that the clock shows first."""
    last_ns = AHEAD_S * 10**9
    times = {"start_ns": last_ns, "last_ns": last_ns}
    return Batch([records.flow(signature=a_rule.number, server="8.8.8.8", **times)], [])


@pytest.fixture
def run(make, a_rule):  # noqa: F811
    """Runs a sensor on batches."""

    def run(*batches, **changes):
        policy = Policy(forbidden_vendors=frozenset({a_rule.vendor}))
        sensor = make(Source(*batches), policy=policy, **changes)
        sensor.run(STATUS)
        return sensor

    return run


def test_while_it_runs_times_are_corrected_at_once(run, clock, finding, config):  # noqa: F811
    """In the metrics, and in the files from which the next run knows them."""
    sensor = run(finding, EMPTY, clock, EMPTY)
    assert total(sensor, SEEN) == NOW_S
    assert total(sensor, NEW) == NOW_S
    for name in ("series.json", "destinations.json"):
        assert str(AHEAD_S) not in (config.state / name).read_text()


def test_after_a_restart_they_are_not_believed(run, clock, finding):
    """The run that follows takes them as the time of its start."""
    run(finding, EMPTY)
    clock()
    sensor = run(EMPTY)
    assert total(sensor, SEEN) == NOW_S
    assert total(sensor, NEW) == NOW_S


def test_learning_is_over_after_the_usual_time(run, clock, finding, a_rule, config):  # noqa: F811
    """A vendor that was first seen while the clock was ahead is not learned until that date."""
    run(finding, EMPTY, clock, EMPTY, learning_days=7)
    state = json.loads((config.state / "destinations.json").read_text())
    assert state["since"] == [[a_rule.vendor, NOW_S]]


def test_a_clock_that_goes_on_changes_nothing(run, clock, finding):
    """Times of the present are as the packets say."""
    assert total(run(finding, EMPTY, EMPTY), SEEN) == AHEAD_S
