"""Verdicts: rows of the table, promises, exceptions, and properties that hold for every input."""

from dataclasses import replace
from ipaddress import ip_network

import hypothesis.strategies as st
import pytest
from hypothesis import given

from netmon.places.decision import Cities, decide
from netmon.policy import Policy, PolicyException
from netmon.promises import Subject
from netmon.records import OUTCOMES, VIEW, Vote
from netmon.signatures.model import STATUSES, Component, Expectation, Location, Promise, Vendor
from netmon.verdict import REASONS, ROWS, Case, judge

LOCATIONS = {
    "zurich": Location("zurich", "Zurich", "CH", 47.377, 8.542),
    "bern": Location("bern", "Bern", "CH", 46.948, 7.447),
    "moscow": Location("moscow", "Moscow", "RU", 55.756, 37.617),
}
CITIES = Cities(LOCATIONS)
DAY_NS = 86_400_000_000_000
JUNE_17 = 1_781_654_400_000_000_000  # 2026-06-17 00:00 UTC
GERMAN = Subject("DE")
SILENT = Policy()


def promise(
    name, *, subjects=("DE", "AT"), locations=("zurich",), start="2018-11-13", end=None, status="official"
):
    return Promise(name, "acme", "", frozenset(subjects), "files", start, end, locations, status=status)


def component(name, *promises):
    expectations = tuple(Expectation("promise", one, (), None, ()) for one in promises)
    observed = Expectation("observed", None, ("moscow",), None, ())
    return Component("acme", name, "", "", "", "cloud", (), (), (), (*expectations, observed), None, ())


def by_id(*things):
    return {one.id: one for one in things}


PROMISES = by_id(
    promise("files_de"),
    promise("files_all", subjects=()),
    promise("later", start="2026-11"),
    promise("over", end="2026-06-16"),
    promise("no_place", locations=()),
    promise("from_the_press", subjects=(), status="press"),
    promise("announced", subjects=(), start=None),
    promise("berne", locations=("bern",)),
)
COMPONENTS = by_id(
    component("files", "no_place", "over", "files_de"),
    component("statistics", "files_all"),
    component("analysis", "files_de", "berne"),
    component("soon", "later", "announced", "from_the_press"),
    component("updates"),
)
VENDOR = Vendor("acme", "ACME", COMPONENTS, (), PROMISES, (), (), {}, {}, (), "")


def place(*votes, excluded=()):
    """A place from votes such as "CH/Zurich", each by another database; "!CH" is the user's declaration."""
    sources = [
        Vote("declared" if one[0] == "!" else f"db{n}", *place_parts(one)) for n, one in enumerate(votes)
    ]
    return replace(decide(sources, CITIES, excluded), excluded=tuple(excluded))


def place_parts(text):
    country, _, city = text.lstrip("!").partition("/")
    return country, city or None


ZURICH = place("CH/Zurich", "CH")
MOSCOW = place("RU/Moscow", "RU")
NOT_ZURICH = place("CH/Zurich", "CH/Zurich", excluded=["zurich"])


def case(where=ZURICH, what="files", status="official", view=(), time_ns=JUNE_17, client="192.0.2.10"):
    return Case(VENDOR, what, status, where, view, time_ns, LOCATIONS, client)


def verdict(one, policy=SILENT, subject=GERMAN):
    found = judge(one, policy, subject)
    return found.outcome, found.reason


def allow(*places, on="*"):
    return Policy(allowed={"acme": {on: frozenset(places)}})


FORBID = Policy(forbidden_vendors=frozenset({"acme"}))
EXCEPTION = PolicyException("acme", None, ip_network("192.0.2.0/28"), "2026-06-17", "J. Doe", "a test")


def excepting(policy, exception=EXCEPTION):
    return replace(policy, exceptions=(exception,))


