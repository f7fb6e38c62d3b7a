"""The table of severities over all its inputs, and the severities of flows."""

from functools import cache
from itertools import product

import pytest
from msgspec.structs import replace

from netmon.records import SEVERITIES
from netmon.signatures.folder import default_folder
from netmon.signatures.load import load_folder
from netmon.verdict.judgement import judge
from netmon.verdict.policy import Policy
from netmon.verdict.severity import DEGREES, find_severity
from netmon.verdict.table import find_row
from tests.verdict_cases import (
    EXCEPTION,
    FORBID,
    GERMAN,
    MOSCOW,
    SILENT,
    WORRYING,
    ZURICH,
    allow,
    case,
    component,
    excepting,
    place,
)
from tests.verdict_facts import TRUTHS, every_fact

SHIPPED = load_folder(default_folder())
GROUPS = SHIPPED.groups


def severity(facts, forbidden="warning"):
    return find_severity(facts, find_row(facts), forbidden)


@cache
def every_finding():
    """Every combination of facts that is a finding, with those that matter for its severity alone."""
    findings = [one for one in every_fact() if find_row(one).outcome in ("unexpected", "forbidden")]
    return [
        replace(facts, visited=visited, tolerated=tolerated)
        for facts in findings
        for visited, tolerated in product(TRUTHS, TRUTHS)
        if not (tolerated and facts.concern)  # a country of concern is not tolerated: see `judgement`
    ]


def test_only_findings_have_a_severity():
    """Unexpected and forbidden flows have one, expected and undecided ones do not."""
    for facts in every_fact():
        is_finding = find_row(facts).outcome in ("unexpected", "forbidden")
        assert (severity(facts) in SEVERITIES) == is_finding
        assert (severity(facts) is None) == (not is_finding)


def test_what_only_the_severity_depends_on_changes_no_verdict():
    """A visit and a tolerated place leave outcome and reason as they are."""
    for facts in every_finding():
        assert find_row(facts) is find_row(replace(facts, visited=False, tolerated=False))


def test_every_degree_decides_some_finding():
    """No line of the table is hidden by those above it."""
    deciding = {next(degree.when for degree in DEGREES if degree.holds(facts)) for facts in every_finding()}
    assert deciding == {degree.when for degree in DEGREES}
    assert len(deciding) == len(DEGREES)


@pytest.mark.parametrize("chosen", SEVERITIES)
def test_the_order_of_precedence(chosen):
    """Forbidden, allowed, concern, promise, tolerated; and a visit is a notice in any country."""
    for facts in every_finding():
        is_forbidden = find_row(facts).outcome == "forbidden"
        is_of_concern = facts.concern and facts.ended_elsewhere
        if facts.visited and facts.forbidden != "component":
            right = "notice"
        elif facts.visited and is_forbidden:
            right = chosen
        elif facts.visited:
            right = "notice"
        elif is_of_concern:
            right = "critical"
        elif is_forbidden:
            right = chosen
        elif facts.bypassing and not facts.contact_excepted:
            right = "warning"
        else:
            right = "notice" if facts.tolerated else "warning"
        assert severity(facts, chosen) == right


def test_critical_needs_a_place_that_is_known_to_be_wrong():
    """Apart from what the policy chooses, a finding is critical only if it ended where nothing allows it."""
    critical = [facts for facts in every_finding() if severity(facts, "notice") == "critical"]
    assert critical
    for facts in critical:
        assert facts.concern
        assert facts.settled_elsewhere or facts.nowhere
        assert not facts.proxied
        assert not facts.visited


VISITED = replace(WORRYING, components=WORRYING.components | {"web": replace(component("web"), visited=True)})
BERLIN = place("DE", "DE")
EEA = {"*": frozenset({"EEA"})}


def forbid(*components, **changes):
    return Policy(forbidden_components={"acme": frozenset(components)}, **changes)


