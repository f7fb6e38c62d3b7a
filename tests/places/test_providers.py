"""The providers of location databases: their names, what they publish, and which data they share."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from netmon.errors import SignatureError
from netmon.places.providers import (
    content_of,
    find_providers,
    independent_of,
    known_providers,
    named_provider,
)
from netmon.places.read_providers import load_providers


@pytest.mark.parametrize(
    ("provider", "texts"),
    [
        ("maxmind", ["GeoLite2-City", "GeoLite2-Country", "GeoLite2-ASN", "GeoIP2-City", "geolite2"]),
        ("maxmind", ["geolite2-city-ipv4", "GeoLite2-City_20260617", "GeoLite2 City database"]),
        ("dbip", ["DBIP-City-Lite", "DBIP-Country-Lite", "DBIP-Location-ISP", "dbip", "db-ip", "DB-IP Lite"]),
        ("dbip", ["dbip-city-ipv4", "dbip-country", "dbip-city-lite-2026-06", "my_dbip"]),
        ("ipinfo", ["ipinfo lite", "ipinfo generic_country_asn_free.mmdb", "IPinfo", "ipinfo_lite"]),
        ("ipinfo", ["ipinfo bundle_location_core.mmdb", "ipinfo extended_location_v2.mmdb"]),
        ("ip2location", ["IP2LITE-DB11", "IP2LITE-City", "IP2Location-DB1", "IP2LOCATION-LITE-DB11"]),
        ("geo-whois-asn", ["geo_whois_asn", "geo-whois-asn-country", "geo-whois-asn-country-ipv4"]),
        ("geolite2-geo-whois-asn", ["geolite2-geo-whois-asn-country-ipv4"]),
        ("dbip-geo-whois-asn", ["dbip-geo-whois-asn-country"]),
        ("geo-asn", ["geo-asn-country-ipv6"]),
        ("iptoasn", ["iptoasn", "iptoasn-country", "iptoasn-country-ipv4"]),
        ("asn-country", ["asn-country", "asn-country-ipv4"]),
        ("geoopen", ["GeoOpen-Country", "GeoOpen-Country-ASN", "Geo Open MMDB database"]),
    ],
)
def test_a_provider_is_recognised_by_its_names(provider, texts):
    """Database types, descriptions and file names as the publishers write them name one provider."""
    assert {find_providers(text) for text in texts} == {(provider,)}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "---",
        "Ä",
        "city ipv4",
        "country ipvAll",
        "city",
        "Country",
        "geoip",
        "GeoIP",
        "Acme-City",
        "standbip",
    ],
)
def test_other_texts_name_no_provider(text):
    """A type that ip-location-db writes for all publishers, a generic word, or an unknown name."""
    assert find_providers(text) == ()


def test_a_text_may_name_several_providers():
    """A derived database may say so; a merged data set that is known has a name of its own."""
    assert find_providers("made from GeoLite2 and DB-IP") == ("dbip", "maxmind")


def test_a_name_given_by_a_person():
    """It is a provider that netmon knows, in any spelling, or else itself."""
    assert [named_provider(name) for name in ("DB-IP", "MaxMind", "geo_whois_asn")] == [
        "dbip",
        "maxmind",
        "geo-whois-asn",
    ]
    assert named_provider("Acme GmbH") == "acme-gmbh"
    assert named_provider("---") == "---"


def test_what_providers_publish():
    """Countries of an AS or of a holder are registrations; those of an unknown provider are locations."""
    assert [content_of(one) for one in ("iptoasn", "asn-country")] == ["as_registration"] * 2
    assert content_of("geoopen") == "registration"
    assert [content_of(one) for one in ("geo-whois-asn", "geo-asn", "server-country")] == ["merged"] * 3
    assert [content_of(one) for one in ("maxmind", "acme", "unknown", "")] == ["location"] * 4


@pytest.mark.parametrize(
    ("count", "providers"),
    [
        (0, []),
        (1, ["dbip"]),
        (2, ["dbip", "maxmind"]),
        (3, ["dbip", "maxmind", "acme"]),
        (1, ["unknown"]),
        (1, ["unknown", "dbip"]),
        (2, ["unknown", "dbip", "maxmind"]),
        (1, ["geolite2-geo-whois-asn", "maxmind"]),
        (1, ["geolite2-geo-whois-asn", "geo-whois-asn"]),
        (2, ["geolite2-geo-whois-asn", "geo-whois-asn", "maxmind"]),
        (1, ["geolite2-geo-whois-asn", "dbip-geo-whois-asn"]),
        (2, ["geolite2-geo-whois-asn", "dbip-geo-whois-asn", "dbip", "maxmind"]),
        (1, ["geo-whois-asn", "geo-asn", "server-country"]),
        (1, ["loyalsoldier", "maxmind"]),
    ],
)
def test_independent_providers(count, providers):
    """Providers whose data are part of each other's, or that contain the same data, are one source."""
    assert len(independent_of(frozenset(providers))) == count


ANY = st.sampled_from([*known_providers(), "unknown", "acme"])


@given(st.frozensets(ANY, max_size=7), ANY)
def test_another_provider_never_reduces_the_sources(providers, one):
    """The number of independent sources grows by at most one."""
    before, after = (len(independent_of(some)) for some in (providers, providers | {one}))
    assert before <= after <= before + 1


def test_every_provider_has_sources_and_names():
    """Each statement of the shipped file has a source; the reader checks the rest."""
    for provider in known_providers().values():
        assert provider.sources
        assert provider.names
        assert {find_providers(name) for name in provider.names} == {(provider.id,)}


GOOD = """\
sources: {S1: {trust: official, ref: a, about: b}}
providers:
  acme: {title: Acme, names: [acme], about: location, sources: [S1]}
"""


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("[S1]}\n", "[S2]}\n", "3: unknown source 'S2'"),
        ("location", "place", "3: 'place' is not one of location, as_registration, registration, merged"),
        (
            "names: [acme]",
            "names: [Acme]",
            "3: 'Acme' is not a name: use lower-case letters, digits and hyphens",
        ),
        (
            "  acme:",
            "  unknown:",
            "3: 'unknown' is not an id for a provider: use lower-case letters, digits and hyphens",
        ),
        ("title: Acme, ", "", "3: key 'title' is missing"),
        (
            "about: location",
            "about: location, contains: [acne]",
            "3: unknown provider 'acne'; did you mean 'acme'?",
        ),
        ("about: location", "about: location, contains: [acme]", "3: provider 'acme' contains itself"),
        ("about: location", "about: location, colour: red", "3: unknown key 'colour'"),
        (
            "[S1]}\n",
            "[S1]}\n  beta: {title: Beta, names: [acme], about: location, sources: [S1]}\n",
            "4: the name 'acme' is that of 'acme', too",
        ),
    ],
)
def test_errors_in_the_file(tmp_path, old, new, problem):
    """Each has a line of its own, with the file and the line."""
    file = tmp_path / "providers.yaml"
    file.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(SignatureError) as error:
        load_providers(file)
    assert str(error.value) == f"{file}:{problem}"


def test_a_good_file(tmp_path):
    """The same file without an error."""
    file = tmp_path / "providers.yaml"
    file.write_text(GOOD)
    assert load_providers(file)["acme"].title == "Acme"