@pytest.mark.parametrize(
    ("one", "policy", "expected"),
    [
        (case(), SILENT, ("expected", "place_as_promised")),
        (case(MOSCOW), SILENT, ("unexpected", "place_elsewhere")),
        (case(place("DE", "DE")), SILENT, ("unexpected", "place_elsewhere")),
        (case(place("CH/Zurich", "RU")), SILENT, ("undecided", "databases_disagree")),
        (case(place("DE", "RU")), SILENT, ("undecided", "databases_disagree")),
        (case(place()), SILENT, ("undecided", "no_location")),
        (case(place("RU/Moscow")), SILENT, ("undecided", "single_source")),
        (case(place("CH/Zurich")), SILENT, ("undecided", "single_source")),
        (case(place("!RU/Moscow", "CH", "CH")), SILENT, ("unexpected", "place_elsewhere")),
        (case(place("!CH/Zurich")), SILENT, ("expected", "place_as_promised")),
        (case(place("CH", "CH")), SILENT, ("undecided", "city_unproven")),
        (case(place("CH/Bern", "CH/Bern")), SILENT, ("undecided", "city_unproven")),
        (case(place("CH/Bern", "CH/Zurich")), SILENT, ("undecided", "city_unproven")),
        # A round trip excludes the promised place, and no two sources agree on another one.
        (case(NOT_ZURICH), SILENT, ("undecided", "rtt_excludes_promise")),
        (case(place("CH", "CH", excluded=["zurich"])), SILENT, ("undecided", "rtt_excludes_promise")),
        (case(place(excluded=["zurich"])), SILENT, ("undecided", "rtt_excludes_promise")),
        (case(place("CH", "RU", excluded=["zurich"])), SILENT, ("undecided", "rtt_excludes_promise")),
        (case(place("RU/Moscow", excluded=["zurich"])), SILENT, ("undecided", "rtt_excludes_promise")),
        (case(place("RU", "RU", excluded=["zurich"])), SILENT, ("unexpected", "place_elsewhere")),
        (case(place("!RU", "CH", excluded=["zurich"])), SILENT, ("unexpected", "place_elsewhere")),
        (case(NOT_ZURICH, "analysis"), SILENT, ("undecided", "no_location")),  # Bern is promised as well
        (case(NOT_ZURICH, "updates"), SILENT, ("undecided", "no_promise")),
        (case(NOT_ZURICH), allow("CH"), ("undecided", "no_location")),  # cities are excluded, but no country
        (case(NOT_ZURICH), allow("zurich"), ("undecided", "rtt_excludes_promise")),
        (case(NOT_ZURICH), allow(), ("undecided", "no_location")),
        (case(NOT_ZURICH, status="unverified"), SILENT, ("undecided", "unverified_signature")),
        (case(NOT_ZURICH), FORBID, ("forbidden", "policy_forbids_vendor")),
        (case(place("RU/Moscow", "RU", excluded=["moscow"])), SILENT, ("undecided", "databases_disagree")),
        (case(place("CH/Zurich", "RU/Moscow", excluded=["moscow"])), SILENT, ("undecided", "single_source")),
        (case(what="updates"), SILENT, ("undecided", "no_promise")),
        (case(MOSCOW, "updates"), SILENT, ("undecided", "no_promise")),
        (case(MOSCOW, "network"), SILENT, ("undecided", "no_promise")),
        (case(MOSCOW, status="unverified"), SILENT, ("undecided", "unverified_signature")),
        (case(view=("one_way",)), SILENT, ("undecided", "insufficient_view")),
        (case(view=("gap", "cut")), SILENT, ("undecided", "insufficient_view")),
        (case(view=("unseen",)), SILENT, ("undecided", "insufficient_view")),
        (case(view=("duplicates",)), SILENT, ("expected", "place_as_promised")),
        (case(view=("no_start", "cut")), SILENT, ("expected", "place_as_promised")),
        (case(MOSCOW, view=("one_way",)), SILENT, ("unexpected", "place_elsewhere")),
        (case(view=("proxied",)), SILENT, ("undecided", "behind_proxy")),
        (case(MOSCOW, view=("proxied", "one_way")), SILENT, ("undecided", "behind_proxy")),
        (case(MOSCOW, "updates", view=("proxied",)), SILENT, ("undecided", "no_promise")),
        (case(MOSCOW, view=("proxied",)), allow("CH"), ("undecided", "behind_proxy")),
        (case(view=("proxied",)), FORBID, ("forbidden", "policy_forbids_vendor")),
        (case(), FORBID, ("forbidden", "policy_forbids_vendor")),
        (case(place(), "network"), FORBID, ("forbidden", "policy_forbids_vendor")),
        (case(status="unverified"), FORBID, ("undecided", "unverified_signature")),
        (case(), allow("CH"), ("expected", "policy_allows")),
        (case(place("CH", "CH"), "updates"), allow("CH"), ("expected", "policy_allows")),
        (case(what="network"), allow("CH"), ("expected", "policy_allows")),
        (case(MOSCOW, "updates"), allow("CH"), ("unexpected", "policy_forbids")),
        (case(MOSCOW), allow("RU"), ("expected", "policy_allows")),
        (case(MOSCOW), allow("zurich", "moscow"), ("expected", "policy_allows")),
        (case(place("CH", "CH")), allow("zurich"), ("undecided", "city_unproven")),
        (case(MOSCOW), allow(), ("unexpected", "policy_forbids")),
        (case(MOSCOW, "updates"), allow("CH", on="files"), ("undecided", "no_promise")),
        (case(MOSCOW), allow("RU", on="files"), ("expected", "policy_allows")),
        (case(place("CH", "RU")), allow("CH"), ("undecided", "databases_disagree")),
        (case(view=("one_way",)), allow("CH"), ("undecided", "insufficient_view")),
        # An exception replaces alarms, and nothing else.
        (case(MOSCOW), excepting(SILENT), ("expected", "policy_exception")),
        (case(MOSCOW), excepting(allow("CH")), ("expected", "policy_exception")),
        (case(MOSCOW, view=("one_way",)), excepting(SILENT), ("expected", "policy_exception")),
        (case(), excepting(FORBID), ("expected", "policy_exception")),
        (case(place(), "network"), excepting(FORBID), ("expected", "policy_exception")),
        (case(), excepting(SILENT), ("expected", "place_as_promised")),
        (case(view=("one_way",)), excepting(SILENT), ("undecided", "insufficient_view")),
        (case(place("CH", "RU")), excepting(SILENT), ("undecided", "databases_disagree")),
        (case(MOSCOW, "updates"), excepting(SILENT), ("undecided", "no_promise")),
        (case(status="unverified"), excepting(FORBID), ("undecided", "unverified_signature")),
        (case(MOSCOW, client="192.0.2.16"), excepting(SILENT), ("unexpected", "place_elsewhere")),
        (case(client="192.0.2.16"), excepting(FORBID), ("forbidden", "policy_forbids_vendor")),
        (case(client=None), excepting(FORBID), ("forbidden", "policy_forbids_vendor")),
        (case(time_ns=JUNE_17 + DAY_NS), excepting(FORBID), ("forbidden", "policy_forbids_vendor")),
    ],
)
def test_rows_of_the_table(one, policy, expected):
    """Each row, and the borders between rows, for a German organisation in June 2026."""
    assert expected == verdict(one, policy)


