"""What a report covers: the period of which there is a record, and that which was asked for; filters."""

from dataclasses import asdict

import pytest

from netmon.errors import ReportError
from netmon.language.language import NARROW, Language
from netmon.outputs.observer import Observer
from netmon.outputs.run_events import RunEvents
from netmon.report.build import build
from netmon.report.gather import gather
from netmon.report.page import render
from netmon.store.queries import Scope
from tests.report.recorded import CONDITIONS, SIGNATURES, Lines, store_of
from tests.report.scenes import HOUR_NS, START_NS

DAY = 24
REST = "Of the rest there is no record."


def run(since, until, sensor="s", *, ended=True, is_live=True, **about):
    """The events of a live run that watched from one hour of the scene to another."""
    lines = Lines()
    events = RunEvents([lines], Observer(sensor, "", f"run of {sensor} at {since}"), is_live=is_live)
    about = {"conditions": CONDITIONS, "interfaces": ["eth1"], "filter": ""} | about
    about = {name: value for name, value in about.items() if value is not None}
    events.run("start", START_NS + int(since * HOUR_NS), **about)
    stats = {"view": {"eth1": {"packets": 1000}}, "interfaces": {"eth1": {"up": 1}}}
    events.view(stats, START_NS + int(since * HOUR_NS), START_NS + int(until * HOUR_NS))
    if ended:
        events.run("end", START_NS + int(until * HOUR_NS), **about)
    return list(lines)


def report_of(lines, since=None, until=None):
    """The report on a period, in hours of the scene."""
    limits = [None if one is None else START_NS + int(one * HOUR_NS) for one in (since, until)]
    store = store_of(lines)
    try:
        return build(gather(store, Scope.between(*limits)), SIGNATURES, ["kaspersky"], ["netmon", "report"])
    finally:
        store.close()


def page_of(report, language="en"):
    """Its page, with plain spaces."""
    return render(
        report,
        Language(language),
        SIGNATURES.locations,
        {"second": "", "json": ""}
        | dict.fromkeys(("findings", "map", "time", "rows", "view", "sensors"), ""),
    ).replace(NARROW, " ")


def hours(text):
    """A time of the report, in hours of the scene."""
    day, hour, minute = int(text[8:10]), int(text[11:13]), int(text[14:16])
    return (day - 1) * DAY + hour + minute / 60


@pytest.mark.parametrize(
    ("since", "until", "covered", "is_covered"),
    [
        (None, None, (10, 50), None),
        (10, 50, (10, 50), True),
        (20, 40, (20, 40), True),
        (0, 50, (10, 50), False),
        (0, None, (10, 50), False),
        (20, None, (20, 50), True),
        (10, 60, (10, 50), False),
        (None, 60, (10, 50), False),
        (None, 40, (10, 40), True),
        (0, 60, (10, 50), False),
        (0, 20, (10, 20), False),
        (9.99, 50.01, (10, 50), True),
    ],
)
def test_the_covered_period(since, until, covered, is_covered):
    """The part of what was asked for of which there is a record; a minute more or less is no difference."""
    report = report_of(run(10, 50), since, until)
    found = report.scope.covered
    assert (hours(found.since), hours(found.until)) == covered
    assert found.seconds == (covered[1] - covered[0]) * 3600
    asked = report.scope.asked
    assert (asked and asked.is_covered) == is_covered
    page = page_of(report)
    assert (REST in page) == (is_covered is False)
    assert ("Asked for:" in page) == (REST in page)


def captures(*periods):
    """The events of readings of captures of some hours of the scene."""
    about = {"is_live": False, "interfaces": None}
    return [line for period in periods for line in run(*period, files=[{"name": "a.pcap"}], **about)]


@pytest.mark.parametrize(
    ("since", "until", "outside", "grade"),
    [
        (None, None, None, "good"),
        (10, 50, None, "good"),
        (12, 20, None, "good"),
        (0, None, 10, "poor"),
        (None, 60, 10, "poor"),
        (0, 60, 20, "poor"),
        (0, 40, 10, "poor"),
        (9.99, 50.01, None, "good"),
        (10, 110, 40, "poor"),
        (60, 110, 30, "poor"),
        (60, 95, 30, "poor"),
    ],
)
def test_captures_of_a_part_of_the_period(since, until, outside, grade):
    """Time before, between and after them qualifies an all-clear as that of a sensor does."""
    report = report_of(
        captures((10, 50), (90, 120)) if (until or 0) > 90 else captures((10, 50)), since, until
    )
    found = [one.count / 3600 for one in report.view.blinds if one.kind == "gaps"]
    assert (found, report.view.grade) == ([] if outside is None else [outside], grade)
    assert ("There may have been more connections than this report shows" in page_of(report)) == bool(outside)


