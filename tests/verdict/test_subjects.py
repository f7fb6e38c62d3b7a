"""Whose traffic a flow is: networks and their countries, and what depends on them."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from netmon.monitor import Monitor
from netmon.places.declared import Declaration
from netmon.places.locator import Locator
from netmon.signatures.folder import default_folder
from netmon.signatures.load import load_folder
from netmon.signatures.model import NameRule
from netmon.verdict.policy import Policy
from netmon.verdict.promises import Subject
from netmon.verdict.subjects import Subjects
from tests.records import flow

GROUP = Subjects(
    networks={
        ip_network("10.0.0.0/8"): "DE",
        ip_network("10.9.0.0/16"): "US",
        ip_network("10.9.9.0/24"): "NO",
        ip_network("2001:db8::/32"): "DE",
        ip_network("2001:db8:9::/48"): "US",
    }
)
SIGNATURES = load_folder(default_folder())
FRANKFURT, ZURICH, MOSCOW = "93.159.227.14", "82.202.184.20", "77.74.176.12"
JULY_NS = 1_782_900_000_000_000_000  # 2026-07-01
NAME = "dc1.ksn.kaspersky-labs.com"
[RULE] = [one.number for one in SIGNATURES.rules_of(NameRule) if one.text == NAME]


@pytest.mark.parametrize(
    ("client", "country"),
    [
        ("10.1.2.3", "DE"),
        ("10.9.0.0", "US"),
        ("10.9.255.255", "US"),
        ("10.10.0.0", "DE"),
        ("10.8.255.255", "DE"),
        ("10.9.9.1", "NO"),
        ("9.255.255.255", None),
        ("11.0.0.0", None),
        ("192.0.2.1", None),
        ("2001:db8:1::1", "DE"),
        ("2001:db8:9::1", "US"),
        ("2001:db9::1", None),
        ("::ffff:10.9.0.1", None),  # an IPv6 address, so only IPv6 networks contain it
        (None, None),
    ],
)
def test_the_longest_network_gives_the_country(client, country):
    """Networks may overlap; a client in none of them has no known country, for either IP version."""
    assert GROUP.find(client) == Subject(country)


def test_the_order_of_networks_does_not_matter():
    """An enclosing network may be listed before or after the one within it."""
    turned = Subjects(networks=dict(reversed(GROUP.networks.items())))
    for client in ("10.1.2.3", "10.9.0.1", "10.9.9.1", "2001:db8:9::1", "192.0.2.1"):
        assert turned.find(client) == GROUP.find(client)


@pytest.mark.parametrize(
    ("client", "country"), [("10.9.0.1", "US"), ("192.0.2.1", "DE"), ("255.255.255.255", "DE"), ("::1", None)]
)
def test_a_network_of_all_addresses_is_the_rest(client, country):
    """0.0.0.0/0 covers all IPv4 clients that no longer network has, and no IPv6 client."""
    networks = {ip_network("0.0.0.0/0"): "DE", ip_network("10.9.0.0/16"): "US"}
    assert Subjects(networks=networks).find(client) == Subject(country)


@pytest.mark.parametrize("client", ["10.9.0.1", "2001:db8::1", None])
def test_one_country_is_that_of_every_client(client):
    """Without networks, any client has the configured country."""
    assert Subjects("DE").find(client) == Subject("DE")
    assert Subjects().find(client) == Subject()


def test_distinct_subjects():
    """Each country once, in order; a client without a known country adds none."""
    assert GROUP.distinct() == (Subject("DE"), Subject("NO"), Subject("US"))
    assert Subjects("DE").distinct() == (Subject("DE"),)
    assert Subjects().distinct() == (Subject(),)
    assert [one.are_unknown for one in (GROUP, Subjects("DE"), Subjects())] == [False, False, True]


def seen(client, server, *, subjects=GROUP, signatures=SIGNATURES, declared=()):
    one = flow(client=client, server=server, signature=RULE, start_ns=JULY_NS, name=NAME, matched=NAME)
    return Monitor(signatures, Locator(signatures, declared), Policy(), subjects).classify(one).verdict


@pytest.mark.parametrize(
    ("client", "verdict"),
    [
        ("10.1.2.3", ("unexpected", "place_elsewhere")),  # promised to users in Germany
        ("10.9.0.1", ("undecided", "service_ended")),  # the vendor has ended the service in the US
        ("10.9.9.1", ("undecided", "coverage_possible")),  # only the narrower promise was made to Norway
        ("192.0.2.1", ("undecided", "subject_unknown")),
        ("2001:db8:9::1", ("undecided", "service_ended")),
    ],
)
def test_promises_are_those_to_the_users_of_the_network(client, verdict):
    """The same flow to Frankfurt, of clients in several networks: each is judged by its own promises."""
    found = seen(client, FRANKFURT)
    assert (found.outcome, found.reason) == verdict


@pytest.mark.parametrize("client", ["10.1.2.3", "10.9.0.1", "192.0.2.1"])
def test_a_concern_for_anyone_needs_no_subject(client):
    """It applies to clients in every network and in none; the words fit the client's country."""
    found = seen(client, MOSCOW)
    assert (found.outcome, found.reason) == ("unexpected", "country_of_concern")
    words = {"10.1.2.3": None, "10.9.0.1": "United States is netmon", "192.0.2.1": "not configured"}
    said = words[client]
    assert (said is None) == ("netmon's default" not in found.explanation)
    assert said is None or said in found.explanation


