"""A flow is found in each period in which it lasted, and no byte counts twice, whatever is known of it."""

import pytest

from netmon.days import DAY_NS
from netmon.language.language import Language
from netmon.report.gather import gather
from netmon.store import queries, spans
from netmon.store.history import as_json, read_history, undivided_lines
from netmon.store.machines import machines
from netmon.store.queries import Scope
from netmon.store.runs import runs_of
from netmon.store.undivided import Undivided, undivided, undivided_days
from tests.records import MOSCOW, UNEXPECTED, classified

MIDNIGHT_NS = 19_676 * DAY_NS
SECOND_NS, HOUR_NS = 10**9, 3600 * 10**9
DAY = MIDNIGHT_NS // DAY_NS


def seen(since_ns, until_ns, flow_id=1, sent=100, phase="end"):
    """A report on a finding that lasted from one time to another, counted from midnight."""
    return classified(
        MOSCOW,
        UNEXPECTED,
        flow_id=flow_id,
        start_ns=MIDNIGHT_NS + since_ns,
        last_ns=MIDNIGHT_NS + until_ns,
        phase=phase,
        **{"sent_bytes": sent, "received_bytes": 0, "sent_packets": sent, "received_packets": 0},
    )


def between(since_ns, until_ns):
    """A period between two times, counted from midnight."""
    return Scope.between(
        None if since_ns is None else MIDNIGHT_NS + since_ns,
        None if until_ns is None else MIDNIGHT_NS + until_ns,
    )


def everywhere(store, scope):
    """Flows and sent bytes of a period as totals, as spans, by day and as contacts: all of them agree."""
    whole = queries.totals(store, scope)
    found = {(whole.flows, whole.sent_bytes)}
    for span_ns in (HOUR_NS, DAY_NS):
        parts = list(spans.totals(store, scope, MIDNIGHT_NS - 9 * DAY_NS, span_ns))
        found.add((sum(one.flows for one in parts), sum(one.sent_bytes for one in parts)))
    days = read_history(store, scope, "day").rows
    found.add((sum(one.totals.flows for one in days), sum(one.totals.sent_bytes for one in days)))
    some = spans.contacts(store, scope, 40)
    found.add((sum(one.flows for one in some), sum(one.sent_bytes for one in some)))
    firsts = spans.first_flows(store, scope, some)
    assert firsts.keys() == set(some)
    every = list(queries.flows(store, scope, only_findings=True))
    found.add((len(every), sum(one.totals.sent_bytes for one in every)))
    assert (whole.flows > 0) == bool(machines(store, scope)) == bool(runs_of(store, scope).unrecorded)
    [only] = found
    return only


@pytest.mark.parametrize(
    ("since_ns", "until_ns", "expected"),
    [
        (-3 * SECOND_NS, 0, (1, 100)),  # where it began
        (-SECOND_NS, 0, (1, 0)),  # and in each part of it
        (-SECOND_NS, SECOND_NS, (1, 0)),
        (0, HOUR_NS, (1, 0)),
        (0, None, (1, 0)),
        (None, 0, (1, 100)),
        (None, None, (1, 100)),
        (-DAY_NS, DAY_NS, (1, 100)),
        (2 * SECOND_NS, 3 * SECOND_NS, (1, 0)),  # its last packet
        (2 * SECOND_NS + 1000, None, (0, 0)),
        (None, -2 * SECOND_NS, (0, 0)),
        (-2 * SECOND_NS, -2 * SECOND_NS + 1000, (1, 100)),
    ],
)
def test_a_flow_over_midnight_is_in_each_of_its_days(store, keep, since_ns, until_ns, expected):
    """A capture has totals at its end only: they count where it began, and it is found where it lasted."""
    keep(seen(-2 * SECOND_NS, 2 * SECOND_NS))
    assert everywhere(store, between(since_ns, until_ns)) == expected


def test_a_flow_within_a_day_is_in_each_of_its_hours(store, keep):
    """A period that begins while a flow lasts finds it as well."""
    keep(seen(HOUR_NS, 3 * HOUR_NS))
    assert everywhere(store, between(2 * HOUR_NS, 2 * HOUR_NS + 1)) == (1, 0)
    assert undivided(store, between(2 * HOUR_NS, 2 * HOUR_NS + 1)) == Undivided(1, 0, 100)
    assert undivided(store, between(0, 2 * HOUR_NS)) == Undivided(1, 100, 0)
    assert undivided(store, between(HOUR_NS, 4 * HOUR_NS)) == undivided(store, Scope()) == Undivided()


