"""The countries that sources name: one list for the verdict, the statement about concerns, and all words."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from netmon.outputs.place_text import place_text
from netmon.places.decision import Cities, decide
from netmon.places.named import named_countries, told_kinds
from netmon.records import Vote
from tests.places.test_decision import EXCLUDED
from tests.places.test_merged import VOTES, located, merged, registered

NO_CITIES = Cities({})
ANYCAST = Vote("maxmind", "US", None, "anycast", provider="maxmind")
SATELLITE = Vote("maxmind", "US", None, "satellite", provider="maxmind")
WITHHELD = Vote("ipinfo", None, None, contradicts=True, provider="ipinfo")


@given(st.lists(VOTES, max_size=7), st.sampled_from([(), ("RU",), ("CH", "DE")]))
def test_every_claim_is_named(votes, not_in):
    """Whatever the decision counts as the claim of a source is in the list."""
    place = decide(votes, NO_CITIES, not_in=not_in)
    assert named_countries(place.votes).issuperset(place.claims)


@given(st.lists(VOTES, max_size=7), EXCLUDED)
def test_a_disputed_place_is_told_with_every_claim(votes, excluded):
    """Its words have no fewer countries than its verdict has, and never one alone unless it is in doubt."""
    place = decide(votes, NO_CITIES, excluded)
    if place.confidence == "disputed":
        told = place_text(place, {}).removeprefix("disputed: ").split(" or ")
        assert set(told) >= set(place.claims)
        assert len(told) > 1


@pytest.mark.parametrize(
    ("votes", "text"),
    [
        ([located("DE"), located("DE", "maxmind"), merged("RU")], "disputed: DE or RU"),
        ([located("DE"), merged("RU")], "disputed: DE or RU"),
        ([located("DE"), located("CH", "maxmind"), merged("RU")], "disputed: CH or DE or RU"),
        ([located("DE"), WITHHELD, merged("RU")], "disputed: DE or RU or another"),
        # A registration names no country, whoever gives it
        ([located("DE"), located("CH", "maxmind"), merged("RU"), registered("RU")], "disputed: CH or DE"),
        ([located("DE"), located("CH", "ipinfo"), SATELLITE], "disputed: CH or DE"),
    ],
)
def test_the_words_of_a_dispute(votes, text):
    """Each country for which the place is disputed, also that of a source which may locate the address."""
    assert place_text(decide(votes, NO_CITIES), {}) == text


def test_what_may_be_a_registration_does_not_locate():
    """Words about a settled place tell of the sources that locate it, and of a dispute each side."""
    place = decide([located("RU"), located("RU", "maxmind"), merged("RU"), ANYCAST], NO_CITIES)
    assert named_countries(place.votes) == {"RU", "US"}
    assert told_kinds("agreed") == {"location"} < told_kinds("disputed")
    assert not told_kinds("disputed") & {"registration", "satellite", "as"}
