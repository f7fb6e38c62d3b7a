"""What a report asks the store: periods, days, gaps, clients and findings."""

import pytest
from msgspec.structs import replace

from netmon.days import DAY_NS, day_start_ns
from netmon.errors import ReportError
from netmon.outputs.events import Events
from netmon.outputs.observer import Observer
from netmon.outputs.run_events import RunEvents
from netmon.privacy import ADDRESS, NETWORK, NOTHING, PSEUDONYM, Privacy
from netmon.records import ClassifiedFlow, Fallback
from netmon.report.blind import view_of
from netmon.report.build import build
from netmon.report.facts import Amount
from netmon.report.findings import findings_of, other_findings
from netmon.report.gather import MOST_CONTACTS, SPANS_S, choose_span, gather
from netmon.report.sums import total_of
from netmon.report.view import Detail
from netmon.store.queries import Scope
from tests.records import EXPECTED, MOSCOW, UNEXPECTED, ZURICH, classified
from tests.report.recorded import CONDITIONS, SIGNATURES, Lines, record, store_of
from tests.report.scenes import DAYS, HOUR_NS, START_NS, poor_view

FIRST = START_NS // DAY_NS
CRITICAL = replace(UNEXPECTED, severity="critical")
LOOKED_UP = {"acme": 3, "other": 1}
"""DNS queries in the first of the views, by vendor."""


def run(
    *flows,
    level=ADDRESS,
    sensor="s",
    views=((0, 24 * DAYS),),
    since=0,
    until=24 * DAYS,
    ended=True,
    conditions=CONDITIONS,
    looked_up=LOOKED_UP,
    dropped=0,
    sieved=0,
):
    """The events of a live run with these flows; `views` are the hours that were watched."""
    lines = Lines()
    observer = Observer(sensor, "", f"run of {sensor}")
    events = Events(lines, Privacy(level, bytes(32)), {}, observer, with_updates=True)
    about = RunEvents([lines], observer, is_live=True)
    conditions = conditions | {"privacy_level": level}
    about.run("start", START_NS + int(since * HOUR_NS), conditions=conditions, interfaces=["eth1"])
    for one in flows:
        events.flow(one)
    for number, (begin, end) in enumerate(views, 1):
        counters = {"packets": 1000 * number, "sieved_packets": sieved}
        stats = {"view": {"eth1": counters}, "interfaces": {"eth1": {"up": 1, "dropped": dropped}}}
        stats |= {"looked_up": {vendor: count * number for vendor, count in looked_up.items()}}
        about.view(stats, START_NS + int(begin * HOUR_NS), START_NS + int(end * HOUR_NS))
    if ended:
        about.run("end", START_NS + until * HOUR_NS, conditions=conditions, interfaces=["eth1"])
    return list(lines)


def flow(number=1, day=0, last_day=None, phase="end", place=ZURICH, verdict=UNEXPECTED, **changes):
    """A flow from an hour after midnight of a day until an hour after midnight of the same or another day."""
    last_day = day if last_day is None else last_day
    return classified(
        place,
        verdict,
        flow_id=number,
        phase=phase,
        start_ns=START_NS + day * DAY_NS + HOUR_NS,
        last_ns=START_NS + last_day * DAY_NS + HOUR_NS + 1000,
        **{"sent_bytes": 100, "received_bytes": 1000, **changes},
    )


def facts_of(lines, **limits):
    """The facts of a period; days are counted from the start of the scene."""
    limits = {name: FIRST + day if name.endswith("day") else day for name, day in limits.items()}
    store = store_of(lines)
    try:
        return gather(store, Scope(**limits))
    finally:
        store.close()


LASTING = (
    flow(phase="open", sent_bytes=100, received_bytes=0),
    flow(last_day=1, phase="update", sent_bytes=300, received_bytes=50),
    flow(last_day=3, sent_bytes=1000, received_bytes=60),
)
"""One flow over four days, whose third day brought nothing."""


