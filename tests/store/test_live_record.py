"""The record of a live run: what it says about times in which the sensor did not run."""

import json

import pytest

from netmon.config.settings import Config
from netmon.outputs.machines import MachineSets
from netmon.outputs.observer import Observer
from netmon.privacy import ADDRESS, Privacy
from netmon.store import spans
from netmon.store.intake import Intake
from netmon.store.live_record import LiveRecord
from netmon.store.queries import Scope
from tests.report.recorded import SIGNATURES, Lines

SECOND_NS = 10**9
START_NS = 1_700_000_000 * SECOND_NS
STATS = {"view": {"eth1": {"packets": 3}}, "interfaces": {"eth1": {"up": 1}}}


@pytest.fixture
def record():
    """A record that began, and its lines."""
    lines = Lines()
    observer = Observer("berlin", "", "cafe")
    privacy = Privacy(ADDRESS, bytes(32))
    made = LiveRecord([lines], Config(), privacy, SIGNATURES.locations, observer, MachineSets())
    made.note("start", SIGNATURES, [], STATS, START_NS)
    return made, lines


def turn(record, *times_s):
    """The loop turns at these times, and the run ends."""
    for second in times_s:
        record.alive(lambda: STATS, START_NS + second * SECOND_NS)
    record.note("end", SIGNATURES, [], STATS, START_NS + times_s[-1] * SECOND_NS)


def watched_s(store, lines):
    """The stretches of time without a gap, in seconds since the start."""
    intake = Intake(store, "memory")
    for line in lines:
        intake.write(line)
    intake.flush()
    found = spans.watched(store, Scope())
    return [((one.start_ns - START_NS) / SECOND_NS, (one.end_ns - START_NS) / SECOND_NS) for one in found]


def test_a_loop_that_turns_leaves_no_gap(store, record):
    """A record each minute, each from where the last one ended."""
    turn(record[0], *range(1, 301))
    assert watched_s(store, record[1]) == [(0, 300)]


def test_a_sensor_that_was_frozen_has_a_gap(store, record):
    """SIGSTOP, or a virtual machine that was suspended: from its last turn to the next one."""
    turn(record[0], *range(1, 71), *range(270, 301))
    assert watched_s(store, record[1]) == [(0, 70), (270, 300)]


def test_a_short_pause_is_told_as_well(store, record):
    """Records of one run follow each other, so that a break between two of them is known exactly."""
    turn(record[0], *range(1, 71), *range(150, 241))
    assert watched_s(store, record[1]) == [(0, 70), (150, 240)]


def test_a_loop_that_is_slow_is_no_gap(store, record):
    """Rings hold the packets of some seconds."""
    turn(record[0], *range(1, 71), *range(95, 241))
    assert watched_s(store, record[1]) == [(0, 240)]


def test_a_clock_that_is_set_back_ends_a_view(store, record):
    """No view ends before it begins."""
    turn(record[0], *range(1, 71), *range(-500, -239))
    views = [json.loads(line)["event"] for line in record[1] if '"netmon.view"' in line]
    assert views
    assert all(one["start"] <= one["end"] for one in views)