def test_captures_beside_a_sensor_say_nothing_about_its_time():
    """They may be of anywhere."""
    report = report_of([*captures((10, 20)), *run(0, 50, "live")], 0, 50)
    assert (report.view.grade, report.view.blinds) == ("good", ())


def test_the_page_names_both_periods():
    """First what was covered, also in the title; then what was asked for; in either language."""
    report = report_of(run(10, 50), 0, 72)
    page = page_of(report)
    assert "<title>Report on network traffic – Kaspersky, 1 Sep 2026, 10:00 – 3 Sep 2026, 02:00 UTC" in page
    assert "<dd>1 Sep 2026, 10:00 – 3 Sep 2026, 02:00 UTC (40 h)" in page
    assert "Asked for: 1 Sep 2026, 00:00 – 4 Sep 2026, 00:00 UTC. " + REST in page
    assert "Asked for: from 1 Sep 2026, 00:00 UTC. " + REST in page_of(report_of(run(10, 50), 0))
    assert "Asked for: until 4 Sep 2026, 00:00 UTC. " + REST in page_of(report_of(run(10, 50), None, 72))
    german = "Angefragt: 1. Sept. 2026, 00:00 – 4. Sept. 2026, 00:00 UTC. Über den Rest gibt es keine"
    assert german in page_of(report, "de")


def test_the_twin_has_both_periods():
    """Every number of the page is in the JSON form."""
    scope = asdict(report_of(run(10, 50), 0, 72).scope)
    assert scope["asked"] == {
        "since": "2026-09-01T00:00:00.000000Z",
        "until": "2026-09-04T00:00:00.000000Z",
        "is_covered": False,
    }
    assert scope["covered"]["since"] == "2026-09-01T10:00:00.000000Z"


@pytest.mark.parametrize(("since", "until"), [(0, 24), (24, None), (20, 30), (None, 49.9)])
def test_counters_of_more_than_the_period_are_told(since, until):
    """What was seen over midnight counts on both days, and the page and the JSON form say so."""
    report = report_of(run(10, 50), since, until)
    assert report.view.packets == 1000
    assert asdict(report.view)["undivided"] == {"records": 1, "packets": 1000}
    assert "and its counters cannot be divided: all its packets, 1,000, are counted here." in page_of(report)
    assert "Alle ihre Pakete (1.000) zählen hier mit." in page_of(report, "de")


@pytest.mark.parametrize(("since", "until"), [(None, None), (10, 50), (0, 60), (10, None)])
def test_counters_of_the_period_need_no_remark(since, until):
    """A record that begins and ends with the period is of no other time."""
    report = report_of([*run(0, 10, "earlier"), *run(10, 50), *run(50, 60, "later")], since, until)
    assert asdict(report.view)["undivided"] == {"records": 0, "packets": 0}
    assert "cannot be divided" not in page_of(report)


def test_several_sensors_cover_from_the_first_to_the_last():
    """A sensor that started later has an interruption before it."""
    scope = report_of([*run(10, 50), *run(30, 70, "t")], 0, 80).scope
    assert (hours(scope.covered.since), hours(scope.covered.until)) == (10, 70)
    assert {one.sensor for one in scope.gaps} == {"s", "t"}


def test_a_run_that_was_killed_before_the_period_is_not_part_of_it():
    """A period after its last record has no report; beside another sensor, it has a gap and no run."""
    killed = run(0, 10, ended=False)
    with pytest.raises(ReportError, match="no record of this period"):
        report_of(killed, 20, 40)
    scope = report_of([*killed, *run(20, 40, "t")], 20, 40).scope
    assert {one.name: (one.runs, one.gap_s) for one in scope.sensors} == {"s": (0, 72_000.0), "t": (1, 0.0)}


def test_runs_of_which_no_filter_is_recorded():
    """What an older netmon did not record is not taken for none."""
    old, new = run(0, 10, filter=None), run(10, 20, "t", filter="")
    assert "<dt>Packet filter (BPF)</dt><dd>not recorded</dd>" in page_of(report_of(old + new))
    assert "<dt>Packet filter (BPF)</dt><dd>none</dd>" in page_of(report_of(new))
    assert report_of(old + new).scope.unknown_filters == 1


def test_filters_are_those_of_the_period():
    """A run before it may have had another one."""
    lines = [*run(0, 10, filter="tcp"), *run(10, 20, "t", filter="port 53 or <b>")]
    assert report_of(lines).scope.filters == ("port 53 or <b>", "tcp")
    later = report_of(lines, 12, 20)
    assert later.scope.filters == ("port 53 or <b>",)
    assert later.view.grade == "limited"
    assert "<code>port 53 or &lt;b&gt;</code>" in page_of(later)
