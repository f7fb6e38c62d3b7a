"""Which names and networks the shipped signatures cover, and with which component and trust."""

import ipaddress

import pytest

from netmon.signatures.match import compile_matcher
from netmon.signatures.model import NameRule, NetworkRule, SignatureSet

COUNTRIES = (
    *("be", "ca", "co.in", "co.jp", "co.kr", "co.th", "co.uk", "co.za", "com.au"),
    *("com.br", "com.cn", "com.hk", "com.pl", "com.tr", "com.tw", "com.vn", "cz", "de"),
    *("dk", "dz", "es", "fi", "fr", "gr", "it", "kz", "ma"),
    *("my", "nl", "pt", "ro", "rs", "ru", "se"),
)


def found(signatures: SignatureSet, name: str) -> tuple[str, str] | None:
    """Component and status of the rule that matches the name."""
    number = compile_matcher(signatures).find_name(name)
    rule = None if number is None else signatures.rules[number]
    return None if rule is None else (rule.component, rule.status)


@pytest.mark.parametrize("country", COUNTRIES)
def test_the_web_sites_of_countries_are_web_sites(shipped: SignatureSet, country: str) -> None:
    """People visit them: they belong to the component of web sites, with all hosts below them."""
    matcher = compile_matcher(shipped)
    for name in (f"kaspersky.{country}", f"www.kaspersky.{country}", f"a.b.kaspersky.{country}"):
        number = matcher.find_name(name)
        assert number is not None
        assert shipped.rules[number].component == "web"


@pytest.mark.parametrize("country", ["fr", "co.uk", "com.br", "de"])
@pytest.mark.parametrize(
    "name",
    [
        "notkaspersky.{}",
        "kaspersky-lab.{}",
        "kaspersky.evil.{}",
        "kaspersky.{}.evil.test",
        "xn--kaspersk-i2a.{}",
        "kasperskyy.{}",
        "kaspersky.{}x",
        "{}",
    ],
)
def test_neighbours_of_country_domains_do_not_match(shipped: SignatureSet, name: str, country: str) -> None:
    """A country domain matches on label boundaries of the vendor's own domain only."""
    assert found(shipped, name.format(country)) is None


@pytest.mark.parametrize(
    ("name", "component", "status"),
    [
        ("support.kaspersky.co.jp", "web", "official"),
        ("support.kaspersky.co.uk", "web", "official"),
        ("dnl-07.geo.kaspersky.com", "updates", "community"),
        ("dnl-20.geo.kaspersky.com", "updates", "community"),
        ("anything.geo.kaspersky.com", "updates", "community"),
        ("activation-v2.geo.kaspersky.com", "activation", "community"),
        ("multisite3.geo.kaspersky.com", "web", "community"),
        ("ksn-file.geoksn.kaspersky.com", "reputation", "community"),
        ("ff.kis.v2.scr.kaspersky-labs.com", "page_script", "community"),
        ("gc.other.scr.kaspersky-labs.com", "page_script", "community"),
        ("mx16.kaspersky-labs.com", "other", "community"),
        ("relay12.kaspersky-labs.com", "other", "community"),
        ("relay13.kaspersky-labs.com", "other", "community"),
        ("mailhub9-fb.kaspersky-labs.com", "other", "community"),
        ("securelist.com", "web", "community"),
        # Names that only lists of low quality have.
        ("dnl-eu.geo.kaspersky.com", "updates", "unverified"),
        ("downloads.kaspersky.com", "updates", "unverified"),
        ("update.kaspersky.com", "updates", "unverified"),
        ("updater.kaspersky.com", "updates", "unverified"),
        ("ksn.kaspersky.com", "reputation", "unverified"),
        ("safekids.kaspersky.com", "portals", "unverified"),
        ("ppt-issuer.ksn.kaspersky-labs.com", "reputation", "unverified"),
    ],
)
def test_components_and_trust_of_names(shipped: SignatureSet, name: str, component: str, status: str) -> None:
    """The longer suffix and the exact name decide; a name of weak sources only is unverified."""
    assert found(shipped, name) == (component, status)


def test_ipv6_networks_are_those_that_the_as_announces(shipped: SignatureSet) -> None:
    """The /48 networks of AS200107 in 2a03:2480:8000::/33 are the routed ones, and no others."""
    announced = [
        *(0x8000, 0x8010, 0x8012, 0x8013),
        *range(0x8020, 0x8024),
        *range(0x8025, 0x802C),
        *range(0x802D, 0x8038),
        *range(0x8101, 0x8105),
    ]
    half = ipaddress.IPv6Network("2a03:2480:8000::/33")
    networks = map(ipaddress.ip_network, (rule.prefix for rule in shipped.rules_of(NetworkRule)))
    listed = {one for one in networks if one.version == 6 and one.subnet_of(half)}
    assert listed == {ipaddress.IPv6Network(f"2a03:2480:{number:x}::/48") for number in announced}


@pytest.mark.parametrize("block", ["8013", "8023", "802e", "8031", "8035", "8102", "8103", "8104"])
def test_the_networks_added_have_sources_and_votes(shipped: SignatureSet, block: str) -> None:
    """Each is measured, in the routing table of its source, and located by a dated database."""
    number = compile_matcher(shipped).find_network(f"2a03:2480:{block}::1")
    assert number is not None
    rule = shipped.rules[number]
    assert isinstance(rule, NetworkRule)
    assert (rule.asn, rule.status, "D1" in rule.sources) == (200107, "measured", True)
    assert [vote.source for vote in rule.votes][:2] == ["dbip", "geo_whois_asn"]


@pytest.mark.parametrize("address", ["5.79.125.27", "195.122.169.2"])
def test_mail_servers_of_others_do_not_match_by_address(shipped: SignatureSet, address: str) -> None:
    """The addresses from which a mail of the vendor came are in no network of it."""
    assert compile_matcher(shipped).find_network(address) is None


def test_unverified_names_are_of_unverified_or_weak_sources(shipped: SignatureSet) -> None:
    """A name with an official source is not unverified, and one with only unverified sources is."""
    vendor = shipped.vendors["kaspersky"]
    wrong = []
    for rule in shipped.rules_of(NameRule):
        trusts = {vendor.sources[key].trust for key in rule.sources}
        if (rule.status == "unverified" and "official" in trusts) or (
            rule.status != "unverified" and trusts == {"unverified"}
        ):
            wrong.append(str(rule))
    assert wrong == []