def judged(policy=SILENT, where=MOSCOW, what="updates", vendor=VISITED, **changes):
    one = replace(case(where, what), vendor=vendor, groups=GROUPS, **changes)
    found = judge(one, policy, GERMAN)
    return found.reason, found.severity


@pytest.mark.parametrize(
    ("policy", "where", "what", "found"),
    [
        (SILENT, MOSCOW, "updates", ("country_of_concern", "critical")),
        (SILENT, MOSCOW, "files", ("country_of_concern", "critical")),
        (SILENT, BERLIN, "files", ("place_elsewhere", "warning")),
        (SILENT, ZURICH, "files", ("place_as_promised", None)),
        (SILENT, ZURICH, "updates", ("no_promise", None)),
        (allow("RU"), MOSCOW, "updates", ("policy_allows", None)),
        (allow("CH"), BERLIN, "updates", ("policy_forbids", "warning")),
        # Forbidden by itself: as the policy chooses, except in a country of concern.
        (FORBID, ZURICH, "files", ("policy_forbids_vendor", "warning")),
        (FORBID, place(), "files", ("policy_forbids_vendor", "warning")),
        (FORBID, MOSCOW, "files", ("policy_forbids_vendor", "critical")),
        (FORBID, place("RU"), "files", ("policy_forbids_vendor", "warning")),
        (replace(FORBID, forbidden_severity="notice"), ZURICH, "files", ("policy_forbids_vendor", "notice")),
        (
            replace(FORBID, forbidden_severity="notice"),
            MOSCOW,
            "files",
            ("policy_forbids_vendor", "critical"),
        ),
        (
            replace(FORBID, forbidden_severity="critical"),
            ZURICH,
            "files",
            ("policy_forbids_vendor", "critical"),
        ),
        (replace(FORBID, allowed=allow("RU").allowed), MOSCOW, "files", ("policy_forbids_vendor", "warning")),
        (forbid("files"), place(), "files", ("policy_forbids_component", "warning")),
        (forbid("files"), MOSCOW, "files", ("policy_forbids_component", "critical")),
        (excepting(FORBID), MOSCOW, "updates", ("country_of_concern", "critical")),
        # Tolerated is last.
        (Policy(tolerated=EEA), BERLIN, "files", ("place_elsewhere", "notice")),
        (replace(allow("CH"), tolerated=EEA), BERLIN, "updates", ("policy_forbids", "notice")),
        (replace(FORBID, tolerated=EEA), BERLIN, "files", ("policy_forbids_vendor", "warning")),
        (Policy(tolerated={"*": frozenset({"RU"})}), MOSCOW, "files", ("country_of_concern", "critical")),
        (
            Policy(tolerated={"acme": frozenset({"CH"}), **EEA}),
            BERLIN,
            "files",
            ("place_elsewhere", "warning"),
        ),
        (Policy(tolerated={"acme": frozenset(), **EEA}), BERLIN, "files", ("place_elsewhere", "warning")),
        (Policy(tolerated={"other": frozenset({"DE"})}), BERLIN, "files", ("place_elsewhere", "warning")),
        # A visit to web pages.
        (SILENT, MOSCOW, "web", ("country_of_concern", "notice")),
        (FORBID, MOSCOW, "web", ("policy_forbids_vendor", "notice")),
        (allow("CH"), BERLIN, "web", ("policy_forbids", "notice")),
        (forbid("web"), ZURICH, "web", ("policy_forbids_component", "warning")),
        (
            forbid("web", forbidden_vendors=FORBID.forbidden_vendors),
            ZURICH,
            "web",
            ("policy_forbids_component", "warning"),
        ),
        (SILENT, ZURICH, "web", ("no_promise", None)),
    ],
)
def test_severities_of_flows(policy, where, what, found):
    """From policy, place and component to reason and severity."""
    assert judged(policy, where, what) == found


