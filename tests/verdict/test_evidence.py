"""What more evidence, and what a round trip, can and cannot do to a verdict: for every input."""

from itertools import product

import hypothesis.strategies as st
import pytest
from hypothesis import assume, given
from msgspec.structs import replace

from netmon.places.decision import decide
from netmon.records import Vote
from netmon.verdict.judgement import judge
from tests.verdict.test_properties import POLICIES, SUBJECTS
from tests.verdict_cases import (
    CITIES,
    COMPONENTS,
    GERMAN,
    LOCATIONS,
    PLACE_EXCEPTION,
    SILENT,
    WORRYING,
    allow,
    case,
    excepting,
)

VOTE = st.builds(
    Vote,
    source=st.sampled_from(["alpha_db", "beta_db", "gamma_db", "dbip", "geo_whois_asn", "iptoasn"]),
    country=st.sampled_from(["CH", "RU", "DE"]),
    city=st.sampled_from([None, "Zurich", "Bern", "Moscow"]),
    about=st.sampled_from(["location", "location", "registration", "anycast"]),
    date=st.sampled_from([None, "2026-06-05", "2026-06-17"]),
    contradicts=st.sampled_from([False, False, False, True]),
).map(lambda vote: replace(vote, provider=vote.source.replace("_", "-")))
VOTES = st.lists(VOTE, max_size=5)
LOCATING_VOTES = st.builds(
    lambda votes, one: [*votes, replace(one, about="location", contradicts=False)],
    st.lists(VOTE, max_size=4),
    VOTE,
)
"""At least one of them locates the address, unless a round trip refutes it."""
EXCLUDED = st.sets(st.sampled_from(sorted(LOCATIONS))).map(sorted).map(tuple)
NOT_IN = st.sets(st.sampled_from(["CH", "RU", "DE", "US"])).map(sorted).map(tuple)
COMPONENT = st.sampled_from(sorted(COMPONENTS))


def judged(votes, policy, subject, component="files", excluded=(), not_in=()):
    place = replace(decide(votes, CITIES, excluded, not_in), excluded=excluded, not_in=not_in)
    return judge(case(what=component, where=place), policy, subject)


@given(VOTES, st.data(), POLICIES, SUBJECTS, COMPONENT, EXCLUDED, NOT_IN)
def test_a_source_that_repeats_its_provider_changes_no_verdict(
    votes, data, policy, subject, component, excluded, not_in
):
    """The same vote in another file of the same provider, on the same day."""
    assume(votes)
    one = data.draw(st.sampled_from(votes))
    again = replace(one, source=f"{one.source}-city")
    how = (policy, subject, component, excluded, not_in)
    assert judged([*votes, again], *how) == judged(votes, *how)


STRENGTH = {"undecided": 0, "expected": 1, "unexpected": 1, "forbidden": 1}


@given(LOCATING_VOTES, st.data(), POLICIES, SUBJECTS, COMPONENT, EXCLUDED, NOT_IN)
def test_evidence_that_says_the_same_weakens_no_verdict(
    votes, data, policy, subject, component, excluded, not_in
):
    """Another provider with a vote that counts: a decision stays as it is.

    A vote that is refuted, or outdated by its own provider, says something else than the place does.
    """
    claims = decide(votes, CITIES, excluded, not_in).claims
    counting = [one for one in votes if one.about == "location" and one.country in claims]
    assume(counting)
    one = data.draw(st.sampled_from(counting))
    more = replace(one, source="omega_db", provider="omega-db", date="2026-06-17")
    how = (policy, subject, component, excluded, not_in)
    before, after = judged(votes, *how), judged([*votes, more], *how)
    if before.outcome != "undecided":
        assert after.outcome == before.outcome
    assert STRENGTH[after.outcome] >= STRENGTH[before.outcome]


@given(VOTES, POLICIES, SUBJECTS, COMPONENT, EXCLUDED, NOT_IN)
def test_a_verdict_never_contradicts_what_cannot_be(votes, policy, subject, component, excluded, not_in):
    """Nothing is expected or unexpected in a country that the round trip excludes."""
    policy = replace(policy, exceptions=())
    place = decide(votes, CITIES, excluded, not_in)
    found = judged(votes, policy, subject, component, excluded, not_in)
    if found.outcome in ("expected", "unexpected"):
        assert place.country not in not_in
        assert place.claims
        assert not set(place.claims) & set(not_in)


SAID = (None, "CH/Zurich", "CH", "RU/Moscow", "RU", "DE", "NL")
CANNOT_BE = ((), ("CH",), ("RU",), ("DE",), ("CH", "DE"), ("CH", "RU"), ("DE", "RU"), ("CH", "DE", "RU"))
JUDGED_BY = (SILENT, allow("CH"), allow("moscow", "DE"), excepting(SILENT, PLACE_EXCEPTION))


def said_by(number, text):
    country, _, city = text.partition("/")
    return Vote(f"db{number}", country, city or None)


def test_no_verdict_contradicts_what_cannot_be_over_all_votes_of_three_sources():
    """Whatever is expected or unexpected is about countries that can be, and that a source names."""
    found = set()
    for said, not_in in product(product(SAID, repeat=3), CANNOT_BE):
        votes = [said_by(number, text) for number, text in enumerate(said) if text]
        where = decide(votes, CITIES, (), not_in)
        where = replace(where, not_in=not_in)
        for policy, what in product(JUDGED_BY, ("files", "updates")):
            verdict = judge(replace(case(where, what), vendor=WORRYING), policy, GERMAN)
            if verdict.outcome != "undecided":
                found.add((verdict.reason, bool(not_in)))
                assert where.claims
                assert not {where.country, *where.claims} & {*not_in}
                counting = {vote.country for vote in votes} - {*not_in}
                assert counting == {*where.claims}
    reasons = {
        "country_of_concern",
        "nowhere_promised",
        "place_as_promised",
        "place_elsewhere",
        "policy_allows",
        "policy_exception",
        "policy_forbids",
    }
    assert found == {*product(reasons, (True, False))}


@given(VOTES, POLICIES, SUBJECTS, COMPONENT, NOT_IN)
def test_excluding_countries_turns_no_verdict_into_its_contrary(votes, policy, subject, component, not_in):
    """What two sources agree on stays, or becomes undecided."""
    before = judged(votes, policy, subject, component)
    after = judged(votes, policy, subject, component, (), not_in)
    if before.outcome in ("expected", "unexpected"):
        assert after.outcome in (before.outcome, "undecided")


@given(VOTES, POLICIES, SUBJECTS, COMPONENT)
def test_a_country_that_nothing_names_changes_no_verdict(votes, policy, subject, component):
    """Excluding the United States, which no source names and nothing promises, changes nothing."""
    how = (policy, subject, component)
    assert judged(votes, *how, (), ("US",)) == judged(votes, *how)


@pytest.mark.parametrize("policy", [SILENT, allow("CH"), allow("zurich", "bern")])
def test_a_country_that_cannot_be_refutes_its_places_too(policy):
    """If Switzerland is excluded, so is every place there; one source elsewhere decides nothing."""
    where = decide([Vote("alpha_db", "DE", None)], CITIES, (), ("CH",))
    verdict = judge(case(replace(where, not_in=("CH",))), policy, GERMAN)
    assert (verdict.outcome, verdict.reason) == ("undecided", "rtt_excludes_promise")
