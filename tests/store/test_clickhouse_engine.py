"""ClickHouse's own engine gives the same answers as SQLite, on the same events."""

import itertools
import random
from contextlib import nullcontext
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.days import DAY_NS
from netmon.errors import LevelError
from netmon.outputs.json_line import visible
from netmon.outputs.observer import Observer
from netmon.privacy import ADDRESS, NETWORK, NOTHING, PSEUDONYM, Privacy
from netmon.records import ClassifiedFlow, Fallback
from netmon.report.gather import gather
from netmon.store import queries, spans
from netmon.store.clickhouse import ClickHouseStore
from netmon.store.dialect import MOST
from netmon.store.doubles import find_doubles
from netmon.store.erasure import counting_periods, days_of_flows, erase_clients, erasures
from netmon.store.gaps import missing
from netmon.store.history import BY, as_json, read_history
from netmon.store.levels import RunLevels, levels_by_run, levels_of, lowest_level
from netmon.store.machines import machines
from netmon.store.queries import GROUP_COLUMNS, Scope
from netmon.store.resolvers import resolvers
from netmon.store.rows import MOST_COUNTED, rows_of
from netmon.store.runs import runs_of
from netmon.store.sqlite import MEMORY, SqliteStore
from netmon.store.undivided import undivided, undivided_days, undivided_views
from tests.records import MOSCOW, START_NS, UNEXPECTED
from tests.report.recorded import record
from tests.report.scenes import HOUR_NS, SCENES
from tests.report.scenes import START_NS as SCENE_NS
from tests.report.test_gather import run
from tests.store.conftest import events_of, lines_of
from tests.store.engine import engine, fleet, put
from tests.store.test_store_machines import DAYS, IN_OCTOBER, NOVEMBER, OCTOBER, seen
from tests.store.test_store_queries import NOON_NS, report

__all__ = ["engine", "fleet"]

pytestmark = pytest.mark.reuse(
    ":(glob)netmon/*.py",
    "netmon/data/signatures",
    "netmon/outputs",
    "netmon/privacy",
    "netmon/report",
    "netmon/signatures",
    "netmon/store",
    "engine/src/event",
    "engine/src/python",
    "tests/records.py",
    "tests/report",
    "tests/store",
)

