"""Promises: their subjects, data, dates and basis. The shipped ones are checked against the facts."""

from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace

from netmon.records import Place, Vote
from netmon.signatures.folder import default_folder
from netmon.signatures.load import load_folder
from netmon.signatures.model import Promise
from netmon.verdict.judgement import judge
from netmon.verdict.policy import Policy
from netmon.verdict.promises import (
    Subject,
    applied_promises,
    describe_application,
    find_end,
    why_not_in_force,
)
from tests.verdict_cases import make_case

SIGNATURES = load_folder(default_folder())
VENDOR = SIGNATURES.vendors["kaspersky"]
ZURICH = Place("zurich", "CH", "Zürich", "agreed", (Vote("a", "CH", "Zürich"), Vote("b", "CH", None)))
PROMISE = Promise(
    "one", "acme", "", frozenset({"DE"}), "files", "2020-01-01", None, ("zurich",), status="official"
)


def day_ns(day):
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


def applied(component, country, day):
    """The promise named by the verdict on a flow to Zürich, or else the reason."""
    case = make_case(
        VENDOR, component, "official", ZURICH, (), day_ns(day), SIGNATURES.locations, holder_shown=True
    )
    found = judge(case, Policy(), Subject(country))
    return found.promise or found.reason


@pytest.mark.parametrize(
    ("country", "day", "found"),
    [
        # "users in Europe", from 2018-11-13 on
        ("DE", "2018-11-12", "no_promise"),
        ("DE", "2018-11-13", "gti_eu_files"),
        ("GB", "2018-11-13", "gti_eu_files"),
        ("CH", "2018-11-13", "gti_eu_files"),
        ("NO", "2018-11-13", "gti_eu_files"),
        ("TR", "2026-06-17", "no_promise"),
        # Completed on an unknown day in November, so certain on its last day
        ("DE", "2020-11-29", "gti_eu_files"),
        ("DE", "2020-11-30", "gti_complete"),
        ("GB", "2020-12-01", "gti_eu_files"),
        ("JP", "2020-11-29", "no_promise"),
        ("JP", "2020-11-30", "gti_complete"),
        ("US", "2020-11-29", "no_promise"),  # in force since an unknown earlier day
        ("US", "2020-11-30", "gti_complete"),
        ("US", "2024-09-09", "gti_complete"),
        ("US", "2024-09-10", "service_ended"),  # "not available in US territory"
        ("CA", "2024-09-10", "gti_complete"),
        ("CN", "2026-06-17", "no_promise"),
        # Known only from the press
        ("BR", "2026-06-17", "no_promise"),
        ("AE", "2026-06-17", "no_promise"),
        (None, "2026-06-17", "subject_unknown"),
        (None, "2018-11-12", "no_promise"),
    ],
)
def test_the_shipped_promises_apply_as_the_facts_say(country, day, found):
    """By country and day, for the component that sends files; the EU is recognised by its members."""
    assert applied("reputation", country, day) == found


@pytest.mark.parametrize("component", [*sorted(VENDOR.components.keys() - {"reputation"}), "network"])
def test_the_promise_about_files_is_applied_to_nothing_else(component):
    """For updates, activation and everything else nothing is promised to anyone at any time."""
    assert applied_promises(VENDOR, component) == []
    for country in (None, "DE", "US", "JP"):
        for day in ("2019-01-01", "2026-06-17"):
            assert applied(component, country, day) == "no_promise"


@pytest.mark.parametrize(
    ("changes", "day", "obstacle"),
    [
        ({}, "2020-01-01", None),
        ({}, "2019-12-31", "it takes effect on 2020-01-01"),
        ({"effective_to": "2020-06-30"}, "2020-06-30", None),
        ({"effective_to": "2020-06-30"}, "2020-07-01", "it was in force until 2020-06-30"),
        ({"effective_from": None}, "2026-06-17", "its first day is unknown"),
        ({"locations": ()}, "2026-06-17", "it names no place"),
        ({"status": "press"}, "2026-06-17", "the vendor itself is not its source (press)"),
        ({"status": "community"}, "2026-06-17", "the vendor itself is not its source (community)"),
    ],
)
def test_why_a_promise_does_not_apply(changes, day, obstacle):
    """A day outside its days, an announcement, no place, or a statement of others: given in words."""
    assert why_not_in_force(replace(PROMISE, **changes), day) == obstacle


