"""Keys and glances change the state."""

from dataclasses import replace

import pytest

from netmon.top.state import GROUPINGS, ORDERS, Records, failed, glanced, pressed, recorded
from tests.top.glances import AFTER, BEFORE, watching


def test_quitting():
    """`q` ends, also from the help."""
    assert pressed(watching(), "q", 1) is None
    assert pressed(watching("?"), "q", 1) is None


@pytest.mark.parametrize("key", ["?", "x", "g", " ", "UP"])
def test_any_other_key_leaves_the_help(key):
    """It does nothing else."""
    assert pressed(watching("?"), key, 1) == watching()


@pytest.mark.parametrize("key", ["", "x", "1", "é"])
def test_other_keys(key):
    """A key without a meaning changes nothing."""
    assert pressed(watching(), key, 1) == watching()


def test_the_choices_go_round():
    """After the last grouping and order comes the first, and backwards the same."""
    assert watching(*"g" * len(GROUPINGS)) == watching("a")
    assert watching("G").grouping == GROUPINGS[-1]
    assert watching(*"s" * len(ORDERS)) == watching()
    assert watching("S").order == ORDERS[-1]


def test_another_grouping_begins_at_its_top():
    """The rows are others, so where the list was scrolled to means nothing."""
    state = watching("DOWN", "DOWN")
    assert state.scroll == (2, 0)
    assert pressed(state, "v", 1).scroll == (0, 0)


def test_a_pause_keeps_the_screen():
    """What comes meanwhile is shown when it ends, and rates are those of the latest two glances."""
    paused = watching("p")
    later = replace(AFTER, at_s=AFTER.at_s + 2)
    seen = recorded(glanced(paused, later), Records())
    assert (seen.shown, seen.records) == (paused.shown, paused.records)
    after = pressed(seen, "p", 1)
    assert (after.shown.now, after.shown.before) == (later, AFTER)


def test_a_sensor_that_starts_anew():
    """Its counters begin at 0, so there is no rate before its second glance."""
    again = replace(BEFORE, started_s=BEFORE.started_s + 500)
    assert glanced(watching(), again).shown.before is None
    assert watching().shown.before == BEFORE


def test_a_sensor_that_comes_back():
    """An answer ends the problem, also during a pause."""
    for keys in ("", "p"):
        gone = failed(watching(*keys), "refused")
        assert (gone.problem, gone.shown) == ("refused", watching().shown)
        assert glanced(gone, AFTER).problem is None
