"""The table of verdicts, over everything that it can be asked: each row, each place that votes can make."""

from dataclasses import replace
from functools import cache
from itertools import product

import pytest

from netmon.places.rule import decide
from netmon.records import OUTCOMES, Vote
from netmon.verdict import REASONS, ROWS, Facts, find_row, judge
from tests.test_verdict import CITIES, FORBID, GERMAN, LOCATIONS, SILENT, allow, case, excepting

STRENGTH = {"undecided": 0, "expected": 1, "unexpected": 1, "forbidden": 1}
"""As `netmon.verdict` has it: "undecided" is weaker than the rest, and these are not compared."""


@cache
def every_fact():
    """All 3072 combinations that the table can be asked about."""
    truths = (False, True)
    confidences = [{}, {"disputed": True}, {"unknown": True}, {"single": True}]
    none = dict.fromkeys(("disputed", "unknown", "single"), False)
    return [
        Facts(
            unverified=unverified,
            forbidden=forbidden,
            excepted=excepted,
            yardstick=yardstick,
            proxied=proxied,
            refuted=refuted,
            fit=fit,
            spoiled=spoiled,
            **(none | confidence),
        )
        for unverified, forbidden, excepted, yardstick, proxied, refuted, confidence, fit, spoiled in product(
            truths,
            truths,
            truths,
            ("policy", "promise", "subject_unknown", "none"),
            truths,
            truths,
            confidences,
            ("inside", "city_unproven", "elsewhere"),
            truths,
        )
    ]


def test_exactly_one_row_decides_each_combination():
    """No input without an outcome, and no row that never decides."""
    assert len(set(every_fact())) == 2**6 * 4 * 4 * 3
    deciding = [find_row(facts) for facts in every_fact()]
    assert set(deciding) == set(ROWS)
    assert {row.outcome for row in deciding} == set(OUTCOMES)
    assert {row.reason for row in deciding} == set(REASONS)


def test_the_same_reason_is_always_the_same_outcome():
    """A reason alone tells the outcome, so a report can be read by either."""
    outcomes = {}
    for row in ROWS:
        assert outcomes.setdefault(row.reason, row.outcome) == row.outcome


def test_forbidden_wins():
    """Over everything but a signature that is not verified and an exception of the policy."""
    for facts in every_fact():
        is_forbidden = facts.forbidden and not facts.unverified and not facts.excepted
        assert (find_row(facts).outcome == "forbidden") == is_forbidden


def test_no_alarm_without_a_place_that_is_sure():
    """Unexpected needs another country that two sources agree on, or that the organisation declared."""
    for facts in every_fact():
        if find_row(facts).outcome == "unexpected":
            assert facts.settled_elsewhere
            assert facts.yardstick in ("policy", "promise")
            assert True not in (facts.unverified, facts.proxied, facts.excepted)


def test_an_exception_lifts_alarms_alone():
    """It turns unexpected and forbidden into expected, and leaves the rest as it is."""
    for facts in every_fact():
        without, found = (find_row(replace(facts, excepted=excepted)) for excepted in (False, True))
        if without.outcome in ("unexpected", "forbidden"):
            assert (found.outcome, found.reason) == ("expected", "policy_exception")
        else:
            assert found is without


def test_a_second_source_never_weakens():
    """From "one source alone" to "two agree": what was decided stays, what was not may become it."""
    for facts in every_fact():
        alone, agreed = find_row(replace(facts, single=True)), find_row(facts)
        if facts.single:
            continue
        assert STRENGTH[agreed.outcome] >= STRENGTH[alone.outcome]
        if STRENGTH[alone.outcome]:
            assert agreed is alone


def place(votes, excluded):
    return replace(decide(votes, CITIES, excluded), excluded=excluded)


SAID = (None, "CH", "CH/Zurich", "CH/Bern", "RU", "RU/Moscow")
DECLARED = (None, "CH/Zurich", "RU")
EXCLUDED = ((), ("zurich",), ("moscow",), ("bern", "zurich"))
POLICIES = (SILENT, allow("CH"), allow("zurich"), allow("RU"), FORBID, excepting(SILENT))


def vote(source, text):
    country, _, city = text.partition("/")
    return Vote(source, country, city or None)


@cache
def every_place():
    """Every place that three databases and a declaration can make of two countries, excluded or not."""
    return [
        place([vote(source, text) for source, text in zip(SOURCES, said, strict=True) if text], excluded)
        for said in product(DECLARED, SAID, SAID, SAID)
        for excluded in EXCLUDED
    ]


SOURCES = ("declared", "alpha_db", "beta_db", "gamma_db")


def verdicts(where):
    """What each policy makes of files and of updates that end in a place."""
    return [judge(case(where, what), policy, GERMAN) for policy in POLICIES for what in ("files", "updates")]


def test_an_agreeing_source_never_weakens():
    """One more database that says what is found already: a decided verdict stays, whatever the policy is."""
    compared = 0
    for where in every_place():
        if where.confidence not in ("agreed", "single"):
            continue  # there is nothing that one more could agree with
        city = LOCATIONS[where.location].city if where.location in LOCATIONS else None
        more = place([*where.votes, Vote("one_more_db", where.country, city)], where.excluded)
        for before, after in zip(verdicts(where), verdicts(more), strict=True):
            assert STRENGTH[after.outcome] >= STRENGTH[before.outcome]
            if STRENGTH[before.outcome]:
                assert after == before
                compared += 1
    assert compared > 1000


def test_what_is_excluded_is_never_alleged():
    """An excluded location is neither "unexpected" there nor "expected" there; alarms remain elsewhere."""
    outcomes = set()
    for where in every_place():
        for found in verdicts(where):
            if found.outcome in ("expected", "unexpected") and found.lifts != "policy_forbids_vendor":
                assert where.location not in where.excluded
                outcomes.add((found.outcome, bool(where.excluded)))
    assert outcomes == {
        (one, is_excluded) for one in ("expected", "unexpected") for is_excluded in (False, True)
    }


def test_the_order_of_sources_does_not_matter():
    """The same votes in another order give the same verdict, and the same input the same again."""
    for where in every_place():
        turned = place(where.votes[::-1], where.excluded)
        assert (turned.location, turned.country, turned.confidence) == (
            where.location,
            where.country,
            where.confidence,
        )
        assert verdicts(turned) == verdicts(where) == verdicts(where)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.reason}: {row.when}")
def test_each_row_says_when_it_holds(row):
    """In words that no other row has, and with a reason that has a meaning."""
    assert [one.when for one in ROWS].count(row.when) == 1
    assert row.reason in REASONS
