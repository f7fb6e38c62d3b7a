"""Verdicts: properties that hold for every input."""

import hypothesis.strategies as st
from hypothesis import given
from msgspec.structs import replace

from netmon.places.decision import decide
from netmon.records import OUTCOMES, VIEW, Vote
from netmon.signatures.model import STATUSES
from netmon.verdict.judgement import judge
from netmon.verdict.place_facts import place_facts
from netmon.verdict.policy import Policy
from netmon.verdict.promises import Subject
from netmon.verdict.table import REASONS, ROWS
from tests.verdict_cases import (
    CITIES,
    COMPONENTS,
    EXCEPTION,
    LOCATIONS,
    PLACE_EXCEPTION,
    SILENT,
    case,
    place,
    verdict,
)

VOTES = st.lists(
    st.builds(
        Vote,
        source=st.sampled_from(["declared", "vendor", "alpha_db", "beta_db", "gamma_db"]),
        country=st.sampled_from(["CH", "RU", "DE"]),
        city=st.sampled_from([None, "Zurich", "Bern", "Moscow"]),
        about=st.sampled_from(["location", "location", "registration"]),
    )
    | st.builds(Vote, st.just("delta_db"), st.none(), st.none(), contradicts=st.just(True)),
    max_size=5,
)
EXCLUDED = st.sets(st.sampled_from(sorted(LOCATIONS))).map(sorted)
CASES = st.builds(
    case,
    where=st.builds(
        lambda votes, excluded: replace(decide(votes, CITIES, excluded), excluded=tuple(excluded)),
        VOTES,
        st.one_of(st.just([]), EXCLUDED),
    ),
    what=st.sampled_from(["network", *COMPONENTS]),
    status=st.sampled_from(STATUSES),
    view=st.sets(st.sampled_from(VIEW)).map(tuple),
    holder_shown=st.booleans(),
    time_ns=st.integers(1_500_000_000, 1_900_000_000).map(lambda seconds: seconds * 1_000_000_000),
)
PLACES = st.frozensets(st.sampled_from(["CH", "RU", "DE", "zurich", "moscow"]), min_size=1)
POLICIES = st.builds(
    lambda forbidden, components, allowed, exceptions: Policy(
        forbidden, {"acme": allowed}, exceptions, forbidden_components={"acme": components}
    ),
    st.sampled_from([frozenset(), frozenset({"acme"}), frozenset({"other"})]),
    st.frozensets(st.sampled_from(["files", "updates"])),
    st.dictionaries(st.sampled_from(["*", "files", "updates"]), PLACES, max_size=3),
    st.lists(
        st.sampled_from(
            [
                EXCEPTION,
                PLACE_EXCEPTION,
                replace(EXCEPTION, component="files", until="2030-01-01"),
                replace(PLACE_EXCEPTION, component="files", until="2030-01-01"),
            ]
        ),
        max_size=2,
    ).map(tuple),
)
WIDE = replace(EXCEPTION, until="9999-12-31")
SUBJECTS = st.sampled_from([Subject(), Subject("DE"), Subject("US")])


@given(CASES, POLICIES, SUBJECTS)
def test_every_input_has_an_outcome(one, policy, subject):
    """Every input has an outcome and a reason from the closed sets; equal inputs give equal verdicts."""
    found = judge(one, policy, subject)
    assert found.outcome in OUTCOMES
    assert found.reason in REASONS
    assert found == judge(one, policy, subject)


@given(CASES, POLICIES, SUBJECTS)
def test_no_alarm_on_weak_grounds(one, policy, subject):
    """A disputed or unknown place, a single source or an unverified signature never raises an alarm."""
    found = judge(one, replace(policy, exceptions=()), subject)
    outcome = found.outcome
    if one.place.confidence == "unknown" or (one.place.confidence == "single" and not one.place.is_sure):
        assert outcome in ("undecided", "forbidden")
    if one.place.confidence == "disputed":
        assert outcome in ("undecided", "forbidden") or found.reason == "nowhere_promised"
    if one.status == "unverified":
        assert outcome == "undecided"


