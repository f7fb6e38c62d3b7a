"""What a store says about a sensor that runs: its newest findings, and the clients of the day."""

import io

import pytest

from netmon.days import DAY_NS
from netmon.outputs.run_events import RunEvents
from netmon.store.intake import Intake
from netmon.store.latest import clients_today, earlier_findings, latest_findings, running_run
from tests.records import EXPECTED, MOSCOW, START_NS, UNEXPECTED, ZURICH, classified
from tests.store.conftest import CONDITIONS, OBSERVER

MINUTE_NS = 60 * 10**9
MICROSECONDS_NS = START_NS // 1000 * 1000
"""As events have it."""


@pytest.fixture
def begin(store):
    """Stores the beginning of a run."""

    def begin(run, start_ns):
        stream = io.StringIO()
        observer = type(OBSERVER)(OBSERVER.sensor, OBSERVER.site, run)
        RunEvents([stream], observer, is_live=True).run("start", start_ns, conditions=CONDITIONS)
        intake = Intake(store, "memory")
        for line in stream.getvalue().splitlines():
            intake.write(line)
        intake.flush()

    return begin


def test_the_run_of_a_process(store, begin):
    """It began after its process; a run before that is of another one, and so is that of another sensor."""
    begin("old", START_NS - MINUTE_NS)
    begin("new", START_NS)
    assert running_run(store, "berlin", START_NS - 10**9) == "new"
    assert running_run(store, "berlin", START_NS + 10**9) == "new"  # its clock was set meanwhile
    assert running_run(store, "berlin", START_NS + MINUTE_NS) is None
    assert running_run(store, "bern", START_NS - 10**9) is None


def finding(number, **values):
    last_ns = START_NS + number * 10**9
    return classified(MOSCOW, UNEXPECTED, flow_id=number, last_ns=last_ns, **values)


def test_the_latest_findings(store, keep):
    """The latest first, no more than asked for, and no flow that is none."""
    keep(*map(finding, range(1, 6)), classified(ZURICH, EXPECTED, flow_id=9))
    found = latest_findings(store, "berlin", "cafe", 3)
    assert [one.last_ns for one in found] == [MICROSECONDS_NS + number * 10**9 for number in (5, 4, 3)]
    one = found[0]
    assert (one.outcome, one.severity, one.client, one.name) == (
        "unexpected",
        "warning",
        "192.0.2.17",
        "files.acme.example",
    )
    assert (one.server, one.city, one.country, one.location) == ("198.51.100.5", "Moscow", "RU", "moscow")
    assert latest_findings(store, "berlin", "other", 3) == []


def test_a_finding_that_was_none_after_all(store, keep):
    """What a later report says about the flow holds."""
    keep(finding(1, phase="open"), classified(ZURICH, EXPECTED, flow_id=1))
    assert latest_findings(store, "berlin", "cafe", 3) == []


def test_a_flow_of_several_days_is_one_finding(store, keep):
    """With its latest time."""
    keep(finding(1, phase="update"))
    keep(classified(MOSCOW, UNEXPECTED, flow_id=1, last_ns=START_NS + DAY_NS))
    [one] = latest_findings(store, "berlin", "cafe", 3)
    assert one.last_ns == MICROSECONDS_NS + DAY_NS


def test_clients_of_today(store, keep):
    """Flows of each client by verdict; those of other days do not count."""
    keep(
        finding(1, client="192.0.2.1"),
        classified(ZURICH, EXPECTED, flow_id=2, client="192.0.2.1"),
        classified(ZURICH, EXPECTED, flow_id=3, client="192.0.2.2"),
        classified(ZURICH, EXPECTED, flow_id=4, start_ns=START_NS - DAY_NS, last_ns=START_NS - DAY_NS),
    )
    found = clients_today(store, "berlin", START_NS)
    assert [(one.client, one.outcome, one.severity, one.totals.flows) for one in found] == [
        ("192.0.2.1", "expected", None, 1),
        ("192.0.2.1", "unexpected", "warning", 1),
        ("192.0.2.2", "expected", None, 1),
    ]


def test_findings_of_earlier_runs(store, keep):
    """Each once, whatever the run and however many flows it has; of this sensor, and of the last flows."""
    other = type(OBSERVER)("bern", OBSERVER.site, "cafe")
    keep(finding(1), finding(2), finding(3, client="192.0.2.2"), classified(ZURICH, EXPECTED, flow_id=4))
    keep(finding(1), observer=type(OBSERVER)(OBSERVER.sensor, OBSERVER.site, "second"))
    keep(finding(1, client="192.0.2.3"), observer=other)
    rest = ("files.acme.example", "198.51.100.5", "unexpected", "warning")
    found = list(earlier_findings(store, "berlin", 100))
    assert sorted(found) == [("192.0.2.17", *rest), ("192.0.2.2", *rest)]
    assert list(earlier_findings(store, "berlin", 1)) == [("192.0.2.17", *rest)]