def test_a_day_on_which_a_flow_was_silent_has_it(store, keep):
    """A sensor reports what is new; in between the flow lasts, with nothing."""
    keep(
        seen(-DAY_NS, -HOUR_NS, sent=10, phase="update"),
        seen(-DAY_NS, 2 * DAY_NS + HOUR_NS, sent=15),
    )
    assert everywhere(store, Scope(since_day=DAY, until_day=DAY + 1)) == (1, 0)
    assert everywhere(store, Scope(since_day=DAY - 1, until_day=DAY)) == (1, 10)
    assert everywhere(store, Scope(since_day=DAY + 2)) == (1, 5)
    assert everywhere(store, Scope(since_day=DAY + 3)) == (0, 0)


def test_days_that_a_sensor_reported_are_divided(store, keep):
    """A report shortly before midnight says what belongs to the day, so that nothing is left undivided."""
    keep(
        seen(-HOUR_NS, -40 * SECOND_NS, sent=10, phase="update"),
        seen(-HOUR_NS, HOUR_NS, sent=15),
    )
    for scope, sent in ((between(None, 0), 10), (between(0, None), 5)):
        assert everywhere(store, scope) == (1, sent)
        assert undivided(store, scope) == undivided_days(store, scope) == Undivided()


def test_the_first_report_alone_divides_nothing(store, keep):
    """Events of flows have their begin and end: what came between may be of either day."""
    keep(seen(-9 * HOUR_NS, -9 * HOUR_NS, sent=10, phase="open"), seen(-9 * HOUR_NS, HOUR_NS, sent=15))
    assert undivided(store, between(None, 0)) == Undivided(1, 0, 5)
    assert undivided(store, between(0, None)) == Undivided(1, 5, 0)


@pytest.mark.parametrize("step_ns", [SECOND_NS, 7 * HOUR_NS, DAY_NS])
def test_no_byte_counts_twice(store, keep, step_ns):
    """Periods that follow each other add up to the whole, and so do days."""
    flows = [seen(-2 * SECOND_NS, 2 * SECOND_NS), seen(-DAY_NS - 5, DAY_NS + 5, 2), seen(0, 1000, 3)]
    flows += [seen(-2 * DAY_NS, day * DAY_NS, 4, 50 + day, "update") for day in (-1, 0, 2)]
    keep(*flows if step_ns != SECOND_NS else flows[:1])
    begin_ns, end_ns = (-3, 3) if step_ns == SECOND_NS else (-4 * DAY_NS // step_ns, 4 * DAY_NS // step_ns)
    parts = [between(at * step_ns, (at + 1) * step_ns) for at in range(begin_ns, end_ns + 1)]
    sent = [everywhere(store, part)[1] for part in parts]
    assert sum(sent) == queries.totals(store, Scope()).sent_bytes
    for part, one in zip(parts, sent, strict=True):
        assert undivided(store, part).counted_bytes <= one


def test_history_and_report_say_what_cannot_be_divided(store, keep):
    """In words, in JSON, and among the facts of a report, which finds the finding."""
    keep(seen(-2 * SECOND_NS, 2 * SECOND_NS))
    scope = between(-SECOND_NS, 0)
    view = read_history(store, scope, "day")
    assert list(undivided_lines(view)) == [
        "1 flow also lasted before or after this period, and its bytes cannot be divided: 0 B are counted "
        "here, and 100 B are not.",
        "1 flow lasted for several days, and its 100 B cannot be divided: they are counted on one of its "
        "days.",
    ]
    assert "bestand auch vor oder nach" in next(undivided_lines(view, Language("de")))
    assert '"undivided":{"flows":1,"counted_bytes":0,"other_bytes":100}' in as_json(view)
    assert [one.texts["day"] for one in view.rows] == ["2023-11-14"]
    facts = gather(store, scope)
    assert facts.undivided == Undivided(1, 0, 100)
    assert [one.amount.flows for one in facts.findings] == [1]


def test_a_flow_before_1970_has_its_days(store, keep):
    """The times of packets may be wrong: days are counted downwards there."""
    keep(seen(-2 * SECOND_NS, SECOND_NS))
    store.execute("UPDATE flows SET day = 0, start_ns = -2000000000, last_ns = 1000000000")
    [only] = read_history(store, Scope(), "day").rows
    assert only.texts["day"] == "1969-12-31"