@given(CASES, POLICIES, SUBJECTS)
def test_an_exception_only_replaces_alarms(one, policy, subject):
    """With exceptions, the verdict stays, or an alarm becomes the verdict without its cause."""
    without, found = (judge(one, p, subject) for p in (replace(policy, exceptions=()), policy))
    if found.lifts is None:
        assert found == without
    else:
        assert without.outcome in ("unexpected", "forbidden")
        assert found.lifts == without.reason
    if found.reason == "policy_exception":
        assert found.outcome == "expected"


@given(CASES, POLICIES, SUBJECTS)
def test_without_contact_to_lift_the_place_is_judged_alike(one, policy, subject):
    """An exception that lifts contact changes nothing but "forbidden": the place is judged all the same."""
    excepted = replace(policy, forbidden_vendors=frozenset({"acme"}), exceptions=(WIDE,))
    permitted = replace(
        policy,
        forbidden_vendors=frozenset(),
        forbidden_components={},
        forbidden_severity="notice",
        exceptions=(),
    )
    found, plain = judge(one, excepted, subject), judge(one, permitted, subject)
    assert found.outcome == plain.outcome
    assert found.reason in (plain.reason, "policy_exception")


@given(CASES, POLICIES, SUBJECTS)
def test_an_excluded_place_is_never_the_verdict(one, policy, subject):
    """If Moscow is excluded, no flow is unexpected there; if Zürich is, no flow is expected there."""
    found = judge(one, policy, subject)
    if found.outcome in ("expected", "unexpected"):
        assert one.place.location not in one.place.excluded


@given(CASES, POLICIES, SUBJECTS)
def test_a_round_trip_alone_decides_nothing(one, policy, subject):
    """Excluding places does not decide without a place on which sources agree."""
    found = judge(replace(one, place=place_facts(place(excluded=one.place.excluded))), policy, subject)
    assert found.outcome in ("undecided", "forbidden")


@given(CASES, SUBJECTS)
def test_a_promise_applies_to_its_component_only(one, subject):
    """A component without a promise is not judged by the promise for another component."""
    assert verdict(replace(one, component="updates"), SILENT, subject)[0] == "undecided"


def is_in_the_right_place(one, policy, subject):
    """True if the flow, seen completely and with its holder shown, is expected because of its place."""
    lifting_contact = tuple(exception for exception in policy.exceptions if exception.lifts == "contact")
    seen = replace(one, view=(), holder_shown=True)
    return verdict(seen, replace(policy, exceptions=lifting_contact), subject)[0] == "expected"


@given(CASES, POLICIES, SUBJECTS)
def test_a_limited_view_only_affects_expected(one, policy, subject):
    """A limited view turns what is expected in its place into undecided, and leaves all other verdicts."""
    one = replace(one, holder_shown=True)
    whole = verdict(replace(one, view=()), policy, subject)
    limited = verdict(replace(one, view=("one_way",)), policy, subject)
    is_taken_back = is_in_the_right_place(one, policy, subject)
    assert limited == (("undecided", "insufficient_view") if is_taken_back else whole)


@given(CASES, POLICIES, SUBJECTS)
def test_nothing_is_expected_where_the_vendor_is_not_shown(one, policy, subject):
    """Without evidence that the vendor answers there, expected in its place is undecided; all else stays."""
    one = replace(one, view=())
    shown = verdict(replace(one, holder_shown=True), policy, subject)
    unproven = verdict(replace(one, holder_shown=False), policy, subject)
    is_taken_back = is_in_the_right_place(one, policy, subject)
    assert unproven == (("undecided", "holder_unproven") if is_taken_back else shown)


def test_every_reason_is_used_by_the_table():
    """The closed set has exactly the reasons of the table."""
    assert {row.reason for row in ROWS} == set(REASONS)