@pytest.mark.parametrize(
    ("group", "country", "day", "is_member"),
    [
        ("EU", "GB", "2020-01-31", True),
        ("EU", "GB", "2020-02-01", False),
        ("EU", "HR", "2013-06-30", False),
        ("EU", "HR", "2013-07-01", True),
        ("EU", "NO", "2026-06-17", False),
        ("EEA", "NO", "2026-06-17", True),
        ("EEA", "DE", "2026-06-17", True),
        ("EEA", "GB", "2026-06-17", False),
        ("EEA", "CH", "2026-06-17", False),
        ("ADEQUACY", "CH", "2026-06-17", True),
        ("ADEQUACY", "GB", "2021-06-27", False),
        ("ADEQUACY", "GB", "2026-06-17", True),
        ("ADEQUACY", "GB", "2031-12-28", False),
        ("ADEQUACY", "BR", "2026-01-25", False),
        ("ADEQUACY", "BR", "2026-01-26", True),
        ("ADEQUACY", "US", "2026-06-17", False),
        ("DPF", "US", "2023-07-09", False),
        ("DPF", "US", "2023-07-10", True),
        ("ADEQUACY", "RU", "2026-06-17", False),
    ],
)
def test_groups_have_members_by_date(group, country, day, is_member):
    """A flow is tolerated by what its country belonged to on its day."""
    policy = Policy(tolerated={"*": frozenset({group})})
    assert policy.is_tolerated("acme", country, GROUPS, day) == is_member


def test_members_of_today_are_sourced():
    """Each membership of a group that a law defines names a source."""
    for name in ("EU", "EEA", "ADEQUACY", "DPF"):
        assert all(one.sources and one.since for one in GROUPS[name].members)
    assert len(GROUPS["EU"].members_on("2026-06-17")) == 27
    assert len(GROUPS["EEA"].members_on("2026-06-17")) == 30
    assert len(GROUPS["ADEQUACY"].members_on("2026-06-17")) == 15


def test_the_vendors_web_pages_are_data():
    """The shipped signatures say which component people visit; product traffic is none."""
    visited = {one.id for one in SHIPPED.vendors["kaspersky"].components.values() if one.visited}
    assert visited == {"web"}


@pytest.mark.parametrize(
    ("grounds", "found"),
    [
        ("own", ("policy_forbids_component", "warning")),
        ("hearsay", ("name_unproven", None)),
        ("unsolicited", ("name_unsolicited", None)),
    ],
)
def test_a_forbidden_component_must_be_shown(grounds, found):
    """Hearsay does not show that the client contacted this component."""
    assert judged(forbid("files"), ZURICH, "files", grounds=grounds) == found


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (MOSCOW, ("country_of_concern", "critical")),
        (ZURICH, ("no_promise", None)),
    ],
)
def test_a_network_of_the_vendor_shows_no_component(where, found):
    """What only an address in the vendor's network shows is judged, but by no component's rule."""
    assert judged(forbid("files"), where, "network", grounds="holder") == found


@pytest.mark.parametrize(
    ("exception", "found"),
    [
        (EXCEPTION, ("policy_exception", None)),
        (replace(EXCEPTION, component="files"), ("policy_exception", None)),
        (replace(EXCEPTION, component="updates"), ("policy_forbids_component", "warning")),
        (replace(EXCEPTION, lifts="place"), ("policy_forbids_component", "warning")),
        (replace(EXCEPTION, until="2026-06-16"), ("policy_forbids_component", "warning")),
    ],
)
def test_exceptions_lift_a_forbidden_component(exception, found):
    """As for a forbidden vendor: by client, component and day, and the place is judged all the same."""
    assert judged(forbid("files", exceptions=(exception,)), ZURICH, "files") == found


@pytest.mark.parametrize("where", [MOSCOW, ZURICH, BERLIN, place(), place("RU", "CH")])
@pytest.mark.parametrize("what", ["files", "updates", "network"])
def test_no_allowed_place_is_a_forbidden_component(where, what):
    """An empty list of places forbids the component: the same verdict, wherever the flow ends."""
    by_place = judged(allow(on="files"), where, what)
    assert by_place == judged(forbid("files"), where, what)
    assert (by_place[0] == "policy_forbids_component") == (what == "files")
