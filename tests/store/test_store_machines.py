"""Distinct machines: exact for counting periods, and bounds for other ranges; the same in both dialects."""

import itertools
import random

import pytest
from msgspec.structs import replace

from netmon.days import DAY_NS, day_start_ns
from netmon.outputs import machines as machines_module
from netmon.outputs.events import Events
from netmon.outputs.machines import LATE_NS, MachineEvents, MachineSets
from netmon.outputs.observer import Observer
from netmon.privacy import ADDRESS, NETWORK, PSEUDONYM, Privacy
from netmon.store.erasure import counting_periods, erase_clients, erasures
from netmon.store.history import machine_lines, read_history
from netmon.store.intake import Intake
from netmon.store.machines import Machines, PeriodMachines, machines, machines_of
from netmon.store.queries import Scope
from netmon.store.spans import judgements
from tests.records import ZURICH, classified
from tests.report.recorded import Lines

SEPTEMBER, OCTOBER = day_start_ns("2026-09-01") // DAY_NS, day_start_ns("2026-10-01") // DAY_NS
NOVEMBER, LATER = OCTOBER + 31, OCTOBER + 60
IN_OCTOBER = Scope(since_day=OCTOBER, until_day=NOVEMBER)


def seen(
    *days,
    level=PSEUDONYM,
    sensor="s",
    key=1,
    count="month",
    since=SEPTEMBER,
    sets=None,
    until=LATER,
    run=None,
    place=ZURICH,
):
    """The events of a sensor; `days`: pairs of a day and the numbers of the machines that it showed."""
    lines = Lines()
    sets = MachineSets() if sets is None else sets
    privacy = Privacy(level, bytes([key]) * 32, count)
    observer = Observer(sensor, "", run or f"run of {sensor}")
    events = Events(lines, privacy, {}, observer, with_updates=True)
    counting = MachineEvents([lines], privacy, observer, sets, is_live=True)
    counting.turn(since * DAY_NS)
    numbers = itertools.count()
    for day, clients in days:
        for client in clients:
            at_ns = day * DAY_NS + 3_600_000_000_000
            times = {"start_ns": at_ns, "last_ns": at_ns + 1000, "flow_id": next(numbers)}
            one = classified(place, client=f"192.0.2.{client}", **times)
            events.flow(one)
            counting.flow(one)
    counting.turn(until * DAY_NS)
    return list(lines)


def keep_in(store, lines):
    """Stores lines."""
    intake = Intake(store, "store")
    for line in lines:
        intake.write(line)
    intake.flush()


def found(store, *lines, scope=IN_OCTOBER):
    """The machines of the vendor in a range, by default in October."""
    for some in lines:
        keep_in(store, some)
    return machines(store, scope).get("acme")


DAYS = ((OCTOBER, (1, 2)), (OCTOBER + 9, (2, 3)), (OCTOBER + 30, (1, 3, 4)))
"""Four machines in October."""


def test_a_counting_period_is_exact(store):
    """October had four machines, though its days had two, two and three pseudonyms."""
    assert found(store, seen(*DAYS)) == Machines(4, 4, (PeriodMachines("2026-10", 4, 4),))


def test_a_period_that_is_not_over_has_bounds(store):
    """At least those of the day with most, at most those of all days together."""
    lines = seen(*DAYS, until=OCTOBER + 30)
    assert "netmon.count" not in "".join(lines)
    assert found(store, lines) == Machines(3, 7)


@pytest.mark.parametrize(
    ("since", "until", "bounds"),
    [
        (OCTOBER, NOVEMBER, (4, 4)),
        (None, None, (4, 4)),
        (OCTOBER - 5, NOVEMBER + 5, (4, 4)),
        (OCTOBER, OCTOBER + 1, (2, 2)),
        (OCTOBER, OCTOBER + 10, (2, 4)),
        (OCTOBER + 9, NOVEMBER, (3, 4)),
        (OCTOBER + 20, NOVEMBER, (3, 3)),
    ],
)
def test_a_part_of_a_period_has_bounds(store, since, until, bounds):
    """At most as many as its days, or as the whole period had."""
    one = found(store, seen(*DAYS), scope=Scope(since_day=since, until_day=until))
    assert (one.at_least, one.at_most) == bounds
    assert bool(one.periods) == (
        since in (None, OCTOBER, OCTOBER - 5) and until not in (OCTOBER + 1, OCTOBER + 10)
    )


def test_several_periods_are_told_one_by_one(store):
    """A machine of both may be the same: at least the larger number, at most the sum."""
    days = (*DAYS, (NOVEMBER + 1, (1, 5)), (NOVEMBER + 2, (1,)))
    one = found(store, seen(*days, until=NOVEMBER + 40), scope=Scope())
    assert one == Machines(4, 6, (PeriodMachines("2026-10", 4, 4), PeriodMachines("2026-11", 2, 2)))


