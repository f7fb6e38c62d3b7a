"""What metrics count of flows whose verdict changes while they go on."""

import itertools

import pytest
from msgspec.structs import replace
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from netmon.outputs.prometheus import Prometheus
from netmon.records import Verdict
from tests.outputs.engine_stats import STATS
from tests.records import DISPUTED, EXPECTED, MOSCOW, UNEXPECTED, classified

NO_CONTACT = Verdict("undecided", "no_contact", lacks="evidence")
CRITICAL = Verdict("unexpected", "country_of_concern", severity="critical")
NOTICE = Verdict("unexpected", "place_elsewhere", severity="notice")
FORBIDDEN = Verdict("forbidden", "policy_forbids_vendor", severity="warning")
EXCEPTED = Verdict("expected", "policy_exception", None, "place_elsewhere", "2027-01-31")


@pytest.fixture
def metrics():
    return Prometheus("1.2.3", lambda: STATS)


def report(metrics, *verdicts, place=MOSCOW, flow_id=7):
    """The reports on one flow, the last of which is its end; each has 100 new bytes of the client."""
    for left, verdict in zip(reversed(range(len(verdicts))), verdicts, strict=True):
        phase = "update" if left else "end"
        metrics.flow(classified(place, verdict, phase=phase, flow_id=flow_id, new_sent_bytes=100))


def counted(metrics, name="netmon_flows_total"):
    """Verdict and severity → what was counted, without zeros."""
    found = {}
    for family in metrics.registry.collect():
        for sample in family.samples:
            if sample.name == name and sample.value:
                kind = sample.labels["verdict"], sample.labels["severity"]
                found[kind] = found.get(kind, 0) + sample.value
    return found


@pytest.mark.parametrize(
    ("verdicts", "flows"),
    [
        # The answer came late, so the flow began without a contact
        ([NO_CONTACT, CRITICAL], {("undecided", "none"): 1, ("unexpected", "critical"): 1}),
        ([NO_CONTACT, CRITICAL, CRITICAL], {("undecided", "none"): 1, ("unexpected", "critical"): 1}),
        ([NO_CONTACT, NO_CONTACT, FORBIDDEN], {("undecided", "none"): 1, ("forbidden", "warning"): 1}),
        ([EXPECTED, UNEXPECTED], {("expected", "none"): 1, ("unexpected", "warning"): 1}),
        ([UNEXPECTED, FORBIDDEN], {("unexpected", "warning"): 1, ("forbidden", "warning"): 1}),
        # A finding that becomes a worse one, or one again
        ([NOTICE, CRITICAL], {("unexpected", "notice"): 1, ("unexpected", "critical"): 1}),
        ([CRITICAL, NO_CONTACT, CRITICAL], {("unexpected", "critical"): 1}),
        ([UNEXPECTED, NO_CONTACT, UNEXPECTED, UNEXPECTED], {("unexpected", "warning"): 1}),
        # What is no finding is counted by the first report alone
        ([NO_CONTACT, EXPECTED], {("undecided", "none"): 1}),
        ([EXPECTED, NO_CONTACT], {("expected", "none"): 1}),
        ([CRITICAL, EXPECTED], {("unexpected", "critical"): 1}),
    ],
)
def test_a_flow_that_becomes_a_finding_is_counted_as_one(metrics, verdicts, flows):
    """Once in each series, so that nothing that counts findings misses it."""
    report(metrics, *verdicts)
    assert counted(metrics) == flows


KINDS = (NO_CONTACT, EXPECTED, NOTICE, UNEXPECTED, CRITICAL, FORBIDDEN)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_no_series_of_findings_has_bytes_without_a_flow(length):
    """Whatever verdicts follow each other; and no byte is counted twice."""
    for verdicts in itertools.product(KINDS, repeat=length):
        metrics = Prometheus("1.2.3", lambda: STATS)
        report(metrics, *verdicts)
        findings = {(one.outcome, one.severity) for one in verdicts if one.severity}
        first = (verdicts[0].outcome, verdicts[0].severity or "none")
        assert counted(metrics) == dict.fromkeys(findings | {first}, 1)
        sent = counted(metrics, "netmon_sent_bytes_total")
        assert findings <= sent.keys()
        assert sum(sent.values()) == 100 * length


def test_a_finding_that_moves_is_counted_at_each_place(metrics):
    """A query for the findings of one place or component misses none of which more is known later."""
    metrics.flow(classified(DISPUTED, UNEXPECTED, phase="open"))
    metrics.flow(classified(MOSCOW, UNEXPECTED, phase="update"))
    metrics.flow(replace(classified(MOSCOW, UNEXPECTED, phase="update"), component="updates"))
    metrics.flow(classified(MOSCOW, UNEXPECTED))
    flows = [
        (sample.labels["country"], sample.labels["component"], sample.value)
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "netmon_flows_total"
    ]
    assert flows == [("disputed", "files", 1), ("RU", "files", 1), ("RU", "updates", 1)]


def test_numbers_of_ended_flows_can_be_used_again(metrics):
    """The next flow with the number is counted like any other."""
    for _ in range(3):
        report(metrics, NO_CONTACT, CRITICAL)
    assert counted(metrics) == {("undecided", "none"): 3, ("unexpected", "critical"): 3}


def test_a_later_finding_has_an_exemplar(metrics):
    """It leads from the counter to the event, as for a flow that begins as a finding."""
    report(metrics, NO_CONTACT, CRITICAL, flow_id=3)
    page = generate_latest(metrics.registry).decode()
    [family] = [one for one in text_string_to_metric_families(page) if one.name == "netmon_flows"]
    exemplars = {one.labels["verdict"]: one.exemplar and one.exemplar.labels for one in family.samples}
    assert exemplars == {"undecided": None, "unexpected": {"flow_id": "3"}}


def test_what_was_missing_and_exceptions_are_counted_by_the_first_report(metrics):
    """A flow that turns out to be a finding lacked one thing, and a later exception is no other one."""
    report(metrics, NO_CONTACT, NO_CONTACT, CRITICAL)
    report(metrics, EXCEPTED, UNEXPECTED, EXCEPTED)
    value = metrics.registry.get_sample_value
    labels = {"vendor": "acme", "component": "files"}
    assert value("netmon_undecided_flows_total", {**labels, "country": "RU", "lacks": "evidence"}) == 1
    assert value("netmon_excepted_flows_total", {**labels, "reason": "place_elsewhere"}) == 1
