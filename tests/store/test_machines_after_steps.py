"""Machines are counted and told truly when the system's clock was ahead, or behind, for a while."""

import json

import pytest

from netmon.days import DAY_NS, day_start_ns
from netmon.outputs import machines as machines_module
from netmon.outputs.events import Events
from netmon.outputs.machines import LATE_NS, MachineEvents, MachineSets
from netmon.outputs.observer import Observer
from netmon.privacy import PSEUDONYM, Privacy
from netmon.store.machines import machines
from netmon.store.queries import Scope
from tests.records import ZURICH, classified
from tests.report.recorded import Lines
from tests.store.test_store_machines import keep_in

SEPTEMBER, OCTOBER, NOVEMBER = (day_start_ns(f"2026-{month}-01") // DAY_NS for month in ("09", "10", "11"))
IN_OCTOBER = Scope(since_day=OCTOBER, until_day=NOVEMBER)
MINUTE_NS = 60 * 10**9
AFTERWARDS_NS = NOVEMBER * DAY_NS + LATE_NS


class Sensor:
    """A sensor that counts since September, and what it has written."""

    def __init__(self):
        self.lines, self.sets = Lines(), MachineSets()
        self.flows = 0
        privacy, observer = Privacy(PSEUDONYM, bytes(32)), Observer("s", "", "a run")
        self.events = Events(self.lines, privacy, {}, observer, with_updates=True)
        self.counting = MachineEvents([self.lines], privacy, observer, self.sets, is_live=True)
        self.counting.turn(SEPTEMBER * DAY_NS)

    def see(self, day, *clients):
        """Flows of these machines on a day of October, by a clock that shows it."""
        for client in clients:
            self.flows += 1
            at_ns = (OCTOBER + day) * DAY_NS + DAY_NS // 2
            self.counting.turn(at_ns + self.flows)
            times = {"start_ns": at_ns, "last_ns": at_ns + self.flows, "flow_id": self.flows}
            flow = classified(ZURICH, client=f"192.0.2.{client}", **times)
            self.events.flow(flow)
            self.counting.flow(flow)

    def jump(self, days, turns):
        """The clock shows so many days after the first of October for some minutes."""
        for minute in range(turns):
            self.counting.turn((OCTOBER + days) * DAY_NS + minute * MINUTE_NS)

    def end(self):
        """October is over, and written."""
        for minute in range(3):
            self.counting.turn(AFTERWARDS_NS + minute * MINUTE_NS)

    def counts(self):
        """The numbers that were written: machines, and whether that is all."""
        events = [json.loads(line)["netmon"] for line in self.lines if '"netmon.count"' in line]
        return [(one["machines"], one["is_complete"]) for one in events]

    def told(self, store):
        """What a report on October says."""
        keep_in(store, self.lines)
        self.lines.clear()
        return machines(store, IN_OCTOBER)["acme"]


@pytest.mark.parametrize("ahead", [63, 400])
@pytest.mark.parametrize("turns", [1, 2, 90], ids="{} turns".format)
def test_who_comes_after_the_clock_was_set_right_is_told(store, ahead, turns):
    """However long it was ahead: at no time does a report say that there were fewer machines."""
    sensor = Sensor()
    sensor.see(3, 1, 2)
    sensor.jump(ahead, turns)
    sensor.see(9, 2, 3, 4)
    sensor.see(20, 5)
    early = sensor.told(store)
    assert early.at_least <= 5 <= early.at_most
    sensor.see(25, 6)
    sensor.end()
    late = sensor.told(store)
    assert late.at_least <= 6 <= late.at_most
    assert late.at_least == 6  # the pseudonyms of the period are all there
    assert len(sensor.sets) == 0


def test_a_number_that_was_written_too_early_is_taken_back_once():
    """With the first machine that comes: the number is a lower bound from then on."""
    sensor = Sensor()
    sensor.see(3, 1, 2)
    sensor.jump(63, 3)
    assert sensor.counts() == [(2, True)]
    sensor.see(9, 3, 4)
    assert sensor.counts() == [(2, True), (2, False)]
    sensor.end()
    assert sensor.counts() == [(2, True), (2, False), (2, False)]
    identifiers = [json.loads(line)["event"]["id"] for line in sensor.lines if '"netmon.count"' in line]
    assert len({*identifiers[:2]}) == 2  # a broker takes the second one for a repetition otherwise


def test_a_number_that_nobody_is_missing_from_stays(store):
    """A clock that was ahead when no further machine came has done no harm."""
    sensor = Sensor()
    sensor.see(3, 1, 2)
    sensor.jump(63, 3)
    sensor.jump(9, 3)
    sensor.end()
    assert sensor.told(store)[:2] == (2, 2)


def test_a_clock_that_is_set_right_while_machines_are_written(store, monkeypatch):
    """What was not written yet stays, and is written with those that come."""
    monkeypatch.setattr(machines_module, "LINES_AT_ONCE", 3)
    sensor = Sensor()
    sensor.see(3, *range(1, 9))
    sensor.jump(63, 2)
    assert sensor.counts() == []
    sensor.see(9, 9, 10)
    assert len(sensor.sets) == 10
    for _ in range(4):
        sensor.end()
    assert sensor.counts() == [(10, True)]
    assert sensor.told(store)[:2] == (10, 10)


def test_a_clock_that_was_behind_does_not_reopen_what_is_over(store):
    """Unless machines come by its time: they belong to the day that it shows."""
    sensor = Sensor()
    sensor.see(3, 1, 2)
    sensor.end()
    sensor.jump(-10_000, 3)
    sensor.end()
    assert sensor.counts() == [(2, True)]
    sensor.see(3, 7)
    sensor.end()
    assert sensor.counts() == [(2, True), (2, False), (1, False)]
    told = sensor.told(store)
    assert told.at_least <= 3 <= told.at_most


def test_what_is_remembered_of_written_numbers_is_bounded(monkeypatch):
    """The oldest ones go first: a clock that is that far ahead is a rare thing."""
    monkeypatch.setattr(machines_module, "MAX_COUNTS", 2)
    sensor = Sensor()
    for month in (10, 11, 12):
        day_ns = day_start_ns(f"2026-{month}-02")
        sensor.counting.turn(day_ns)
        sensor.counting.flow(classified(last_ns=day_ns))
        sensor.counting.turn(day_ns + 40 * DAY_NS)
    assert len(sensor.counting._counts) == 2
