"""The countries that sources name for an address (`Place.claims`)."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from netmon.places.decision import decide
from tests.places.test_decision import CITIES, EXCLUDED, VOTES, vote


@pytest.mark.parametrize(
    ("votes", "claims"),
    [
        ([], ()),
        ([vote("a", "CH", "registration")], ()),
        ([vote("a", "CH", "anycast")], ()),
        ([vote("a", "CH")], ("CH",)),
        ([vote("a", "CH"), vote("b", "CH")], ("CH",)),
        ([vote("a", "RU"), vote("b", "NL")], ("NL", "RU")),
        ([vote("a", "RU"), vote("b", "NL"), vote("c", "NL")], ("NL", "RU")),
        ([vote("declared", "CH"), vote("a", "RU"), vote("b", "NL")], ("CH",)),
        # Two editions of one provider are one source, and so are databases of unknown providers.
        ([vote("GeoLite2-City", "RU"), vote("GeoLite2-Country", "NL")], ()),
        ([vote("geo_whois_asn", "RU"), vote("a", "NL")], ()),
        ([vote("geo_whois_asn", "RU"), vote("a", "NL"), vote("b", "NL")], ("NL", "RU")),
        # A source that withholds its country may mean any.
        ([vote("a", "RU"), vote("b", "NL"), vote("c", "", contradicts=True)], ()),
    ],
)
def test_countries_that_independent_sources_name(votes, claims):
    """One if the country is known; several only if two sources or more are known to be independent."""
    assert decide(votes, CITIES).claims == claims


@pytest.mark.parametrize(
    ("votes", "claims"),
    [
        ([vote("a", "RU/Moscow"), vote("b", "NL")], ("NL",)),
        ([vote("a", "RU/Moscow"), vote("b", "NL"), vote("c", "DE")], ("DE", "NL")),
        # A vote for the country alone may mean the city that is refuted.
        ([vote("a", "RU/Moscow"), vote("b", "NL"), vote("c", "RU")], ()),
        ([vote("a", "RU/Moscow"), vote("b", "NL"), vote("c", "RU"), vote("d", "NL")], ("NL", "RU")),
        ([vote("a", "RU/Moscow"), vote("b", "NL"), vote("c", "RU/Pskov")], ("NL", "RU")),
        ([vote("declared", "RU/Moscow"), vote("b", "NL"), vote("c", "DE")], ()),
    ],
)
def test_refuted_votes_claim_nothing(votes, claims):
    """They name nothing. A vote for the country alone is no second source then, but may still be right."""
    assert decide(votes, CITIES, excluded={"moscow"}).claims == claims


@given(st.lists(VOTES, max_size=6), EXCLUDED)
def test_a_known_country_is_the_only_claim(votes, excluded):
    """A place in a country claims that country alone; an unknown place claims none."""
    place = decide(votes, CITIES, excluded)
    if place.confidence in ("agreed", "single"):
        assert place.claims == (place.country,)
    elif place.confidence == "unknown":
        assert place.claims == ()
