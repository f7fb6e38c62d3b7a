"""Verdicts: the rows of the table, promises, and exceptions."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from netmon.verdict.judgement import judge
from netmon.verdict.policy import Policy
from netmon.verdict.promises import Subject
from tests.verdict_cases import (
    DAY_NS,
    EXCEPTION,
    FORBID,
    GERMAN,
    JUNE_17,
    MOSCOW,
    NOT_ZURICH,
    PLACE_EXCEPTION,
    SILENT,
    VENDOR,
    ZURICH,
    allow,
    by_id,
    case,
    component,
    excepting,
    place,
    promise,
    verdict,
)


@pytest.mark.parametrize(
    ("one", "policy", "expected"),
    [
        (case(), SILENT, ("expected", "place_as_promised")),
        (case(MOSCOW), SILENT, ("unexpected", "place_elsewhere")),
        (case(place("DE", "DE")), SILENT, ("unexpected", "place_elsewhere")),
        (case(place("CH/Zurich", "RU")), SILENT, ("undecided", "databases_disagree")),
        (case(place("DE", "RU")), SILENT, ("unexpected", "nowhere_promised")),
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
        (case(NOT_ZURICH), allow(), ("forbidden", "policy_forbids_component")),
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
        (case(MOSCOW), allow(), ("forbidden", "policy_forbids_component")),
        (case(MOSCOW, "updates"), allow("CH", on="files"), ("undecided", "no_promise")),
        (case(MOSCOW), allow("RU", on="files"), ("expected", "policy_allows")),
        (case(place("CH", "RU")), allow("CH"), ("undecided", "databases_disagree")),
        (case(view=("one_way",)), allow("CH"), ("undecided", "insufficient_view")),
        # Nothing shows that the vendor answers there: not acquitted, but accused as before.
        (case(holder_shown=False), SILENT, ("undecided", "holder_unproven")),
        (case(holder_shown=False), allow("CH"), ("undecided", "holder_unproven")),
        (case(holder_shown=False, view=("one_way",)), SILENT, ("undecided", "holder_unproven")),
        (case(place("!CH/Zurich"), holder_shown=False), SILENT, ("undecided", "holder_unproven")),
        (case(place("CH", "CH"), holder_shown=False), SILENT, ("undecided", "city_unproven")),
        (case(MOSCOW, holder_shown=False), SILENT, ("unexpected", "place_elsewhere")),
        (case(MOSCOW, holder_shown=False), allow("CH"), ("unexpected", "policy_forbids")),
        (case(MOSCOW, holder_shown=False), FORBID, ("forbidden", "policy_forbids_vendor")),
        # A promise that possibly covers the component neither accuses nor acquits.
        (case(what="usage"), SILENT, ("undecided", "coverage_possible")),
        (case(MOSCOW, "usage"), SILENT, ("undecided", "coverage_possible")),
        (case(place(), "usage"), SILENT, ("undecided", "coverage_possible")),
        (case(MOSCOW, "usage"), allow("CH"), ("unexpected", "policy_forbids")),
        (case(what="usage"), allow("CH"), ("expected", "policy_allows")),
        (case(MOSCOW, "usage"), FORBID, ("forbidden", "policy_forbids_vendor")),
        (case(what="mixed"), SILENT, ("expected", "place_as_promised")),
        (case(MOSCOW, "mixed"), SILENT, ("unexpected", "place_elsewhere")),
        (case(place("CH/Bern", "CH/Bern"), "mixed"), SILENT, ("undecided", "coverage_possible")),
        (case(place("CH", "CH"), "mixed"), SILENT, ("undecided", "city_unproven")),
        (case(what="closed"), SILENT, ("undecided", "no_promise")),
        # An exception lifts only what it names: here the place, and only where it is an alarm.
        (case(MOSCOW), excepting(SILENT, PLACE_EXCEPTION), ("expected", "policy_exception")),
        (case(MOSCOW), excepting(allow("CH"), PLACE_EXCEPTION), ("expected", "policy_exception")),
        (
            case(MOSCOW, view=("one_way",)),
            excepting(SILENT, PLACE_EXCEPTION),
            ("expected", "policy_exception"),
        ),
        (case(), excepting(SILENT, PLACE_EXCEPTION), ("expected", "place_as_promised")),
        (case(view=("gap",)), excepting(SILENT, PLACE_EXCEPTION), ("undecided", "insufficient_view")),
        (case(place("CH", "RU")), excepting(SILENT, PLACE_EXCEPTION), ("undecided", "databases_disagree")),
        (case(MOSCOW, "updates"), excepting(SILENT, PLACE_EXCEPTION), ("undecided", "no_promise")),
        (case(MOSCOW), excepting(FORBID, PLACE_EXCEPTION), ("forbidden", "policy_forbids_vendor")),
        # Here the contact: the place is judged as if the vendor were not forbidden.
        (case(MOSCOW), excepting(SILENT), ("unexpected", "place_elsewhere")),
        (case(MOSCOW), excepting(allow("CH")), ("unexpected", "policy_forbids")),
        (case(MOSCOW), excepting(FORBID), ("unexpected", "place_elsewhere")),
        (case(MOSCOW), excepting(FORBID, EXCEPTION, PLACE_EXCEPTION), ("expected", "policy_exception")),
        (case(), excepting(FORBID), ("expected", "policy_exception")),
        (case(view=("one_way",)), excepting(FORBID), ("undecided", "insufficient_view")),
        (case(holder_shown=False), excepting(FORBID), ("undecided", "holder_unproven")),
        (case(place(), "network"), excepting(FORBID), ("undecided", "no_promise")),
        (case(place()), excepting(FORBID), ("undecided", "no_location")),
        (case(), excepting(SILENT), ("expected", "place_as_promised")),
        (case(status="unverified"), excepting(FORBID), ("undecided", "unverified_signature")),
        (
            case(MOSCOW, client="192.0.2.16"),
            excepting(SILENT, PLACE_EXCEPTION),
            ("unexpected", "place_elsewhere"),
        ),
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


@pytest.mark.parametrize(
    ("day", "reason"), [("2024-09-09", "place_elsewhere"), ("2024-09-10", "service_ended")]
)
def test_a_service_that_ended_has_no_promise(day, reason):
    """From the day on which the vendor ended it for our users, its promise neither accuses nor acquits."""
    when = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1_000_000_000
    for where, found in ((MOSCOW, reason), (ZURICH, reason.replace("place_elsewhere", "place_as_promised"))):
        one = case(where, "closed", time_ns=when)
        assert verdict(one, subject=Subject("FR"))[1] == found
        assert verdict(one, subject=Subject())[1] == "subject_unknown"


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


BOTH_EXCEPTIONS = [EXCEPTION, PLACE_EXCEPTION]


@pytest.mark.parametrize(
    ("one", "policy", "exceptions", "found"),
    [
        (case(MOSCOW), SILENT, [PLACE_EXCEPTION], ("expected", "place_elsewhere", "files_de")),
        (case(MOSCOW), allow("CH"), [PLACE_EXCEPTION], ("expected", "policy_forbids", None)),
        (case(), FORBID, [EXCEPTION], ("expected", "policy_forbids_vendor", "files_de")),
        (case(MOSCOW), FORBID, [EXCEPTION], ("unexpected", "policy_forbids_vendor", "files_de")),
        (case(what="updates"), FORBID, [EXCEPTION], ("undecided", "policy_forbids_vendor", None)),
        (
            case(MOSCOW),
            FORBID,
            [EXCEPTION, PLACE_EXCEPTION],
            ("expected", "policy_forbids_vendor", "files_de"),
        ),
    ],
)
def test_the_verdict_shows_what_an_exception_replaces(one, policy, exceptions, found):
    """The reason without exceptions, the promise, and the last day, whatever the place is found to be."""
    lifted = judge(one, excepting(policy, *exceptions), GERMAN)
    assert (lifted.outcome, lifted.lifts, lifted.promise) == found
    assert lifted.until == "2026-06-17"
    without = judge(one, policy, GERMAN)
    assert (without.reason, without.lifts, without.until) == (lifted.lifts, None, None)


def test_of_two_exceptions_the_first_to_end_is_shown():
    """Contact until one day and place until another: the flow is expected until the earlier one."""
    longer = replace(PLACE_EXCEPTION, until="2027-01-31")
    found = judge(case(MOSCOW), excepting(FORBID, EXCEPTION, longer), GERMAN)
    assert (found.outcome, found.until) == ("expected", "2026-06-17")