@pytest.mark.parametrize(
    ("start", "first"),
    [
        ("2021-02", "2021-02-28"),
        ("2020-02", "2020-02-29"),
        ("2000-02", "2000-02-29"),
        ("2100-02", "2100-02-28"),
        ("2020-11", "2020-11-30"),
        ("2026-04", "2026-04-30"),
        ("2020-10", "2020-10-31"),
        ("2020-12", "2020-12-31"),
        ("2020", "2020-12-31"),
        ("2021", "2021-12-31"),
        ("2020-11-05", "2020-11-05"),
    ],
)
def test_a_promise_is_in_force_from_the_first_certain_day(start, first):
    """If only its month or its year is known, that is the last day of it, and no day earlier."""
    one = replace(PROMISE, effective_from=start)
    before = (date.fromisoformat(first) - timedelta(days=1)).isoformat()
    assert why_not_in_force(one, before) == f"it takes effect on {start}"
    assert why_not_in_force(one, first) is None


@pytest.mark.parametrize(
    ("end", "last"),
    [("2021-02", "2021-02-01"), ("2020-11", "2020-11-01"), ("2020", "2020-01-01"), ("2020-11-05",) * 2],
)
def test_a_promise_is_in_force_until_the_last_certain_day(end, last):
    """If only its month or its year is known, that is the first day of it."""
    one = replace(PROMISE, effective_from="2019-01-01", effective_to=end)
    after = (date.fromisoformat(last) + timedelta(days=1)).isoformat()
    assert why_not_in_force(one, last) is None
    assert why_not_in_force(one, after) == f"it was in force until {end}"


@pytest.mark.parametrize(
    ("changes", "country", "text"),
    [
        ({}, "DE", "applies on 2026-06-17 to users in DE"),
        ({}, "FR", "in force on 2026-06-17, but not made to users in FR"),
        (
            {},
            None,
            "in force on 2026-06-17, but the users' country is not configured (subject.country)",
        ),
        ({"subjects": frozenset()}, None, "applies on 2026-06-17"),
        ({"locations": ()}, "DE", "does not apply on 2026-06-17: it names no place"),
    ],
)
def test_whether_it_applies_is_told(changes, country, text):
    """To these users, to others, to all or to none."""
    assert describe_application(replace(PROMISE, **changes), (), Subject(country), "2026-06-17") == text


OFF = replace(
    PROMISE, id="off", subjects=frozenset({"DE"}), effective_from="2024-09-10", locations=(), ends=("one",)
)


@pytest.mark.parametrize(
    ("changes", "country", "day", "ended"),
    [
        ({}, "DE", "2024-09-09", False),
        ({}, "DE", "2024-09-10", True),
        ({}, "DE", "2026-01-01", True),
        ({}, "AT", "2026-01-01", False),
        ({}, None, "2026-01-01", False),
        ({"subjects": frozenset()}, None, "2026-01-01", True),
        ({"effective_from": "2024-09"}, "DE", "2024-08-31", False),
        ({"effective_from": "2024-09"}, "DE", "2024-09-01", True),  # no longer certain
        ({"effective_from": "2024"}, "DE", "2024-01-01", True),
        ({"effective_from": None}, "DE", "2026-01-01", False),
        ({"status": "press"}, "DE", "2026-01-01", False),
        ({"ends": ("other",)}, "DE", "2026-01-01", False),
    ],
)
def test_a_statement_ends_a_promise_for_its_subjects(changes, country, day, ended):
    """From its first day on, for its own subjects, and only if the vendor itself is the source."""
    statement = replace(OFF, **changes)
    end = find_end(PROMISE, (PROMISE, statement), Subject(country), day)
    assert end == (statement if ended else None)


def test_the_end_is_shown():
    """With the statement that ended the promise, and its day."""
    shown = describe_application(PROMISE, (OFF,), Subject("DE"), "2026-06-17")
    assert shown == "does not apply on 2026-06-17 to users in DE: ended by off, from 2024-09-10"
