"""The questions to a store: each flow once, each byte once, in any order of delivery."""

import itertools
import random
import sqlite3

import pytest

from netmon.days import DAY_NS
from netmon.errors import StoreError
from netmon.outputs.observer import Observer
from netmon.store import queries, spans
from netmon.store.intake import Intake
from netmon.store.queries import Scope, Totals
from netmon.store.reading import opened
from netmon.store.sqlite import SqliteStore
from tests.records import MOSCOW, UNDECIDED, UNEXPECTED, ZURICH, classified
from tests.store.conftest import lines_of

DAY = 19_675
NOON_NS = DAY * DAY_NS + DAY_NS // 2


def report(flow_id=1, days=0, phase="update", sent=100, place=ZURICH, verdict=UNDECIDED, **fields):
    """A report on a flow that began at noon, this many days later."""
    last_ns = NOON_NS + days * DAY_NS
    numbers = {"sent_bytes": sent, "received_bytes": 2 * sent, "sent_packets": sent, "received_packets": sent}
    times = {"start_ns": NOON_NS, "last_ns": last_ns, "phase": phase}
    return classified(place, verdict, flow_id=flow_id, **numbers, **times, **fields)


LONG = [
    report(sent=10, phase="open"),
    report(sent=50),
    report(sent=70, days=1),
    report(sent=100, days=2, phase="end"),
]
"""A flow of three days."""


def test_a_flow_of_several_days_is_divided_among_them(store, keep):
    """Each day has the growth of the totals on it, and the flow counts on its first day."""
    keep(*LONG)
    days = queries.totals_by(store, Scope(), ["day"])
    assert [(one.group, one.totals[:3]) for one in days] == [
        ((DAY,), (1, 50, 100)),
        ((DAY + 1,), (0, 20, 40)),
        ((DAY + 2,), (0, 30, 60)),
    ]
    assert queries.totals(store, Scope()) == Totals(1, 100, 200, 100, 100)


