"""Whether the system's clock can be believed: what is a step of it, and how long one is remembered."""

import pytest

from netmon.timer import STEADY_FOR_S, SteadyClock

START_S = 1_790_000_000.0
HOUR, DAY = 3600.0, 86_400.0


class Machine:
    """A machine's two clocks, and the clock under test with its log."""

    def __init__(self):
        self.wall_s, self.running_s, self.log = START_S, 5.0, []
        self.clock = SteadyClock(lambda: self.wall_s, lambda: self.running_s, self.log.append)

    def run(self, seconds, ahead_s=0.0):
        """Time goes on, and the system's clock gains so much meanwhile; what is seen then."""
        self.running_s += seconds
        self.wall_s += seconds + ahead_s
        return self.clock.time_s()


def test_the_clock_is_believed_after_an_hour():
    """From then on it tells the time, however seldom it is asked."""
    machine = Machine()
    assert machine.run(0) is None
    assert machine.run(STEADY_FOR_S - 1) is None
    assert machine.run(1) == START_S + HOUR
    assert machine.run(90 * DAY) == machine.wall_s
    assert machine.log == []


@pytest.mark.parametrize("step_s", [61.0, -61.0, HOUR, -HOUR, 90 * DAY, -90 * DAY, -START_S], ids=str)
def test_a_step_is_noticed_at_once_and_delays_by_an_hour(step_s):
    """In either direction, and also if it was set while nobody looked."""
    machine = Machine()
    machine.run(2 * HOUR)
    assert machine.run(60, step_s) is None
    assert machine.run(STEADY_FOR_S - 1) is None
    assert machine.run(1) == machine.wall_s
    assert len(machine.log) == 1


@pytest.mark.parametrize("drift_s", [0.5, -0.5, 59.0, -59.0], ids=str)
def test_what_a_time_server_corrects_little_by_little_is_no_step(drift_s):
    """Small corrections may add up to more than a minute."""
    machine = Machine()
    for _ in range(120):
        machine.run(60, drift_s)
    assert machine.run(60) == machine.wall_s
    assert machine.log == []


def test_each_step_begins_the_hour_anew():
    """The correction of a wrong time is a step as well."""
    machine = Machine()
    machine.run(2 * HOUR)
    for step_s in (100 * DAY, -100 * DAY):
        assert machine.run(60, step_s) is None
        assert machine.run(HOUR - 60) is None
    assert machine.run(60) == machine.wall_s
    assert len(machine.log) == 2


def test_a_step_in_the_first_hour_is_a_step():
    """A machine that starts in a wrong year waits for an hour after it was told the right one."""
    machine = Machine()
    assert machine.run(HOUR - 60, 400 * DAY) is None
    assert machine.run(120) is None
    assert machine.run(HOUR - 120) == machine.wall_s