@pytest.mark.parametrize(
    ("client", "concerned"), [("10.1.2.3", True), ("10.9.0.1", False), ("192.0.2.1", False)]
)
def test_a_concern_that_is_limited_to_subjects(client, concerned):
    """It applies to clients whose network is in one of its countries."""
    vendor = SIGNATURES.vendors["kaspersky"]
    limited = tuple(replace(one, subjects=frozenset({"DE"})) for one in vendor.concerns)
    signatures = replace(SIGNATURES, vendors={"kaspersky": replace(vendor, concerns=limited)})
    assert (seen(client, MOSCOW, signatures=signatures).reason == "country_of_concern") == concerned


def test_the_series_of_every_subject_exist():
    """Metrics exist before the first flow, with the verdict that each subject's flow would have."""
    monitor = Monitor(SIGNATURES, Locator(SIGNATURES), Policy(), GROUP)
    verdicts = {
        outcome
        for _, component, _, country, outcome, _ in monitor.expected_series(JULY_NS)
        if (component, country) == ("reputation", "DE")
    }
    assert verdicts == {"unexpected", "undecided"}


def test_a_declared_place_is_judged_by_the_subject_too():
    """What the organisation declares decides alone, for the promises of this client."""
    declared = [Declaration("93.159.227.0/24", "CH", "Zurich", "J. Doe", "a visit")]
    assert seen("10.1.2.3", FRANKFURT, declared=declared).reason == "place_as_promised"
    assert seen("192.0.2.1", FRANKFURT, declared=declared).reason == "subject_unknown"


NEAR = st.integers(0, 255).map(lambda last: f"10.0.0.{last}")


@given(st.dictionaries(st.tuples(NEAR, st.integers(20, 32)), st.sampled_from(["DE", "US", "FR"])), NEAR)
def test_the_answer_is_that_of_a_search_through_all_networks(listed, client):
    """Whatever networks there are: the smallest one that contains the client, or none."""
    networks = {
        ip_network(f"{start}/{bits}", strict=False): country for (start, bits), country in listed.items()
    }
    covering = [one for one in networks if ip_address(client) in one]
    best = max(covering, key=lambda one: one.prefixlen, default=None)
    found = Subjects(networks=networks).find(client)
    assert found == Subject(networks[best] if best is not None else None)
