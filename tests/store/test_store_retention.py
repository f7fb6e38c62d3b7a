"""What leaves a store, in which order, and that it can be used meanwhile."""

import sqlite3

import pytest

from netmon.days import DAY_NS
from netmon.store import queries
from netmon.store.gaps import missing
from netmon.store.intake import Intake
from netmon.store.queries import Scope
from netmon.store.retention import Limit, Retention, used_bytes
from netmon.store.sqlite import SqliteStore
from tests.records import MOSCOW, UNEXPECTED, classified
from tests.report.scenes import START_NS
from tests.report.test_gather import flow as a_flow
from tests.report.test_gather import run
from tests.store.conftest import lines_of

TODAY = 20_000
FIRST_NS = (TODAY - 9) * DAY_NS


@pytest.fixture
def filled(tmp_path):
    """A store with so many flows on each of ten days, the last of which is today, and one of all days."""
    store = SqliteStore(tmp_path / "flows.db")

    def filled(each_day=10):
        intake = Intake(store, "flows.db")
        for back in range(10):
            last_ns = (TODAY - back) * DAY_NS + DAY_NS // 2
            flows = [
                classified(
                    MOSCOW, UNEXPECTED, flow_id=1000 * (back + 1) + one, start_ns=last_ns - 9, last_ns=last_ns
                )
                for one in range(each_day)
            ]
            sent = (10 - back) * 100
            numbers = {"sent_bytes": sent, "sent_packets": sent, "phase": "update"}
            flows.append(classified(flow_id=0, start_ns=FIRST_NS, last_ns=last_ns, **numbers))
            for line in lines_of(*flows):
                intake.write(line)
        intake.flush()
        return store

    yield filled
    store.close()


def tidy(store, limit, today=TODAY):
    """Everything that is to be done, and in how many steps."""
    retention, rounds = Retention(limit), 1
    while retention.tidy(store, today, 0):
        rounds += 1
        assert rounds < 10_000
    return rounds


def days(store):
    """The days from which there are flows, and their number."""
    return {one.group[0]: one.totals.flows for one in queries.totals_by(store, Scope(), ["day"])}


def test_old_days_leave(filled):
    """Today and the two days before stay, with findings and judgements that they need."""
    store = filled()
    tidy(store, Limit(days=3))
    kept = {day: count for day, count in days(store).items() if day >= TODAY - 2}
    assert [kept[TODAY - back] for back in (2, 1, 0)] == [10, 10, 10]
    assert store.value("SELECT count(*) FROM findings") == 30
    assert store.value("SELECT min(day) FROM judgements") >= TODAY - 2
    for flow in queries.flows(store, Scope()):
        assert queries.judgement(store, flow)["place"]["country"] in ("CH", "RU")


def test_a_flow_that_goes_on_keeps_its_totals(filled):
    """What it has on the days that stay is the same as before."""
    store = filled()
    scope = Scope(since_day=TODAY - 2)
    before = queries.totals(store, scope)
    tidy(store, Limit(days=3))
    assert queries.totals(store, scope) == before
    flows = [flow for flow in queries.flows(store, scope) if flow.row["flow"] == 0]
    assert [flow.totals.sent_bytes for flow in flows] == [300]


def test_a_store_that_is_too_large_shrinks(filled):
    """The oldest days leave until it is smaller, and the file shrinks as well."""
    store = filled(300)
    size, limit = used_bytes(store), used_bytes(store) // 2
    tidy(store, Limit(max_bytes=limit))
    assert used_bytes(store) < limit
    found = days(store)
    assert found[TODAY] == 300
    assert found.get(TODAY - 9, 0) <= 1
    store.complete_file()
    assert store.value("PRAGMA page_count") * store.value("PRAGMA page_size") < 0.7 * size


@pytest.mark.parametrize("limit", [Limit(days=9), Limit(max_bytes=1)], ids=["days", "size"])
def test_no_day_that_lost_flows_counts_as_watched(tmp_path, limit):
    """At no step: else a report of that day would be an all-clear that nobody can give any more."""
    store, all_days = SqliteStore(tmp_path / "flows.db"), range(10)
    flows = [a_flow(number=100 * day + one, day=day) for day in all_days for one in range(1, 40)]
    intake = Intake(store, "flows.db")
    for line in run(*flows, views=tuple((hour, hour + 1) for hour in range(240)), until=240):
        intake.write(line)
    intake.flush()
    first, retention = START_NS // DAY_NS, Retention(limit)
    scopes = [Scope(since_day=first + day, until_day=first + day + 1) for day in all_days]
    has_lost = True
    while has_lost:
        has_lost = retention.tidy(store, first + 9, 0)
        poorer = [scope for scope in scopes if queries.totals(store, scope).flows < 39]
        assert [scope.since_day for scope in poorer if not missing(store, scope).gaps] == []
        has_lost = has_lost and len(poorer) < len(scopes) - 1
    assert poorer
    store.close()


def test_nothing_leaves_within_the_limits(filled):
    """A limit that is not exceeded, or none, changes nothing."""
    store = filled()
    before = days(store)
    for limit in (Limit(), Limit(days=10), Limit(max_bytes=1 << 30)):
        assert tidy(store, limit) == 1
    assert days(store) == before


def test_others_read_and_write_between_the_steps(filled, tmp_path):
    """No step holds the file for the next one."""
    store = filled(300)
    other = sqlite3.connect(tmp_path / "flows.db", timeout=0, isolation_level=None)
    retention, steps = Retention(Limit(days=1)), 0
    while retention.tidy(store, TODAY, 0):
        other.execute("UPDATE runs SET site = 'a'")
        assert other.execute("SELECT count(*) FROM flows").fetchone()[0] > 0
        steps += 1
    other.close()
    assert steps > 5


@pytest.mark.parametrize("limit", [Limit(days=90), Limit(max_bytes=1)], ids=["days", "size"])
def test_a_run_that_goes_on_keeps_its_record(tmp_path, limit):
    """A sensor runs longer than its flows are kept: who judged, and how, stays with what it saw."""
    store = SqliteStore(tmp_path / "flows.db")
    days_of_views = tuple((hour, hour + 24) for hour in range(0, 24 * 100, 24))
    intake = Intake(store, "flows.db")
    for line in run(a_flow(), views=days_of_views, until=24 * 100, ended=False):
        intake.write(line)
    intake.flush()

    def count(table):
        return store.value(f"SELECT count(*) FROM {table}")

    first, retention = START_NS // DAY_NS, Retention(limit)
    views = count("views")
    while retention.tidy(store, first + 99, 0) and count("views") > views // 2:
        assert (count("runs"), count("conditions")) == (1, 1)
    assert (count("views") < views, count("flows"), count("runs"), count("conditions")) == (True, 0, 1, 1)
    tidy(store, limit, first + 300)
    assert [count(table) for table in ("views", "runs", "conditions")] == [0, 0, 0]
    store.close()