FIRST = START_NS // DAY_NS
SPANS_NS = (DAY_NS // 3, DAY_NS, 7 * DAY_NS)


def asking(flow_id, **fields):
    """DNS to a resolver that a vendor's products fall back to."""
    fallback = Fallback("acme", "Example DNS", "unknown", None, "official")
    return ClassifiedFlow(report(flow_id, **fields).flow, fallbacks=(fallback,))


def lasting_flows():
    """Events of flows of several days, with findings and without, some of them on one day only."""
    return [
        *lines_of(*(report(1, days=day, sent=100 * (day + 1)) for day in range(4))),
        *lines_of(*(report(2, day, sent=7 + day, place=MOSCOW, verdict=UNEXPECTED) for day in (1, 3))),
        *lines_of(report(3, days=2, sent=5), report(4, phase="end", place=MOSCOW, verdict=UNEXPECTED)),
        *lines_of(report(5, sent=9), level=NOTHING),
        *lines_of(*(asking(6, days=day, sent=10 + day) for day in range(3)), asking(7)),
    ]


SCOPES = [
    Scope(),
    Scope(since_day=FIRST + 1),
    Scope(since_day=FIRST, until_day=FIRST + 2),
    Scope(since_day=FIRST + 9),
    Scope.between(NOON_NS + 1, None),
    Scope.between(NOON_NS - 5, NOON_NS + 2 * DAY_NS - DAY_NS // 2),
    Scope.between(NOON_NS - 7 * DAY_NS, NOON_NS),
    Scope.between(NOON_NS + DAY_NS + 5, NOON_NS + 2 * DAY_NS - 5),  # nothing new, and flows last
    Scope.between(NOON_NS + DAY_NS // 2 - 5, NOON_NS + DAY_NS // 2),
    Scope(vendor="acme", sensor="berlin"),
    Scope(vendor="nobody's"),
]


class OnceEach:
    """A store that is asked equal questions once: many flows have one judgement, and nothing is written."""

    def __init__(self, store):
        self.dialect, self._store, self._found = store.dialect, store, {}

    def select(self, query, values):
        """The rows of a query."""
        key = query, *sorted(values.items())
        if key not in self._found:
            self._found[key] = list(self._store.select(query, values))
        return iter(self._found[key])


def answers(whole, scope):
    """Every answer that a store can give about a scope."""
    store = OnceEach(whole)
    stored = list(queries.flows(store, scope))
    contacts = spans.contacts(store, scope, 40)
    firsts = spans.first_flows(store, scope, contacts)
    return {
        "totals": queries.totals(store, scope),
        "groups": queries.totals_by(store, scope, sorted(GROUP_COLUMNS)),
        "flows": stored,
        "findings": list(queries.flows(store, scope, only_findings=True)),
        "events": [queries.finding_event(store, one) for one in stored],
        "judgements": [queries.judgement(store, one) for one in stored],
        "rows": {name: list(queries.rows(store, name, scope)) for name in queries._TIMES},
        "spans": [list(spans.totals(store, scope, (FIRST - 1) * DAY_NS, span)) for span in SPANS_NS],
        "contacts": (contacts, firsts),
        "evidence": [spans.evidence(store, one.sensor, firsts[one]) for one in contacts],
        "shared": dict(spans.judgements(store, scope)),
        "unrecorded": runs_of(store, scope),
        "machines": machines(store, scope),
        "resolvers": list(resolvers(store, scope)),
        "counters": spans.counters(store, scope),
        "watched": spans.watched(store, scope),
        "missing": missing(store, scope),
        "undivided": (
            undivided(store, scope),
            undivided_days(store, scope),
            undivided_views(store, scope),
        ),
        "levels": (lowest_level(store, scope), levels_by_run(store, scope), levels_of(store)),
        "history": [as_json(read_history(store, scope, by)) for by in BY],
    }


@pytest.mark.parametrize("scope", SCOPES)
def test_every_question_has_the_same_answer(store, fleet, scope):
    """Flows of several days, without clients, with findings: both say the same, in the same order."""
    for one in (store, fleet):
        put(one, lasting_flows())
    assert answers(fleet, scope) == answers(store, scope)


def test_huge_sums_are_the_same(store, fleet):
    """Of the most that a record may count: neither fails, nor begins again at nothing, up to a bound."""
    sent = MOST_COUNTED // 2  # twice as much is received
    for one in (store, fleet):
        put(
            one,
            lines_of(
                *(report(n, sent=sent, place=MOSCOW, verdict=UNEXPECTED) for n in range(1100)),
                report(1100, sent=3),
            ),
        )
    assert queries.totals(store, Scope())[1:3] == queries.totals(fleet, Scope())[1:3] == (MOST, MOST)
    for ask in (
        lambda one: queries.totals_by(one, Scope(), ["day", "vendor"]),
        lambda one: list(spans.totals(one, Scope(), 0, DAY_NS)),
        lambda one: spans.contacts(one, Scope(), 40),
    ):
        assert ask(store) == ask(fleet)
    for one in (store, fleet):
        one.delete("flows", "flow >= 500 AND flow < 1100", {})
    exact = (500 * sent + 3, 1000 * sent + 6)
    assert queries.totals(store, Scope())[1:3] == queries.totals(fleet, Scope())[1:3] == exact
    sums = [(one.sent_bytes, one.received_bytes) for one in spans.totals(store, Scope(), 0, DAY_NS)]
    assert tuple(map(sum, zip(*sums, strict=True))) == exact


@pytest.mark.parametrize("last_day", [0, 3])
def test_doubles_are_found_alike(store, fleet, last_day):
    """Whether they end on the same day or on others; only those of other runs."""
    for one in (store, fleet):
        put(one, lasting_flows())
    new = SqliteStore(MEMORY)
    put(new, lines_of(report(1, days=last_day, sent=9), observer=Observer("berlin", "", "beef")))
    found = find_doubles(store, new, ())
    assert (found.run, found.other, found.flows) == (("berlin", "beef"), ("berlin", "cafe"), 1)
    assert find_doubles(fleet, new, ()) == found
    assert find_doubles(fleet, new, [("berlin", "cafe")]) is None
    new.close()


@pytest.mark.parametrize("level", [ADDRESS, PSEUDONYM, NETWORK, NOTHING])
def test_the_level_of_a_run_is_found_alike(store, fleet, level):
    """By one of its clients: events at another level are refused, those of another run are not."""
    for one in (store, fleet):
        put(one, lines_of(report(1, sent=9), level=level))
        for other in (ADDRESS, PSEUDONYM, NETWORK, NOTHING):
            [event] = events_of(report(2, sent=9), level=other)
            refused = pytest.raises(LevelError, match=rf"\(level {level}\), .* \(level {other}\)")
            with nullcontext() if other == level else refused:
                RunLevels(one).check(rows_of(event))
            [event] = events_of(report(2), level=other, observer=Observer("wien", "", "beef"))
            RunLevels(one).check(rows_of(event))


@pytest.mark.parametrize("scene", sorted(SCENES))
def test_a_report_has_the_same_facts(store, fleet, scene):
    """All that a report is made from is the same, for each scene of the reports."""
    for one in (store, fleet):
        put(one, record(SCENES[scene]()))
    for scope in (Scope(), Scope(vendor="kaspersky")):
        assert gather(fleet, scope) == gather(store, scope)


def test_runs_without_a_record_are_the_same(store, fleet):
    """Of one sensor there are events of flows alone."""
    lines = record(SCENES["fifty"]()[:4])
    for one in (store, fleet):
        put(one, [line for line in lines if "wien-1" not in line or '"netmon.flow"' in line])
    whole = gather(store, Scope())
    assert [run.is_recorded for run in whole.runs].count(False) == 1
    for scope in (Scope(), Scope(vendor="kaspersky"), Scope(since_day=whole.since_ns // DAY_NS + 9)):
        assert gather(fleet, scope) == gather(store, scope)


@pytest.mark.parametrize(
    ("limits", "records"),
    [((0, 6), 0), ((6, 12), 0), ((-1, 3), 1), ((3, None), 1), ((3, 9), 2), ((6, 6.5), 1)],
)
def test_counters_over_a_border_are_told_alike(store, fleet, limits, records):
    """A record that ends at the border is of the period before, and one over it is told in both."""
    scope = Scope.between(*(None if one is None else SCENE_NS + int(one * HOUR_NS) for one in limits))
    for one in (store, fleet):
        put(one, run(views=((0, 6), (6, 12)), until=12, dropped=50, sieved=500))
    assert undivided_views(fleet, scope) == undivided_views(store, scope)
    assert undivided_views(fleet, scope).records == records
    assert spans.counters(fleet, scope) == spans.counters(store, scope)
    assert spans.dropped(fleet, scope) == spans.dropped(store, scope)
    assert spans.looked_up(fleet, scope) == spans.looked_up(store, scope)
    assert set(spans.looked_up(fleet, scope)) == {"acme", "other"}
    of_vendor = replace(scope, vendor="other")
    assert (
        spans.looked_up(fleet, of_vendor)
        == spans.looked_up(store, of_vendor)
        == {"other": spans.looked_up(store, scope)["other"]}
    )


def test_machines_are_counted_alike(store, fleet):
    """Of counting periods and other ranges, of sensors with one key and with another one."""
    others = seen((OCTOBER + 2, (4, 5)), (NOVEMBER + 3, (1,)), sensor="t", key=2, count="week")
    for one in (store, fleet):
        put(one, [*seen(*DAYS), *others, *seen((OCTOBER, (3, 4)), sensor="u"), *lasting_flows()])
    for scope in (*SCOPES, IN_OCTOBER, Scope(since_day=OCTOBER + 9), Scope(sensor="s"), Scope(sensor="t")):
        assert machines(fleet, scope) == machines(store, scope)
    assert machines(fleet, IN_OCTOBER)["acme"].periods


@pytest.mark.parametrize("seed", range(3))
def test_repeated_and_reordered_deliveries_change_nothing(store, fleet, seed):
    """Events come twice, in any order and in many transactions, and merged or not, the answers stay."""
    lines = lasting_flows() + record(SCENES["moscow"]())
    put(store, lines)
    shuffled = lines * 2
    random.Random(seed).shuffle(shuffled)
    put(fleet, shuffled, at_once=len(lines) // 5)
    expected = answers(store, Scope())
    assert answers(fleet, Scope()) == expected
    fleet._connection.execute("OPTIMIZE TABLE flows FINAL")
    assert answers(fleet, Scope()) == expected


def test_a_run_that_is_read_again_is_forgotten(store, fleet):
    """What was stored of one run goes, and what is written after that is there; other runs stay."""
    for one in (store, fleet):
        put(one, lasting_flows())
        put(one, record(SCENES["moscow"]()))
        one.replace([("berlin", "cafe")], ())
        put(one, lines_of(report(1, sent=55)))
    assert queries.totals(fleet, Scope(sensor="berlin")).sent_bytes == 55
    assert answers(fleet, Scope()) == answers(store, Scope())


def test_clients_are_erased_alike(store, fleet):
    """Flows, findings, evidence and what counts machines of these clients go, in both; others stay."""
    flows = [
        report(number, client=f"192.0.2.{number % 3}", place=MOSCOW, verdict=UNEXPECTED)
        for number in range(9)
    ]
    counted = Privacy(PSEUDONYM, bytes([1]) * 32).count_id("192.0.2.4", OCTOBER * DAY_NS)
    clients = ["192.0.2.1", counted, "' OR 1=1 --", "\\"]
    for one in (store, fleet):
        put(one, [*lines_of(*flows), *lines_of(*flows), *seen(*DAYS), *record(SCENES["moscow"]())])
    for again in (False, True):
        erased = [erase_clients(one, clients, 7 + again, "request") for one in (store, fleet)]
        assert erased[0] == erased[1]
        assert (erased[0].flows, erased[0].findings, erased[0].counted) == ((0, 0, 0) if again else (3, 3, 1))
        assert answers(fleet, Scope()) == answers(store, Scope())
        assert list(erasures(fleet)) == list(erasures(store))
    fleet._connection.execute("OPTIMIZE TABLE flows FINAL")
    assert list(fleet.select("SELECT count(*) FROM flows WHERE client = '192.0.2.1'", {})) == [(0,)]
    assert (days_of_flows(fleet), counting_periods(fleet)) == (days_of_flows(store), counting_periods(store))


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_a_value_stays_a_value(value):
    """Quotes, backslashes, colons and line ends of a value are no SQL."""
    store = ClickHouseStore.__new__(ClickHouseStore)
    store._connection = ENGINES[0]
    assert list(store._select("SELECT :one, :two, :three", {"one": value, "two": None, "three": -7})) == [
        (value, None, -7)
    ]


ENGINES = []


@pytest.fixture(autouse=True)
def _engine_of_examples(engine):
    ENGINES[:] = [engine]


def test_names_from_packets_are_stored_as_they_are(store, fleet):
    """Characters that are special in JSON or SQL come back unchanged; unseen ones as in events."""
    names = ["a'b", "a\\'b", 'a"b', "a\\nb", "a\tb\nc", "ü\u202e😀", "\\N", "NULL", "{x:String}", ":vendor"]
    lines = lines_of(*(report(number, name=name, matched=name) for number, name in enumerate(names)))
    for one in (store, fleet):
        put(one, lines)
    found = {one.row["name"] for one in queries.flows(fleet, Scope())}
    assert (
        found
        == {one.row["name"] for one in queries.flows(store, Scope())}
        == {visible(name) for name in names}
    )


def test_a_batch_may_have_many_days(fleet):
    """An import of more days than an insert may usually have partitions is stored."""
    put(fleet, itertools.chain(*(lines_of(report(day, days=day, sent=1)) for day in range(130))))
    assert queries.totals(fleet, Scope()).flows == 130