def test_a_component_takes_precedence_over_the_wildcard():
    """If the policy names the component, its "*" does not apply."""
    policy = Policy(allowed={"acme": {"*": frozenset({"RU"}), "files": frozenset({"CH"})}})
    assert verdict(case(MOSCOW), policy) == ("unexpected", "policy_forbids")
    assert verdict(case(MOSCOW, "updates"), policy) == ("expected", "policy_allows")


@pytest.mark.parametrize("country", ["US", "CH"])
def test_a_promise_to_other_countries_does_not_apply(country):
    """A promise to users in Germany and Austria binds for these countries only."""
    assert verdict(case(MOSCOW), subject=Subject(country)) == ("undecided", "no_promise")


def test_the_own_country_must_be_configured():
    """Without a country, promises to certain countries stay open; those to everyone apply."""
    assert verdict(case(MOSCOW), subject=Subject()) == ("undecided", "subject_unknown")
    assert verdict(case(MOSCOW, "updates"), subject=Subject()) == ("undecided", "no_promise")
    assert verdict(case(MOSCOW, "statistics"), subject=Subject()) == ("unexpected", "place_elsewhere")


@pytest.mark.parametrize(
    ("start", "end", "applies"),
    [
        ("2026-06-17", None, True),
        ("2026-06-18", None, False),
        ("2026-05", None, True),
        ("2026-06", None, False),  # on some day in June, so not certainly by the 17th
        ("2025", None, True),
        ("2026", None, False),
        (None, None, False),  # announced, not in force
        ("2018", "2026-06-17", True),
        ("2018", "2026-06-16", False),
        ("2018", "2026-07", True),
        ("2018", "2026-06", False),
        ("2018", "2027", True),
        ("2018", "2026", False),
    ],
)
def test_a_promise_binds_within_its_dates(start, end, applies):
    """A promise binds between its dates; within a month or year given as a bound it is not certain to."""
    promises = {"files_de": promise("files_de", start=start, end=end)}
    components = by_id(component("files", "files_de"))
    one = replace(case(MOSCOW), vendor=replace(VENDOR, promises=promises, components=components))
    expected = ("unexpected", "place_elsewhere") if applies else ("undecided", "no_promise")
    assert verdict(one) == expected


def test_only_official_promises_bind():
    """Press reports, announcements without a date, and promises for the future do not bind."""
    assert verdict(case(MOSCOW, "soon")) == ("undecided", "no_promise")


def test_the_promise_is_named():
    """The verdict names the promise that is kept, else the first binding one."""
    bern = place("CH/Bern", "CH/Bern")
    found = [judge(case(one, "analysis"), SILENT, GERMAN) for one in (bern, ZURICH, MOSCOW)]
    assert [one.promise for one in found] == ["berne", "files_de", "files_de"]
    assert [one.outcome for one in found] == ["expected", "expected", "unexpected"]


