"""Which votes count as sources of their own: providers, unknown ones, and common data."""

import hypothesis.strategies as st
import pytest
from hypothesis import given
from msgspec.structs import replace

from netmon.places.decision import decide, is_sure
from netmon.places.providers import independent_of
from netmon.records import Vote
from tests.places.test_decision import CITIES, NEW, OLD, place_of

PROVIDERS = ("maxmind", "dbip", "ipinfo", "acme", "unknown", "geolite2-geo-whois-asn", "loyalsoldier")
BY_PROVIDERS = st.builds(
    Vote,
    source=st.sampled_from(["first", "second", "third"]),
    country=st.sampled_from(["CH", "RU"]),
    city=st.sampled_from(["Zurich", "Moscow", None]),
    about=st.sampled_from(["location", "location", "registration", "anycast"]),
    date=st.sampled_from([OLD, NEW]),
    contradicts=st.just(value=False),
    provider=st.sampled_from(PROVIDERS),
)
STRENGTHS = {"unknown": 0, "disputed": 0, "single": 1, "agreed": 2}


@given(st.lists(BY_PROVIDERS, min_size=1, max_size=6), st.data())
def test_a_source_that_repeats_its_provider_changes_nothing(votes, data):
    """Another database with a provider's words changes neither the place nor how sure it is."""
    one = data.draw(st.sampled_from(votes))
    again = replace(one, source="copy")
    assert place_of(*votes) == place_of(*votes, again)
    assert is_sure(decide(votes, CITIES)) == is_sure(decide([*votes, again], CITIES))


@given(st.lists(BY_PROVIDERS, max_size=6), st.sampled_from(PROVIDERS), st.sampled_from([OLD, NEW]))
def test_evidence_for_the_same_place_never_weakens_it(votes, provider, date):
    """Whoever says that the place is right, and whenever: it stays the place, at least as sure as before."""
    place = decide(votes, CITIES)
    if place.confidence in ("single", "agreed"):
        more = Vote("more", place.country, place.city, date=date, provider=provider)
        after = decide([*votes, more], CITIES)
        assert after.country == place.country
        assert STRENGTHS[after.confidence] >= STRENGTHS[place.confidence]


@given(st.lists(BY_PROVIDERS, max_size=6))
def test_an_agreement_has_two_providers(votes):
    """Sources of one provider, of unknown ones, or with common data never agree among themselves."""
    place = decide(votes, CITIES)
    if place.confidence == "agreed":
        providers = {
            one.provider for one in votes if one.country == place.country and one.about == "location"
        }
        assert len(independent_of(frozenset(providers))) >= 2


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        # Unknown providers are one source together, which confirms no other ...
        ([("a", "unknown", "RU"), ("b", "unknown", "RU")], ("single", "RU", "unknown")),
        ([("a", "unknown", "RU"), ("dbip", "dbip", "RU")], ("single", "RU", "unknown")),
        # ... but may contradict others and each other, whatever the age
        ([("a", "unknown", "CH"), ("dbip", "dbip", "RU")], ("disputed",) * 3),
        ([("a", "unknown", "CH"), ("b", "unknown", "RU")], ("disputed",) * 3),
        (
            [("a", "unknown", "RU"), ("dbip", "dbip", "RU"), ("m", "maxmind", "RU")],
            ("agreed", "RU", "unknown"),
        ),
        # Providers with data in common are one source
        ([("l", "loyalsoldier", "RU"), ("m", "maxmind", "RU")], ("single", "RU", "unknown")),
        ([("l", "loyalsoldier", "RU"), ("dbip", "dbip", "RU")], ("agreed", "RU", "unknown")),
    ],
)
def test_sources_that_may_repeat_others(votes, expected):
    """Agreement needs providers that are known to be independent."""
    votes = [
        Vote(source, country, None, date=date, provider=provider)
        for (source, provider, country), date in zip(votes, (OLD, NEW, OLD), strict=False)
    ]
    assert expected == place_of(*votes) == place_of(*reversed(votes))


def test_steps_name_sources_that_may_repeat_others():
    """The evidence says why they were not counted."""
    place = decide(
        [
            Vote("a", "RU", None, provider="unknown"),
            Vote("b", "RU", None, provider="unknown"),
            Vote("m", "RU", None, provider="maxmind"),
            Vote("l", "RU", None, provider="loyalsoldier"),
        ],
        CITIES,
    )
    assert place.steps[4:7] == (
        "the provider of a, b is unknown: one source together; it may repeat another source, so it confirms"
        " none",
        "m has data in common with another source: not counted again",
        "a, b, l, m alone says RU: a single source",
    )
