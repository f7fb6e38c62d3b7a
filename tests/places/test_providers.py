"""The provider of a source."""

import pytest

from netmon.places.providers import is_registry, provider_of


@pytest.mark.parametrize(
    ("provider", "sources"),
    [
        ("maxmind", ["GeoLite2-City", "GeoLite2-Country", "GeoLite2-ASN", "GeoIP2-City", "geolite2"]),
        ("dbip", ["DBIP-City-Lite", "DBIP-Country-Lite", "DBIP-Location-ISP", "dbip", "db-ip"]),
        ("ipinfo", ["ipinfo lite", "ipinfo generic_country_asn_free.mmdb", "IPinfo"]),
        ("ip2location", ["IP2LITE-DB11", "IP2Location-DB1"]),
        ("geo-whois", ["geo_whois_asn", "geo-whois-asn-country", "geo-whois-asn-country-ipv4"]),
        ("iptoasn", ["iptoasn", "iptoasn-country", "iptoasn-asn"]),
        ("acme", ["Acme-City", "Acme-Country-Lite", "ACME"]),
        ("asn-country", ["asn-country"]),
        ("declared", ["declared"]),
        ("vendor", ["vendor"]),
    ],
)
def test_editions_have_one_provider(provider, sources):
    """All editions of a provider's database belong to it, whether on this machine or in the signatures."""
    assert {provider_of(source) for source in sources} == {provider}


@pytest.mark.parametrize("name", ["", "---", "Ä"])
def test_a_name_without_letters_has_a_provider(name):
    """Any name of a source is accepted."""
    assert isinstance(provider_of(name), str)


def test_registries():
    """The country of an AS is where its holder is registered."""
    assert [
        one for one in ("iptoasn-country", "asn-country", "GeoOpen-Country") if not is_registry(one)
    ] == []
    assert not is_registry("GeoLite2-Country")
    assert not is_registry("geo-whois-asn-country")