def test_sensors_with_one_key_count_a_machine_once(store):
    """Whoever was seen by both is one machine."""
    other = seen((OCTOBER + 2, (4, 5)), sensor="t")
    assert found(store, seen(*DAYS), other)[:2] == (5, 5)


def test_sensors_with_keys_of_their_own_cannot_be_compared(store):
    """All of the smaller number may be among the others, or none."""
    other = seen((OCTOBER + 2, (4, 5)), sensor="t", key=2)
    assert found(store, seen(*DAYS), other)[:2] == (4, 6)


def test_a_sensor_that_did_not_count_makes_bounds(store):
    """Its flows are there, and its numbers are not, or not yet."""
    other = seen((OCTOBER + 2, (4, 5)), (OCTOBER + 3, (4,)), sensor="t", until=OCTOBER + 4)
    assert found(store, seen(*DAYS), other) == Machines(4, 7, (PeriodMachines("2026-10", 4, 7),))


def test_flows_from_before_the_counting_make_bounds(store):
    """A sensor that began to count in the middle of October does not know who was there before."""
    old = [line for line in seen((OCTOBER, (1, 2, 9))) if "netmon.flow" in line]
    new = [line.replace("run of s", "another") for line in seen((OCTOBER + 9, (2, 3)), since=OCTOBER + 9)]
    assert found(store, old, new)[:2] == (3, 5)


def test_a_lost_number_is_no_machine(store):
    """What did not arrive is not left out silently: the number of the sensor says what is missing."""
    lines = seen(*DAYS)
    lost = next(line for line in lines if "netmon.counted" in line)
    lines.remove(lost)
    other = seen((OCTOBER + 2, (4, 5)), sensor="t")
    one = found(store, lines, other)
    assert one.at_least >= 4
    assert one.at_most in (5, 6)


def test_a_full_table_makes_lower_bounds(store, monkeypatch):
    """More machines than there is room for: the number says that there were more."""
    monkeypatch.setattr(machines_module, "MAX_MACHINES", 2)
    sets = MachineSets()
    assert found(store, seen(*DAYS, sets=sets))[:2] == (3, 7)
    assert sets.evicted > 0


def test_addresses_need_no_counting(store):
    """At level 0 an address is a machine, of its sensor; nothing else is stored."""
    lines = seen(*DAYS, level=ADDRESS)
    assert not [line for line in lines if "netmon.count" in line]
    assert found(store, lines)[:2] == (4, 4)


def test_networks_are_no_machines(store):
    """At level 2, nothing is counted; with flows of level 1 in the range, there is only a lower bound."""
    assert found(store, seen(*DAYS, level=NETWORK)) is None
    assert found(store, seen(*DAYS, sensor="t"))[:2] == (4, None)


MOSCOW = replace(ZURICH, location="moscow", country="RU", city="Moscow")


def in_moscow(store, *days, scope=IN_OCTOBER, **changes):
    """The machines with a flow to Moscow, besides those of DAYS, all of which have one to Zurich."""
    keep_in(store, seen(*DAYS, **changes))
    keep_in(store, seen(*days, run="another", place=MOSCOW, **changes))
    those = [one for one, said in judgements(store, scope) if said["place"]["country"] == "RU"]
    assert len(those) == 1
    return machines_of(store, scope, "acme", those, machines(store, scope)["acme"])


@pytest.mark.parametrize(
    ("days", "bounds"),
    [
        ([(OCTOBER, (1,))], (1, 1)),
        ([(OCTOBER, (1, 2)), (OCTOBER + 9, (2,))], (2, 3)),
        ([(OCTOBER + day, (1, 2)) for day in range(5)], (2, 4)),
    ],
)
def test_machines_of_one_place_have_bounds(store, days, bounds):
    """Pseudonyms of several days may be one machine; there are no more than the vendor's."""
    assert in_moscow(store, *days) == Machines(*bounds)


def test_machines_of_one_place_are_exact_at_level_0(store):
    """An address is the same machine on each day."""
    assert in_moscow(store, (OCTOBER, (1, 2)), (OCTOBER + 9, (2, 3)), level=ADDRESS) == Machines(3, 3)


def test_machines_of_no_flow(store):
    """There are none to count, also where the vendor has some."""
    keep_in(store, seen(*DAYS))
    assert machines_of(store, IN_OCTOBER, "acme", [], machines(store, IN_OCTOBER)["acme"]) is None


def test_networks_in_one_place_make_a_lower_bound(store):
    """Machines that are not told apart may be any number."""
    keep_in(store, seen((OCTOBER, (1, 2)), level=NETWORK, sensor="t", place=MOSCOW))
    assert in_moscow(store, (OCTOBER, (1, 2))) == Machines(2, None)


