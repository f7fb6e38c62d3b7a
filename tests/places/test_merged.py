"""Merged sources, whose countries are registrations in part."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from netmon.places.decision import Cities, decide
from netmon.places.merged import judge_merged
from netmon.records import Vote

OLD, NEW = "2026-06-17", "2026-09-21"
NO_CITIES = Cities({})


def merged(country, date=OLD, source="geo_whois_asn"):
    return Vote(source, country, None, date=date, provider="geo-whois-asn")


def registered(country, provider="iptoasn", date=OLD):
    return Vote(provider, country, None, "registration", date, provider=provider)


def located(country, provider="dbip", date=OLD, source=None):
    return Vote(source or provider, country, None, date=date, provider=provider)


def place_of(*votes):
    place = decide(votes, NO_CITIES)
    return place.confidence, place.country


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        # 77.74.176.0/21: the AS is registered in CH, the network in RU
        ([merged("RU"), registered("CH"), located("RU")], ("agreed", "RU")),
        ([merged("RU"), registered("CH")], ("single", "RU")),
        ([merged("RU"), registered("CH"), located("CH")], ("disputed", "disputed")),
        # Both say the same: a registration
        ([merged("CH"), registered("CH"), located("CH")], ("single", "CH")),
        ([merged("CH"), registered("CH"), located("RU")], ("single", "RU")),
        ([merged("CH"), registered("CH")], ("unknown", "unknown")),
        # Where the AS is registered is not known
        ([merged("CH")], ("unknown", "unknown")),
        ([merged("CH"), located("CH")], ("single", "CH")),
        ([merged("CH"), located("RU")], ("disputed", "disputed")),
        ([merged("CH"), located("CH"), located("CH", "maxmind")], ("agreed", "CH")),
        # The sources on the AS contradict each other
        ([merged("RU"), registered("CH"), registered("DE", "asn-country"), located("RU")], ("agreed", "RU")),
        ([merged("CH"), registered("CH"), registered("DE", "asn-country"), located("CH")], ("single", "CH")),
        ([merged("CH"), registered("CH"), registered("DE", "asn-country"), located("RU")], ("disputed",) * 2),
        # Only the latest statement of a provider on the AS counts
        ([merged("RU"), registered("CH"), registered("RU", date=NEW), located("RU")], ("single", "RU")),
        # A holder's or network's registration is not that of the AS
        ([merged("RU"), registered("CH", "maxmind"), located("RU")], ("single", "RU")),
        ([merged("RU"), registered("CH", "geoopen"), located("RU")], ("single", "RU")),
        # A newer build that repeats the registration takes back what the older one said
        ([merged("RU"), merged("CH", NEW), registered("CH"), located("RU")], ("single", "RU")),
        # A declaration is not doubted
        ([Vote("declared", "DE", None), merged("CH"), located("RU")], ("single", "DE")),
    ],
)
def test_a_merged_source(votes, expected):
    """It counts where it shows more than the registration of the AS, in any order of the votes."""
    assert place_of(*votes) == expected == place_of(*reversed(votes))


def test_the_evidence_says_why():
    """The votes show what counts as a registration, and a step gives the reason."""
    place = decide([merged("CH"), registered("CH"), located("CH")], NO_CITIES)
    assert [vote.about for vote in place.votes] == ["registration", "registration", "location"]
    assert place.steps[3] == (
        "geo_whois_asn is merged, and it repeats the registration of the AS (iptoasn): it does not locate the"
        " address"
    )
    place = decide([merged("RU"), registered("CH"), located("RU")], NO_CITIES)
    assert place.steps[3] == "geo_whois_asn is merged, and differs from the registration of the AS (iptoasn)"
    place = decide([merged("RU"), located("CH")], NO_CITIES)
    assert place.steps[-1] == "geo_whois_asn may locate it in another country than CH: disputed"


def test_without_merged_sources_nothing_changes():
    """The votes stay as they are."""
    votes = (located("CH"), registered("CH"))
    assert judge_merged(votes).votes == votes


COUNTRIES = st.sampled_from(["CH", "RU", "DE"])
VOTES = st.one_of(
    st.builds(merged, COUNTRIES, st.sampled_from([OLD, NEW])),
    st.builds(
        registered, COUNTRIES, st.sampled_from(["iptoasn", "asn-country"]), st.sampled_from([OLD, NEW])
    ),
    st.builds(
        located, COUNTRIES, st.sampled_from(["dbip", "maxmind", "unknown"]), st.sampled_from([OLD, NEW])
    ),
)


@given(st.lists(VOTES, max_size=7), st.randoms())
def test_the_order_does_not_matter(votes, random):
    """Any order of the votes gives the same place."""
    shuffled = random.sample(votes, len(votes))
    assert place_of(*votes) == place_of(*shuffled)


@given(st.lists(VOTES, max_size=6), COUNTRIES)
def test_a_merged_source_alone_agrees_with_nothing(votes, country):
    """It never turns a single source into an agreement where the AS is registered in its country, too."""
    votes = [*votes, registered(country, date="2027-01-01"), registered(country, "asn-country", "2027-01-01")]
    if place_of(*votes)[0] == "single":
        assert place_of(*votes, merged(country, "2027-01-01"))[0] != "agreed"
