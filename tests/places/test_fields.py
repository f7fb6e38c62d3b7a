"""The fields of a database's records, in the schema of each provider."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from netmon.places.fields import find_fields, read_votes
from netmon.records import Vote

AS = {"AS": 64500, "AS name": "Acme"}


@pytest.mark.parametrize(
    ("record", "found"),
    [
        # GeoLite2 and GeoIP2 City, Country, ASN
        (
            {
                "continent": {"code": "EU"},
                "country": {"iso_code": "CH", "names": {"en": "Switzerland"}},
                "city": {"names": {"de": "Zürich", "en": "Zurich"}},
                "registered_country": {"iso_code": "RU"},
                "represented_country": {"iso_code": "US", "type": "military"},
                "traits": {"is_anycast": True, "is_satellite_provider": True},
            },
            {
                "country": "CH",
                "city": "Zurich",
                "registered country": "RU",
                "anycast": True,
                "satellite": True,
            },
        ),
        ({"autonomous_system_number": 64500, "autonomous_system_organization": "Acme"}, AS),
        ({"traits": {"autonomous_system_number": 64500, "autonomous_system_organization": "Acme"}}, AS),
        # DB-IP appends the district
        (
            {"country": {"iso_code": "DE"}, "city": {"names": {"en": "Frankfurt am Main (Innenstadt I)"}}},
            {"country": "DE", "city": "Frankfurt am Main"},
        ),
        # IPinfo Lite, its older country and ASN file, its location file, and Core
        (
            {"country": "Switzerland", "country_code": "CH", "asn": "AS64500", "as_name": "Acme"},
            {"country": "CH", **AS},
        ),
        (
            {"country": "CH", "country_name": "Switzerland", "asn": "AS64500", "as_name": "Acme"},
            {"country": "CH", **AS},
        ),
        (
            {"city": "Bern", "region": "Bern", "country": "CH", "lat": "46.9"},
            {"country": "CH", "city": "Bern"},
        ),
        (
            {
                "geo": {"city": "Bern", "country": "Switzerland", "country_code": "CH"},
                "as": {"asn": "AS64500", "name": "Acme"},
                "is_anycast": False,
                "is_satellite": "true",
            },
            {"country": "CH", "city": "Bern", "satellite": True, **AS},
        ),
        # ip-location-db
        ({"country_code": "CH", "city": "Bern", "state1": "Bern"}, {"country": "CH", "city": "Bern"}),
        # IP2Location
        ({"country": {"iso_code": "CH"}, "city": {"names": {"en": "-"}}}, {"country": "CH"}),
        # Values that are not a country, a city or a number
        ({"country": {"iso_code": "EU"}}, {}),
        ({"country": {"iso_code": "A1"}}, {}),
        ({"country_code": "", "city": "", "asn": "", "as_name": ""}, {}),
        ({"country": {"iso_code": 7}, "city": {"names": ["Bern"]}, "asn": "none"}, {}),
        ({"colour": "red"}, {}),
        ("CH", {}),
        (None, {}),
    ],
)
def test_fields_are_found(record, found):
    """The fields of each known schema are found."""
    assert find_fields(record) == found


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(0, 2**32)
    | st.floats()
    | st.text(max_size=4)
    | st.binary(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["country", "iso_code", "names", "en", "city", "traits", "asn", "as"]), inner
        )
    ),
    max_leaves=8,
)


@given(VALUES, st.booleans())
def test_any_record_is_accepted(record, registry):
    """Any record gives zero or more votes; a country is two capital letters."""
    for vote in read_votes(record, "db", "2026-06-17", "192.0.2.0/24", registry=registry):
        assert vote.country is None or (len(vote.country) == 2 and vote.country.isupper())


def votes_of(record, *, registry=False):
    votes = read_votes(record, "db", "2026-06-17", "192.0.2.0/24", registry=registry)
    assert all(
        (vote.source, vote.date, vote.prefix) == ("db", "2026-06-17", "192.0.2.0/24") for vote in votes
    )
    return [(vote.about, vote.country, vote.city, vote.note) for vote in votes]


def test_location_registration_and_as_are_separate_votes():
    """One record can give three votes."""
    record = {
        "country_code": "CH",
        "city": "Bern",
        "registered_country_code": "RU",
        "asn": "AS64500",
        "as_name": "Acme",
    }
    assert votes_of(record) == [
        ("location", "CH", "Bern", None),
        ("registration", "RU", None, None),
        ("as", None, None, "AS64500 Acme"),
    ]


def test_a_registration_in_the_country_of_the_location_is_left_out():
    """It would add no information."""
    record = {"country": {"iso_code": "CH"}, "registered_country": {"iso_code": "CH"}}
    assert votes_of(record) == [("location", "CH", None, None)]


def test_a_registration_without_a_location():
    """A record with only the country of registration gives no vote on the location."""
    assert votes_of({"registered_country": {"iso_code": "CH"}}) == [("registration", "CH", None, None)]


def test_the_country_of_a_registry_is_a_registration():
    """The country in a database of AS registrations is never a location."""
    assert votes_of({"country_code": "CH"}, registry=True) == [("registration", "CH", None, None)]


@pytest.mark.parametrize(
    ("flags", "about"),
    [
        ({"is_anycast": True}, "anycast"),
        ({"is_satellite": True}, "satellite"),
        ({"is_anycast": True, "is_satellite": True}, "anycast"),
    ],
)
def test_a_flagged_country_is_not_a_location(flags, about):
    """The country beside an anycast or satellite flag does not locate the address."""
    assert votes_of({"country_code": "US"} | flags) == [(about, "US", None, None)]
    assert votes_of(flags) == [(about, None, None, None)]


def test_votes_have_all_their_fields():
    """Source, country, kind, date and prefix are set."""
    [vote] = read_votes({"country_code": "CH"}, "db", "2026-06-17", "192.0.2.0/24", registry=False)
    assert vote == Vote("db", "CH", None, "location", "2026-06-17", "192.0.2.0/24")