def test_a_period_may_begin_within_a_day(store, keep):
    """A flow is counted in the hour in which it began, and at midnight of each further day."""
    keep(*LONG)
    day_ns, minute_ns = DAY * DAY_NS, 60_000_000_000
    for since_ns, until_ns, sent in (
        (NOON_NS, NOON_NS + minute_ns, 50),
        (NOON_NS + minute_ns, NOON_NS + DAY_NS // 2, 0),
        (day_ns, NOON_NS, None),
        (NOON_NS, day_ns + DAY_NS + minute_ns, 70),
        (day_ns + DAY_NS, day_ns + DAY_NS + minute_ns, 20),
        (NOON_NS + minute_ns, None, 50),
        (None, NOON_NS + 1, 50),
    ):
        scope = Scope.between(since_ns, until_ns)
        found = queries.totals(store, scope)
        assert (found.flows, found.sent_bytes) == ((0, 0) if sent is None else (1, sent)), scope
        assert sum(one.flows for one in spans.totals(store, scope, day_ns, DAY_NS)) == found.flows
        assert sum(one.sent_bytes for one in spans.totals(store, scope, day_ns, 3600 * 10**9)) == (sent or 0)


def test_hours_add_up_to_the_whole(store, keep):
    """Whatever the period is divided into, each flow begins and each byte is counted in one part of it."""
    keep(
        *LONG,
        report(2, days=3, phase="end"),
        classified(flow_id=3, start_ns=NOON_NS + 5, last_ns=NOON_NS + 6),
    )
    step_ns = 7 * 3600 * 10**9
    begin_ns = DAY * DAY_NS
    sent = sum(
        queries.totals(store, Scope.between(at, at + step_ns)).sent_bytes
        for at in range(begin_ns, begin_ns + 5 * DAY_NS, step_ns)
    )
    assert sent == queries.totals(store, Scope()).sent_bytes


def test_days_are_days():
    """A period of whole days is the same, however it is named."""
    assert Scope.between(DAY * DAY_NS, (DAY + 2) * DAY_NS, "acme") == Scope(DAY, DAY + 2, "acme")
    assert Scope.between(None, None) == Scope()
    assert Scope.between(NOON_NS, None).since_day == DAY
    assert Scope.between(None, NOON_NS).until_day == DAY + 1


def test_a_period_has_what_belongs_to_it(store, keep):
    """A flow that began before the period counts in it, with what it had in it."""
    keep(*LONG, classified(flow_id=2, start_ns=NOON_NS + 3 * DAY_NS, last_ns=NOON_NS + 3 * DAY_NS))
    assert queries.totals(store, Scope(since_day=DAY + 1, until_day=DAY + 3)) == Totals(1, 50, 100, 50, 50)
    assert queries.totals(store, Scope(since_day=DAY + 4)) == Totals(0, 0, 0, 0, 0)
    [flow] = queries.flows(store, Scope(until_day=DAY + 2))
    assert (flow.row["last_ns"], flow.totals.sent_bytes) == (NOON_NS + DAY_NS, 70)


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_order_of_delivery_does_not_matter(store, keep, order):
    """Reports that come late, or again, change nothing."""
    keep(*(LONG[place] for place in order), *random.Random(1).choices(LONG, k=5))
    days = queries.totals_by(store, Scope(), ["day"])
    assert [one.totals.sent_bytes for one in days] == [50, 20, 30]
    assert [flow.row["is_over"] for flow in queries.flows(store, Scope())] == [1]


def test_runs_and_sensors_have_flows_of_their_own(store, keep):
    """Equal numbers of flows are told apart by sensor and run, and a scope may name a sensor."""
    keep(report(), observer=Observer("a", "", "1"))
    keep(report(), observer=Observer("a", "", "2"))
    keep(report(), observer=Observer("b", "", "1"))
    assert queries.totals(store, Scope()).flows == 3
    assert queries.totals(store, Scope(sensor="a")).flows == 2


def test_groups_add_up_to_the_total(store, keep):
    """Whatever flows are grouped by, each counts in one group."""
    keep(*LONG, report(2, place=MOSCOW, verdict=UNEXPECTED), report(3, place=MOSCOW))
    total = queries.totals(store, Scope())
    for column in sorted(queries.GROUP_COLUMNS):
        groups = queries.totals_by(store, Scope(), [column])
        assert tuple(map(sum, zip(*(one.totals for one in groups), strict=True))) == total, column


def test_a_column_is_none_of_a_query(store):
    """What is asked for is compared with the columns, so that it cannot be a query."""
    with pytest.raises(KeyError):
        queries.totals_by(store, Scope(), ["day; DROP TABLE flows"])


def test_a_judgement_is_that_of_the_event(store, keep):
    """Place, votes and explanation are those of the flow's event, its own round trip included."""
    keep(report(place=MOSCOW, verdict=UNEXPECTED))
    [flow] = queries.flows(store, Scope(), only_findings=True)
    event = queries.finding_event(store, flow)
    found = queries.judgement(store, flow)
    assert found["place"] == event["netmon"]["place"]
    keep(report(2))
    assert len(list(queries.flows(store, Scope(), only_findings=True))) == 1


def test_a_file_of_another_program_is_refused(tmp_path):
    """A database that netmon did not make is not touched."""
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE mine (a)")
    connection.close()
    with pytest.raises(StoreError, match="another program"):
        SqliteStore(path)


def test_a_store_of_a_newer_netmon_is_refused(tmp_path):
    """Its tables may mean something else."""
    path = tmp_path / "new.db"
    store = SqliteStore(path)
    store.execute("PRAGMA user_version = 99")
    store.close()
    with pytest.raises(StoreError, match="newer netmon"):
        SqliteStore(path)


def test_a_store_is_opened_again(tmp_path):
    """What was written is there, and equal events change nothing."""
    path = tmp_path / "store.db"
    for _ in range(2):
        store = SqliteStore(path)
        intake = Intake(store, str(path))
        for line in lines_of(*LONG):
            intake.write(line)
        intake.flush()
        assert queries.totals(store, Scope()) == Totals(1, 100, 200, 100, 100)
        store.close()


def test_a_store_that_cannot_be_looked_at_is_one_error(tmp_path):
    """As in a folder that is closed to this user: a sensor that looks for earlier findings goes on."""
    with (
        pytest.raises(StoreError, match=r": file name too long$"),
        opened(tmp_path / ("x" * 300), is_read_only=True),
    ):
        pass