@pytest.mark.parametrize("count", ["day", "week", "month", "quarter", "year"])
def test_any_counting_period(store, count):
    """Each period is exact, whatever its length; what is known of October follows from them."""
    one = found(store, seen(*DAYS, count=count, until=OCTOBER + 400), scope=Scope())
    assert one.at_least <= 4 <= one.at_most
    assert [each.at_least for each in one.periods] == {"day": [2, 2, 3], "week": [2, 2, 3]}.get(count, [4])
    assert all(each.at_least == each.at_most for each in one.periods)


def test_a_change_of_the_setting_gives_bounds_of_both(store):
    """Weeks of one sensor, months of another: no machine is lost, and none invented."""
    one = found(store, seen(*DAYS, count="week"), seen((OCTOBER + 1, (1,)), sensor="t"))
    assert one.at_least <= 4 <= one.at_most


def test_order_and_repetition_change_nothing(store):
    """Events may come twice, and in any order."""
    lines = [*seen(*DAYS), *seen((OCTOBER + 2, (4, 5)), sensor="t")] * 2
    random.Random(3).shuffle(lines)
    assert found(store, lines)[:2] == (5, 5)


def test_what_counts_machines_leads_to_no_flow():
    """No record has both pseudonyms, a time within the period, or the order of the flows."""
    many = [(OCTOBER + day, range(day * 8, day * 8 + 8)) for day in range(30)]
    lines = seen(*many)
    flows = [line for line in lines if "netmon.flow" in line]
    counted = [line for line in lines if "netmon.counted" in line]
    assert not any("count-" in line for line in flows)
    assert not any("client-" in line for line in counted)
    assert lines.index(counted[0]) > max(map(lines.index, flows))
    privacy = Privacy(PSEUDONYM, bytes([1]) * 32)
    seen_order = [privacy.count_id(f"192.0.2.{one}", OCTOBER * DAY_NS) for _, some in many for one in some]
    written = [line.split('"address":"')[1].split('"')[0] for line in counted]
    assert sorted(written) == sorted(seen_order)
    assert written not in (seen_order, sorted(seen_order))
    times = {line.split('"@timestamp":"')[1].split('"')[0] for line in counted}
    assert times == {"2026-11-01T00:00:00.000000Z"}


def test_nothing_is_written_before_the_period_has_long_been_over():
    """An hour after its end, its last flows may still be reported."""
    assert not any("netmon.count" in line for line in seen(*DAYS, until=NOVEMBER))
    sets, lines = MachineSets(), Lines()
    counting = MachineEvents([lines], Privacy(PSEUDONYM, bytes(32)), Observer(), sets, is_live=True)
    for moment, expected in ((0, 0), (LATE_NS - 1, 0), (LATE_NS, 2), (LATE_NS + 60, 2)):
        counting.flow(classified(last_ns=NOVEMBER * DAY_NS - 1))
        counting.turn(NOVEMBER * DAY_NS + moment)
        assert len(lines) == expected
    counting.flow(classified(last_ns=NOVEMBER * DAY_NS - 1, client="192.0.2.77"))
    assert len(sets) == 0


def test_many_machines_are_written_in_turns(monkeypatch):
    """So that a store has time to take them; their number comes last."""
    monkeypatch.setattr(machines_module, "LINES_AT_ONCE", 3)
    sets, lines = MachineSets(), Lines()
    counting = MachineEvents([lines], Privacy(PSEUDONYM, bytes(32)), Observer(), sets, is_live=True)
    for number in range(7):
        counting.flow(classified(last_ns=OCTOBER * DAY_NS, client=f"192.0.2.{number}"))
    sizes = []
    for _ in range(4):
        counting.turn(LATER * DAY_NS)
        sizes.append(len(lines))
    assert sizes == [3, 6, 8, 8]
    assert '"netmon.count"' in lines[-1]
    assert len(sets) == 0


def test_an_erased_client_is_not_counted_any_more(store):
    """Its records go; the number of the period stays, and tells of no one."""
    keep_in(store, seen(*DAYS))
    privacy = Privacy(PSEUDONYM, bytes([1]) * 32)
    assert counting_periods(store) == ["2026-10"]
    erased = erase_clients(store, [privacy.count_id("192.0.2.4", OCTOBER * DAY_NS)], 1, "request")
    assert (erased.flows, erased.counted) == (0, 1)
    assert len(list(erasures(store))) == 1
    assert list(store.select("SELECT count(*) FROM counted")) == [(3,)]
    assert machines(store, IN_OCTOBER)["acme"][:2] == (4, 4)


def test_history_says_how_many(store):
    """In one line for each vendor: exactly, or between which bounds."""
    keep_in(store, seen(*DAYS, (NOVEMBER + 1, (1, 5)), until=NOVEMBER + 10))
    lines = {
        IN_OCTOBER: "Machines of acme: 4.",
        Scope(): "Machines of acme: between 4 and 6; 2026-10: 4.",
        Scope(since_day=NOVEMBER): "Machines of acme: 2.",
    }
    for scope, line in lines.items():
        assert list(machine_lines(read_history(store, scope, "place"))) == [line]
