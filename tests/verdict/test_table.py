"""The table of verdicts over all its inputs: each row, and each place that votes can give."""

import random
from functools import cache
from itertools import product

import pytest
from msgspec.structs import replace

from netmon.places.decision import decide
from netmon.records import GROUNDS, LACKS, OUTCOMES, Vote
from netmon.verdict.judgement import judge
from netmon.verdict.table import REASONS, ROWS, Facts, find_lack, find_row
from tests.verdict_cases import (
    CITIES,
    FORBID,
    GERMAN,
    LOCATIONS,
    PLACE_EXCEPTION,
    SILENT,
    allow,
    case,
    excepting,
)
from tests.verdict_facts import COMBINATIONS, EXCHANGES, TRUTHS, every_fact, every_rest

STRENGTH = {"undecided": 0, "expected": 1, "unexpected": 1, "forbidden": 1}
"""As in `netmon.verdict.judgement`: "undecided" is weaker than the others, which are equally strong."""


def test_exactly_one_row_decides_each_combination():
    """Every input has an outcome, and every row decides some input."""
    assert len(set(every_fact())) == len(every_fact()) >= COMBINATIONS
    deciding = [find_row(facts) for facts in every_fact()]
    assert set(deciding) == set(ROWS)
    assert {row.outcome for row in deciding} == set(OUTCOMES)
    assert {row.reason for row in deciding} == set(REASONS)


def each_without(name):
    """Every combination in which this fact is false; with those in which it is true, each pair once."""
    return (facts for facts in every_fact() if not getattr(facts, name))


@pytest.mark.slow
def test_what_is_not_judged_is_undecided_whatever_the_rest_is():
    """The complete product: each of the four facts that decide alone, with every combination of the rest."""
    reasons = set()
    for unverified, sinkholed, exchange, grounds in product(TRUTHS, TRUTHS, EXCHANGES, GROUNDS):
        if not (unverified or sinkholed or exchange != "seen" or grounds in ("hearsay", "unsolicited")):
            continue
        first = {"unverified": unverified, "sinkholed": sinkholed, "exchange": exchange, "grounds": grounds}
        found = {find_row(Facts(**first, **rest)) for rest in every_rest()}
        [row] = found
        assert row.outcome == "undecided"
        reasons.add(row.reason)
    assert reasons == {
        "unverified_signature",
        "sinkholed",
        "insufficient_view",
        "no_contact",
        "name_unsolicited",
        "name_unproven",
    }


def test_a_network_of_the_vendor_is_as_good_as_the_clients_own_name():
    """What is left of a match without its hearsay is judged like any other (see `judgement`)."""
    for facts in random.Random(2).sample(every_fact(), 20_000):
        if facts.grounds in ("own", "holder"):
            own, holder = (find_row(replace(facts, grounds=grounds)) for grounds in ("own", "holder"))
            assert own is holder


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
        is_forbidden = facts.forbidden != "no" and is_contact and not facts.contact_excepted
        row = find_row(facts)
        assert (row.outcome == "forbidden") == is_forbidden
        assert not is_forbidden or row.reason == f"policy_forbids_{facts.forbidden}"


def test_no_alarm_without_a_place_that_is_sure():
    """Unexpected requires two sources for another country, or for several, none of them a right one.

    Only for a client that bypasses the relay the place does not matter.
    """
    for facts in every_fact():
        if find_row(facts).reason == "bypasses_relay":
            assert facts.bypassing
            assert facts.met
            assert facts.grounds in ("own", "holder")
        elif find_row(facts).outcome == "unexpected":
            assert facts.settled_elsewhere or facts.nowhere
            assert facts.concern or facts.reference in ("policy", "promise")
            assert True not in (facts.unverified, facts.sinkholed, facts.proxied)
            assert facts.met
            assert facts.grounds in ("own", "holder")


def test_an_exception_lifts_the_place_only():
    """One that lifts the place turns unexpected into expected, and changes nothing else."""
    for facts in each_without("place_excepted"):
        without, found = find_row(facts), find_row(replace(facts, place_excepted=True))
        if without.outcome == "unexpected" and without.reason not in ("country_of_concern", "bypasses_relay"):
            assert (found.outcome, found.reason) == ("expected", "policy_exception")
        else:
            assert found is without