@pytest.mark.parametrize(
    ("one", "policy"), [(case(), allow("CH")), (case(), FORBID), (case(status="unverified"), SILENT)]
)
def test_a_promise_that_was_not_applied_is_not_named(one, policy):
    """A verdict by the policy, or without any reference, names no promise."""
    assert judge(one, policy, GERMAN).promise is None


@pytest.mark.parametrize(
    ("one", "policy", "lifts", "promise"),
    [
        (case(MOSCOW), SILENT, "place_elsewhere", "files_de"),
        (case(MOSCOW), allow("CH"), "policy_forbids", None),
        (case(), FORBID, "policy_forbids_vendor", None),
    ],
)
def test_the_verdict_shows_what_an_exception_replaces(one, policy, lifts, promise):
    """The reason without the exception, the broken promise, and the exception's last day."""
    found = judge(one, excepting(policy), GERMAN)
    assert (found.lifts, found.until, found.promise) == (lifts, "2026-06-17", promise)
    without = judge(one, policy, GERMAN)
    assert (without.reason, without.lifts, without.until) == (lifts, None, None)


VOTES = st.lists(
    st.builds(
        Vote,
        source=st.sampled_from(["declared", "vendor", "alpha_db", "beta_db", "gamma_db"]),
        country=st.sampled_from(["CH", "RU", "DE"]),
        city=st.sampled_from([None, "Zurich", "Bern", "Moscow"]),
        about=st.sampled_from(["location", "location", "registration"]),
    ),
    max_size=4,
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
    time_ns=st.integers(1_500_000_000, 1_900_000_000).map(lambda seconds: seconds * 1_000_000_000),
)
PLACES = st.frozensets(st.sampled_from(["CH", "RU", "DE", "zurich", "moscow"]))
POLICIES = st.builds(
    lambda forbidden, allowed, exceptions: Policy(forbidden, {"acme": allowed}, exceptions),
    st.sampled_from([frozenset(), frozenset({"acme"}), frozenset({"other"})]),
    st.dictionaries(st.sampled_from(["*", "files", "updates"]), PLACES, max_size=3),
    st.sampled_from([(), (EXCEPTION,), (replace(EXCEPTION, component="files", until="2030-01-01"),)]),
)
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
    declared = any(vote.source == "declared" for vote in one.place.votes)
    if one.place.confidence in ("disputed", "unknown") or (one.place.confidence == "single" and not declared):
        assert outcome in ("undecided", "forbidden")
    if one.status == "unverified":
        assert outcome == "undecided"


@given(CASES, POLICIES, SUBJECTS)
def test_an_exception_only_replaces_alarms(one, policy, subject):
    """With an exception, the verdict stays, or an alarm becomes "expected" with the reason of the alarm."""
    without, found = (judge(one, p, subject) for p in (replace(policy, exceptions=()), policy))
    if found.reason == "policy_exception":
        assert without.outcome in ("unexpected", "forbidden")
        assert (found.outcome, found.lifts, found.promise) == ("expected", without.reason, without.promise)
    else:
        assert found == without


@given(CASES, POLICIES, SUBJECTS)
def test_an_excluded_place_is_never_the_verdict(one, policy, subject):
    """If Moscow is excluded, no flow is unexpected there; if Zürich is, no flow is expected there."""
    found = judge(one, policy, subject)
    if found.outcome in ("expected", "unexpected") and found.lifts != "policy_forbids_vendor":
        assert one.place.location not in one.place.excluded


@given(CASES, POLICIES, SUBJECTS)
def test_a_round_trip_alone_decides_nothing(one, policy, subject):
    """Excluding places does not decide without a place on which sources agree."""
    found = judge(replace(one, place=place(excluded=one.place.excluded)), policy, subject)
    assert found.outcome in ("undecided", "forbidden") or found.lifts == "policy_forbids_vendor"


@given(CASES, SUBJECTS)
def test_a_promise_applies_to_its_component_only(one, subject):
    """A component without a promise is not judged by the promise for another component."""
    assert verdict(replace(one, component="updates"), SILENT, subject)[0] == "undecided"


@given(CASES, POLICIES, SUBJECTS)
def test_a_limited_view_only_affects_expected(one, policy, subject):
    """A limited view turns expected into undecided, and leaves all other verdicts unchanged."""
    unlimited = verdict(replace(one, view=()), policy, subject)
    limited = verdict(replace(one, view=("one_way",)), policy, subject)
    is_taken_back = unlimited[0] == "expected" and unlimited[1] != "policy_exception"
    assert limited == (("undecided", "insufficient_view") if is_taken_back else unlimited)


def test_every_reason_is_used_by_the_table():
    """The closed set has exactly the reasons of the table."""
    assert {row.reason for row in ROWS} == set(REASONS)
