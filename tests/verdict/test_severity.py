"""The table of severities over all its inputs, and the severities of flows."""

from dataclasses import replace

import pytest

from netmon.records import SEVERITIES
from netmon.verdict.judgement import judge
from netmon.verdict.severity import DEGREES, find_severity
from netmon.verdict.table import find_row
from tests.verdict_cases import FORBID, GERMAN, MOSCOW, SILENT, WORRYING, ZURICH, allow, case
from tests.verdict_facts import every_fact


def severity(facts, forbidden="warning"):
    return find_severity(facts, find_row(facts), forbidden)


def test_only_findings_have_a_severity():
    """Unexpected and forbidden flows have one, expected and undecided ones do not."""
    for facts in every_fact():
        is_finding = find_row(facts).outcome in ("unexpected", "forbidden")
        assert (severity(facts) in SEVERITIES) == is_finding
        assert (severity(facts) is None) == (not is_finding)


def test_every_degree_decides_some_finding():
    """No line of the table is hidden by those above it, and no line is said twice."""
    deciding = {
        next(degree.when for degree in DEGREES if degree.holds(facts))
        for facts in every_fact()
        if severity(facts) is not None
    }
    assert deciding == {degree.when for degree in DEGREES}
    assert len(deciding) == len(DEGREES)


@pytest.mark.parametrize("chosen", SEVERITIES)
def test_what_the_policy_chooses_decides_forbidden_contacts_only(chosen):
    """It does not change other findings, nor a forbidden contact that ends in a country of concern."""
    for facts in every_fact():
        if find_row(facts).outcome == "forbidden" and not facts.is_of_concern:
            assert severity(facts, chosen) == chosen
        else:
            assert severity(facts, chosen) == severity(facts)


def judged(vendor=WORRYING, where=MOSCOW, policy=SILENT, **changes):
    found = judge(replace(case(where, "updates"), vendor=vendor, **changes), policy, GERMAN)
    return found.reason, found.severity


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, ("country_of_concern", "critical")),
        ({"policy": FORBID}, ("policy_forbids_vendor", "critical")),
        ({"policy": FORBID, "where": ZURICH}, ("policy_forbids_vendor", "warning")),
        (
            {"policy": replace(FORBID, forbidden_severity="notice"), "where": ZURICH},
            ("policy_forbids_vendor", "notice"),
        ),
        ({"policy": replace(FORBID, forbidden_severity="notice")}, ("policy_forbids_vendor", "critical")),
        ({"component": "files", "policy": allow("RU")}, ("policy_allows", None)),
        ({"where": ZURICH, "policy": allow("DE")}, ("policy_forbids", "warning")),
        ({"where": ZURICH}, ("no_promise", None)),
    ],
)
def test_severities_of_flows(changes, found):
    """Critical in a country of concern, as the policy chooses if forbidden by itself, else a warning."""
    assert judged(**changes) == found