def test_an_exception_lifts_the_contact_only():
    """One that lifts the contact turns an alarm about it into the verdict on the place, and nothing else."""
    for facts in each_without("contact_excepted"):
        without, found = find_row(facts), find_row(replace(facts, contact_excepted=True))
        if without.outcome == "forbidden" or without.reason == "bypasses_relay":
            permitted = find_row(replace(facts, forbidden="no", bypassing=False))
            assert found.outcome == permitted.outcome
            assert found.reason in (permitted.reason, "policy_exception")
        else:
            assert found is without


def test_a_concern_comes_after_forbidden_and_allowed():
    """It overrides promises and exceptions for the place, but neither "forbidden" nor a place that fits."""
    for facts in each_without("concern"):
        without, found = find_row(facts), find_row(replace(facts, concern=True))
        if found.reason == "country_of_concern":
            assert (found.outcome, facts.settled_elsewhere) == ("unexpected", True)
            assert without.outcome != "forbidden"
        else:
            assert found is without
            is_established = facts.settled_elsewhere and facts.met
            is_established &= facts.grounds in ("own", "holder")
            is_established &= True not in (facts.proxied, facts.unverified, facts.sinkholed)
            assert not facts.concern or not is_established or found.outcome == "forbidden"


def test_bypassing_a_relay_comes_after_forbidden_and_concern():
    """It changes what is judged by its place, and nothing else; an exception of the contact lifts it."""
    for facts in each_without("bypassing"):
        without, found = find_row(facts), find_row(replace(facts, bypassing=True))
        if found.reason == "bypasses_relay":
            assert (found.outcome, without.outcome == "forbidden") == ("unexpected", False)
            assert without.reason != "country_of_concern"
            assert not facts.contact_excepted
        elif without.outcome == "expected" and facts.contact_excepted:
            assert (found.outcome, found.reason) == ("expected", "policy_exception")
        else:
            assert found is without


def test_what_an_undecided_flow_lacks():
    """Only an undecided flow lacks something, and one whose place is not known never lacks only a promise."""
    lacking = set()
    for facts in every_fact():
        lack = find_lack(facts)
        lacking.add(lack)
        assert (lack is None) == (find_row(facts).outcome != "undecided")
        if lack == "promise":
            assert True not in (facts.proxied, facts.disputed, facts.unknown, facts.single)
            assert facts.reference != "policy"
    assert lacking == {None, *LACKS}


def test_a_second_source_never_weakens():
    """From one source to two that agree: a decided verdict stays, an undecided one may become decided."""
    for facts in every_fact():
        alone, agreed = find_row(replace(facts, single=True)), find_row(facts)
        if facts.single:
            continue
        assert STRENGTH[agreed.outcome] >= STRENGTH[alone.outcome]
        if agreed.reason == "country_of_concern":  # weighs more than a bypassed relay
            assert alone.reason == "bypasses_relay" or STRENGTH[alone.outcome] == 0
        elif STRENGTH[alone.outcome]:
            assert agreed is alone


def place(votes, excluded):
    return replace(decide(votes, CITIES, excluded), excluded=excluded)


SAID = (None, "CH", "CH/Zurich", "CH/Bern", "RU", "RU/Moscow")
DECLARED = (None, "CH/Zurich", "RU")
EXCLUDED = ((), ("zurich",), ("moscow",), ("bern", "zurich"))
POLICIES = (
    SILENT,
    allow("CH"),
    allow("zurich"),
    allow("RU"),
    FORBID,
    excepting(FORBID),
    excepting(SILENT, PLACE_EXCEPTION),
)


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


@cache
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
            if found.outcome in ("expected", "unexpected"):
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
        assert verdicts(turned) == verdicts(where)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.reason}: {row.when}")
def test_each_row_says_when_it_holds(row):
    """The condition in words is unique, and the reason has a meaning."""
    assert [one.when for one in ROWS].count(row.when) == 1
    assert row.reason in REASONS