@pytest.mark.parametrize(
    ("since", "until", "amount"),
    [
        (0, 30, Amount(1, 1000, 60)),
        (0, 1, Amount(1, 100, 0)),
        (1, 2, Amount(1, 200, 50)),
        (0, 2, Amount(1, 300, 50)),
        (1, 30, Amount(1, 900, 60)),
        (2, 3, Amount(1, 0, 0)),
        (3, 4, Amount(1, 700, 10)),
    ],
)
def test_a_day_has_what_was_new_on_it(since, until, amount):
    """A flow over several days counts once in a period, with the bytes of these days."""
    facts = facts_of(run(*LASTING), since_day=since, until_day=until)
    assert total_of(group.amount for group in facts.groups) == amount


def test_days_add_up():
    """The days of a flow have together what it had."""
    days = [facts_of(run(*LASTING), since_day=day, until_day=day + 1) for day in range(5)]
    amounts = [total_of(group.amount for group in facts.groups) for facts in days]
    assert sum(one.total_bytes for one in amounts) == 1060


def test_spans_have_the_days_of_a_flow():
    """On the time line, a flow is where it began, and then at the beginning of each further day."""
    facts = facts_of(run(*LASTING))
    hours = [group.bucket * facts.bucket_ns // HOUR_NS for group in facts.groups]
    assert sorted(hours) == [0, 24, 72]


@pytest.mark.parametrize(
    ("period_s", "span_s"), [(1, 1), (72, 1), (73, 5), (570, 10), (86_400, 1800), (2_592_000, 86_400)]
)
def test_spans_fit_the_period(period_s, span_s):
    """At most 72 bars, of a round length."""
    assert choose_span(period_s * 10**9) == span_s * 10**9


def test_spans_begin_at_round_times():
    """Bars of days begin at midnight, shorter ones at a multiple of their length."""
    for hours, span_ns in ((24 * 30, DAY_NS), (10, 600_000_000_000)):
        facts = facts_of(run(flow(day=0), views=((0.4, hours),), until=hours, since=0.4))
        assert facts.bucket_ns == span_ns
        assert facts.since_ns == START_NS + 0.4 * HOUR_NS
        assert facts.origin_ns == START_NS + int(0.4 * HOUR_NS) // min(span_ns, DAY_NS) * min(span_ns, DAY_NS)


def test_long_periods_have_long_spans():
    """Of a century, bars are years."""
    assert choose_span(100 * 365 * DAY_NS) == SPANS_S[-1] * 10**9


def test_gaps_are_those_of_the_scene():
    """Where no record says that an interface was watched."""
    facts = facts_of(record(poor_view()))
    hours = [((gap.start_ns - START_NS) / HOUR_NS, (gap.end_ns - START_NS) / HOUR_NS) for gap in facts.gaps]
    assert hours == [(200, 250), (610, 613)]


def test_time_before_the_sensor_is_a_gap():
    """A period that was asked for, and of which there is only a part."""
    lines = run(flow(day=6), views=((120, 240),), until=240)
    facts = facts_of(lines, since_day=0, until_day=20)
    days = [((gap.start_ns - START_NS) / DAY_NS, (gap.end_ns - START_NS) / DAY_NS) for gap in facts.gaps]
    assert days == [(0, 5)]
    assert facts.until_ns == START_NS + 10 * DAY_NS


@pytest.mark.parametrize(
    ("days", "now", "count", "grade"),
    [
        ((None, None), 100, None, "good"),
        ((0, 10), 100, None, "good"),
        ((-5, 10), 100, 5, "poor"),
        ((0, 15), 100, 5, "poor"),
        ((-5, 15), 100, 10, "poor"),
        ((None, 15), 100, 5, "poor"),
        ((0, 11), 10 + 1 / 24 / 60, None, "good"),  # a sensor that runs: the rest is to come
        ((0, 11), 10.5, 0.5, "poor"),
        ((0, 11), 5, None, "good"),  # a clock that is wrong
    ],
)
def test_the_time_before_the_first_and_after_the_latest_record_was_not_watched(days, now, count, grade):
    """Whichever end of what was asked for it is."""
    limits = [None if day is None else START_NS + day * DAY_NS for day in days]
    store = store_of(run(flow(day=6), views=((0, 240),), until=240, ended=False))
    facts = gather(store, Scope.between(*limits), START_NS + int(now * DAY_NS))
    view = build(facts, SIGNATURES, ["kaspersky"], []).view
    assert [one.count for one in view.blinds if one.kind == "gaps"] == ([count * 86_400] if count else [])
    assert view.grade == grade


def test_a_limit_that_no_store_can_hold_is_the_one_that_was_asked_for():
    """A report until the year 9999 does not say that it was asked for until 2262."""
    lines = run(flow(day=6), views=((120, 240),), until=240)
    with_store = store_of(lines)
    facts = gather(with_store, Scope.between(None, day_start_ns("9999-12-31")))
    asked = build(facts, SIGNATURES, ["kaspersky"], []).scope.asked
    assert (asked.since, asked.until) == (None, "9999-12-31T00:00:00.000000Z")
    assert not asked.is_covered


def test_a_silent_sensor_is_in_the_report():
    """It ran before and after: one gap for the whole period, and it is among the sensors."""
    lines = [
        *run(flow(day=1), views=((0, 48),), until=48),
        *(line.replace("run of s", "later run") for line in run(views=((240, 480),), since=240, until=480)),
    ]
    facts = facts_of(lines, since_day=4, until_day=8)
    made = build(facts, SIGNATURES, ["kaspersky"], [])
    [one] = made.scope.sensors
    assert (one.name, one.interfaces, one.first, one.runs, one.gaps) == ("s", ("eth1",), None, 0, 1)
    assert [gap.seconds for gap in made.scope.gaps] == [4 * 86_400]
    assert [(blind.kind, blind.count, blind.of) for blind in made.view.blinds] == [("gaps", 345_600, 345_600)]
    assert made.scope.asked.is_covered


def test_a_killed_run_ends_with_its_last_record():
    """Nobody recorded its end."""
    [one] = facts_of(run(flow(), views=((0, 100),), ended=False)).runs
    assert one.end_ns == START_NS + 100 * HOUR_NS
    assert not one.is_ended


def test_an_empty_period_is_an_error():
    """Rather than a report that reads like an all-clear."""
    with pytest.raises(ReportError, match="no record of this period"):
        facts_of(run(flow()), since_day=400, until_day=401)


@pytest.mark.parametrize(("scope", "what"), [(Scope(), "anything"), (Scope(vendor="acme"), "acme")])
def test_an_empty_store_is_no_question_of_the_period(scope, what):
    """If none was asked for, the message names the commands that store something."""
    with pytest.raises(ReportError, match=f"no record of {what}: `netmon run`"):
        gather(store_of([]), scope)


def flows_alone(*flows, **about):
    """The events of flows, as `netmon read --json` writes them: without any about the run."""
    return [line for line in run(*flows, **about) if '"netmon.flow"' in line]


def test_flows_without_a_run_give_the_period():
    """Their sensor is there with their times; what decided and what else was to be seen is not known."""
    facts = facts_of(flows_alone(flow(1, day=2), flow(2, day=4, last_day=5, verdict=EXPECTED)))
    [one] = facts.runs
    assert (one.sensor, one.is_recorded, one.privacy, one.used) == ("s", False, None, ())
    assert (facts.since_ns, facts.until_ns) == (
        START_NS + 2 * DAY_NS + HOUR_NS,
        START_NS + 5 * DAY_NS + HOUR_NS + 1000,
    )
    assert total_of(group.amount for group in facts.groups) == Amount(2, 200, 2000)
    assert facts.gaps == ()
    view = view_of(facts)
    assert (view.grade, view.packets, [one.kind for one in view.blinds]) == ("none", 0, ["unrecorded"])


def test_runs_with_and_without_a_record():
    """A good view of one sensor does not cover another one of which nothing is recorded."""
    lines = [*run(flow(1)), *flows_alone(flow(1), sensor="t")]
    facts = facts_of(lines)
    assert [(one.sensor, one.is_recorded) for one in facts.runs] == [("s", True), ("t", False)]
    view = view_of(facts)
    assert (view.grade, [(one.kind, one.count, one.of) for one in view.blinds]) == (
        "limited",
        [("unrecorded", 1, 2)],
    )


def test_a_run_without_a_record_has_the_flows_of_the_period():
    """In a period without its flows, it is not there."""
    lines = [*run(flow(1)), *flows_alone(flow(1, day=3), sensor="t")]
    assert [one.sensor for one in facts_of(lines, since_day=0, until_day=2).runs] == ["s"]


def test_no_packet_is_no_result():
    """A mirror port that is unplugged: there is a record of each minute, and nothing was received."""
    lines = Lines()
    about = RunEvents([lines], Observer("s", "", "run of s"), is_live=True)
    about.run("start", START_NS, conditions=CONDITIONS, interfaces=["eth1"])
    unwatched = view_of(facts_of(list(lines)))
    stats = {"view": {"eth1": {"packets": 0}}, "interfaces": {"eth1": {"up": 1}}}
    about.view(stats, START_NS, START_NS + HOUR_NS)
    assert (unwatched.grade, view_of(facts_of(lines)).grade) == ("none", "empty")


def test_a_promise_that_was_applied_applies():
    """Also where the country of the users is not recorded, which would be needed to find that out."""
    place, verdict = replace(ZURICH), replace(EXPECTED, promise="gti_complete")
    one = replace(flow(place=place, verdict=verdict), vendor="kaspersky", component="reputation")
    made = build(facts_of(flows_alone(one)), SIGNATURES, ["kaspersky"], [])
    assert [promise.id for promise in made.promises if promise.is_applied] == ["gti_complete"]


THREE = [flow(number, day=number % 2, client=f"192.0.2.{number % 3}") for number in range(1, 10)]


@pytest.mark.parametrize(
    ("level", "sensors", "machines"),
    [
        (ADDRESS, ["s"], (3, 3)),
        (ADDRESS, ["s", "t"], (3, 6)),
        (PSEUDONYM, ["s"], (3, 6)),
        (NETWORK, ["s"], None),
        (NOTHING, ["s"], None),
    ],
)
def test_machines_are_counted_as_far_as_they_can(level, sensors, machines):
    """Pseudonyms of two days, or of two sensors, may be one machine; networks and nothing say nothing."""
    lines = [line for sensor in sensors for line in run(*THREE, level=level, sensor=sensor)]
    found = facts_of(lines).machines.get("acme")
    assert (found and (found.at_least, found.at_most)) == machines


def test_pseudonyms_of_one_day_are_exact():
    """Within a day of one run, a pseudonym is one machine."""
    found = facts_of(run(*THREE, level=PSEUDONYM), since_day=0, until_day=1).machines["acme"]
    assert (found.at_least, found.is_exact) == (3, True)


def ask(number, question, days=0, vendors=("acme",), **changes):
    """DNS to a resolver that products of these vendors fall back to."""
    named = flow(number, last_day=days, phase="update" if days else "end", server="192.0.2.53", **changes)
    component = "files" if question == "vendor" else None
    uses = tuple(Fallback(vendor, "Example DNS", question, component, "official") for vendor in vendors)
    return ClassifiedFlow(named.flow, fallbacks=uses)


def test_questions_at_fallback_resolvers_are_told():
    """By kind of question: connections and bytes, on each of their days, and never among the vendor's."""
    asked = [ask(1, "vendor"), ask(2, "vendor", sent_bytes=50), ask(3, "other", vendors=("acme", "b"))]
    asked += [ask(4, "unknown"), ask(4, "unknown", days=2, sent_bytes=300)]
    lines = run(flow(9), *asked)
    facts = facts_of(lines)
    assert sorted((one.vendor, one.question, one.component, one.amount) for one in facts.resolvers) == [
        ("acme", "other", None, Amount(1, 100, 1000)),
        ("acme", "unknown", None, Amount(1, 300, 1000)),
        ("acme", "vendor", "files", Amount(2, 150, 2000)),
        ("b", "other", None, Amount(1, 100, 1000)),
    ]
    assert total_of(group.amount for group in facts.groups) == Amount(1, 100, 1000)
    [late] = facts_of(lines, since_day=1).resolvers
    assert (late.question, late.amount) == ("unknown", Amount(1, 200, 0))
    [of_b] = facts_of(lines, vendor="b").resolvers
    assert (of_b.operator, of_b.server) == ("Example DNS", "192.0.2.53")


def test_findings_are_listed_by_client_and_server():
    """Those of the same client and server are one; the first of them is the reference."""
    found = [
        flow(5, place=MOSCOW, verdict=CRITICAL, client="192.0.2.1"),
        flow(6, day=2, place=MOSCOW, verdict=CRITICAL, client="192.0.2.1"),
        flow(7, place=MOSCOW, verdict=CRITICAL, client="192.0.2.2"),
    ]
    facts = facts_of(run(*found))
    listed = [(one.client, one.amount.flows, one.run, one.flow) for one in facts.findings]
    assert listed == [("192.0.2.1", 2, "run of s", 5), ("192.0.2.2", 1, "run of s", 7)]
    assert [vote["source"] for vote in facts.findings[0].votes] == ["db_one", "db_two"]


def test_many_findings_are_summed_up():
    """The list ends, the sum does not."""
    found = [
        flow(number, client=f"192.0.{number // 200}.{number % 200}") for number in range(MOST_CONTACTS + 25)
    ]
    found.append(flow(900, client="192.0.2.1", verdict=replace(UNEXPECTED, reason="policy_forbids")))
    facts = facts_of(run(*found))
    assert len(facts.findings) == MOST_CONTACTS
    [one] = findings_of(facts, {}, {})
    assert (one.sum.flows, one.sum.total_bytes) == (MOST_CONTACTS + 25, (MOST_CONTACTS + 25) * 1100)
    assert (len(one.contacts), one.unlisted.flows, one.unlisted.received_bytes) == (40, 25, 25_000)
    assert other_findings(facts) == Amount(1, 100, 1000)


def test_the_worst_findings_are_listed():
    """A critical one of few bytes is shown before warnings of many."""
    warnings = [flow(number, client=f"192.0.2.{number}") for number in range(1, MOST_CONTACTS + 5)]
    worst = flow(900, place=MOSCOW, verdict=CRITICAL, client="192.0.2.200", sent_bytes=1, received_bytes=1)
    facts = facts_of(run(*warnings, worst))
    assert [one.client for one in facts.findings if one.meaning.severity == "critical"] == ["192.0.2.200"]


def test_one_vendor_can_be_chosen():
    """The report on a vendor has no flow of another one."""
    other = replace(flow(2), vendor="globex")
    store = store_of(run(flow(1), other))
    assert {group.meaning.vendor for group in gather(store, Scope(vendor="globex")).groups} == {"globex"}
    assert len(gather(store, Scope()).groups) == 2
    store.close()


def test_flows_to_an_edge_are_named():
    """A third party that answers for the vendor is something that the sensor cannot look behind."""
    facts = facts_of(run(replace(flow(1), edge="Example CDN"), flow(2)))
    [edge] = [one for one in view_of(facts).blinds if one.kind == "edge"]
    assert (edge.count, edge.of, edge.details) == (1, 2, (Detail("Example CDN", 1),))
    assert not edge.is_poor


def test_counters_of_an_interface_are_added_up():
    """What was seen in all stretches, once."""
    facts = facts_of(run(flow(), views=((0, 10), (10, 20), (20, 720))))
    [view] = [one for one in facts.views if one.interface == "eth1"]
    assert view.counters["packets"] == 3000
