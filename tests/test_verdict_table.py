"""The table of verdicts over all its inputs: each row, and each place that votes can give."""

from dataclasses import replace
from functools import cache
from itertools import product

import pytest

from netmon.places.decision import decide
from netmon.records import GROUNDS, OUTCOMES, Vote
from netmon.verdict import REASONS, ROWS, Facts, find_row, judge
from tests.test_verdict import CITIES, FORBID, GERMAN, LOCATIONS, SILENT, allow, case, excepting

STRENGTH = {"undecided": 0, "expected": 1, "unexpected": 1, "forbidden": 1}
"""As in `netmon.verdict`: "undecided" is weaker than the others, which are equally strong."""


@cache
def every_fact():
    """All 49152 combinations of facts."""
    truths = (False, True)
    confidences = [{}, {"disputed": True}, {"unknown": True}, {"single": True}]
    none = dict.fromkeys(("disputed", "unknown", "single"), False)
    return [
        Facts(
            unverified=unverified,
            sinkholed=sinkholed,
            met=met,
            grounds=grounds,
            forbidden=forbidden,
            excepted=excepted,
            reference=reference,
            proxied=proxied,
            refuted=refuted,
            fit=fit,
            limited=limited,
            **(none | confidence),
        )
        for (
            unverified,
            sinkholed,
            met,
            grounds,
            forbidden,
            excepted,
            reference,
            proxied,
            refuted,
            confidence,
            fit,
            limited,
        ) in product(
            truths,
            truths,
            truths,
            GROUNDS,
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
    """Every input has an outcome, and every row decides some input."""
    assert len(set(every_fact())) == 2**8 * 4 * 4 * 4 * 3
    deciding = [find_row(facts) for facts in every_fact()]
    assert set(deciding) == set(ROWS)
    assert {row.outcome for row in deciding} == set(OUTCOMES)
    assert {row.reason for row in deciding} == set(REASONS)


def test_the_same_reason_is_always_the_same_outcome():
    """The reason determines the outcome."""
    outcomes = {}
    for row in ROWS:
        assert outcomes.setdefault(row.reason, row.outcome) == row.outcome


def test_forbidden_wins():
    """It takes precedence over everything but what is no contact with the vendor, and an exception."""
    for facts in every_fact():
        is_contact = facts.met and not facts.sinkholed and not facts.unverified
        is_contact &= facts.grounds in ("own", "holder")
        is_forbidden = facts.forbidden and is_contact and not facts.excepted
        assert (find_row(facts).outcome == "forbidden") == is_forbidden


def test_no_alarm_without_a_place_that_is_sure():
    """Unexpected requires another country on which two sources agree, or which the organisation declared."""
    for facts in every_fact():
        if find_row(facts).outcome == "unexpected":
            assert facts.settled_elsewhere
            assert facts.reference in ("policy", "promise")
            assert True not in (facts.unverified, facts.sinkholed, facts.proxied, facts.excepted)
            assert facts.met
            assert facts.grounds == "own"


def test_an_exception_replaces_only_alarms():
    """It turns unexpected and forbidden into expected, and changes nothing else."""
    for facts in every_fact():
        without, found = (find_row(replace(facts, excepted=excepted)) for excepted in (False, True))
        if without.outcome in ("unexpected", "forbidden"):
            assert (found.outcome, found.reason) == ("expected", "policy_exception")
        else:
            assert found is without


def test_a_second_source_never_weakens():
    """From one source to two that agree: a decided verdict stays, an undecided one may become decided."""
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
    """Every place that three databases and a declaration can give for two countries, excluded or not."""
    return [
        place([vote(source, text) for source, text in zip(SOURCES, said, strict=True) if text], excluded)
        for said in product(DECLARED, SAID, SAID, SAID)
        for excluded in EXCLUDED
    ]


SOURCES = ("declared", "alpha_db", "beta_db", "gamma_db")


def verdicts(where):
    """The verdicts of each policy on files and on updates that end in a place."""
    return [judge(case(where, what), policy, GERMAN) for policy in POLICIES for what in ("files", "updates")]


def test_an_agreeing_source_never_weakens():
    """One more database that agrees with the place: a decided verdict stays, with any policy."""
    compared = 0
    for where in every_place():
        if where.confidence not in ("agreed", "single"):
            continue  # there is no country to agree on
        city = LOCATIONS[where.location].city if where.location in LOCATIONS else None
        more = place([*where.votes, Vote("one_more_db", where.country, city)], where.excluded)
        for before, after in zip(verdicts(where), verdicts(more), strict=True):
            assert STRENGTH[after.outcome] >= STRENGTH[before.outcome]
            if STRENGTH[before.outcome]:
                assert after == before
                compared += 1
    assert compared > 1000


def test_an_excluded_place_is_never_the_verdict():
    """An excluded location is neither "unexpected" nor "expected"; alarms for other places remain."""
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
    """The same votes in another order give the same verdict."""
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
    """The condition in words is unique, and the reason has a meaning."""
    assert [one.when for one in ROWS].count(row.when) == 1
    assert row.reason in REASONS
