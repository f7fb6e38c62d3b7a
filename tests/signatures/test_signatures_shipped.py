"""The signatures that come with netmon."""

import datetime
import hashlib
from pathlib import Path

import pytest

from netmon.signatures.examples import ExampleResult, run_examples
from netmon.signatures.folder import default_folder
from netmon.signatures.lint import lint
from netmon.signatures.load import load_folder
from netmon.signatures.match import compile_matcher
from netmon.signatures.model import NameRule, NetworkRule, SignatureSet

KASPERSKY = "kaspersky"


def test_no_warning(shipped: SignatureSet) -> None:
    """The shipped files give no warnings."""
    assert [str(finding) for finding in lint(shipped, datetime.date(2026, 11, 24))] == []


def test_every_example_holds(shipped: SignatureSet) -> None:
    """Examples match their component; counterexamples, look-alikes and unconfirmed domains do not match."""
    results = run_examples(shipped)
    assert [result for result in results if not result.passed] == []
    assert len(results) > 100


@pytest.mark.parametrize("name", ["notkaspersky.com", "kaspersky.com.evil.test"])
def test_neighbours_are_tried(shipped: SignatureSet, name: str) -> None:
    """The two classic errors of substring matching are among the counterexamples."""
    assert ExampleResult(KASPERSKY, name, None, None, passed=True) in run_examples(shipped)


def test_every_lookalike_is_tried_with_a_name_below(shipped: SignatureSet) -> None:
    """Look-alikes need not be repeated as counterexamples."""
    tried = {result.name for result in run_examples(shipped) if result.expected is None}
    lookalikes = set(shipped.vendors[KASPERSKY].lookalikes)
    assert len(lookalikes) == 27
    assert lookalikes | {f"www.{domain}" for domain in lookalikes} <= tried


def test_the_numbers_of_rules_are_their_indexes(shipped: SignatureSet) -> None:
    """`rules[n].number` is n, as the engine's answers need it."""
    assert [rule.number for rule in shipped.rules] == list(range(len(shipped.rules)))


def test_the_set_is_complete(shipped: SignatureSet) -> None:
    """The numbers of names, networks, promises, sources, observations and resolvers are as collected."""
    vendor = shipped.vendors[KASPERSKY]
    names = [rule for rule in shipped.rules if isinstance(rule, NameRule)]
    networks = [rule for rule in shipped.rules if isinstance(rule, NetworkRule)]
    assert (len(names), len(networks), len(vendor.promises), len(vendor.sources)) == (147, 83, 9, 100)
    assert sum(len(network.observed) for network in networks) == 23
    assert [resolver.address for resolver in vendor.resolvers] == [
        "8.8.8.8",
        "1.1.1.1",
        "223.6.6.6",
        "9.9.9.9",
        "185.228.168.168",
    ]


def test_every_vote_is_dated_and_attributed(shipped: SignatureSet) -> None:
    """Every vote has a date, and every database whose values are quoted has an attribution."""
    for vendor in shipped.vendors.values():
        assert all(vote.date for network in vendor.networks for vote in network.votes)
        quoted = {vote.source for net in vendor.networks for vote in net.votes if vote.country}
        assert all(vendor.databases[source].attribution for source in quoted)
        assert not any("geolite" in source for source in quoted)


def test_contradictions_of_unquoted_databases_are_recorded(shipped: SignatureSet) -> None:
    """On five networks two databases agree, and one whose values must not be redistributed does not."""
    networks = shipped.vendors[KASPERSKY].networks
    contradicted = {net.prefix for net in networks if any(vote.contradicts for vote in net.votes)}
    assert contradicted == {
        "37.203.128.0/23",
        "79.133.168.0/24",
        "79.133.170.0/23",
        "185.201.0.0/24",
        "185.201.3.0/24",
    }


def test_a_registration_is_not_a_location(shipped: SignatureSet) -> None:
    """The country in which an AS is registered is marked as such in every vote."""
    votes = [vote for vendor in shipped.vendors.values() for net in vendor.networks for vote in net.votes]
    assert {(vote.source, vote.about) for vote in votes} == {
        ("dbip", "location"),
        ("geo_whois_asn", "location"),
        ("geolite2", "location"),
        ("iptoasn", "registration"),
    }


def test_cities_are_those_of_the_locations(shipped: SignatureSet) -> None:
    """Votes spell cities as `locations.yaml` does, whatever the database's spelling."""
    cities = {(location.country, location.city) for location in shipped.locations.values()}
    votes = [vote for vendor in shipped.vendors.values() for net in vendor.networks for vote in net.votes]
    assert {(vote.country, vote.city) for vote in votes if vote.city} <= cities


@pytest.mark.parametrize(
    ("address", "tagged"),
    [
        ("82.202.184.1", True),  # service
        ("2a03:2480:8010::1", True),
        ("91.103.66.155", False),  # corporate: mail
        ("82.202.186.1", False),  # DDoS protection of others
        ("119.255.133.28", False),  # carrier
        ("46.8.206.1", False),  # no longer the vendor's
        ("8.8.8.8", False),
    ],
)
def test_only_service_networks_tag_by_address(shipped: SignatureSet, address: str, tagged: bool) -> None:
    """Addresses in corporate, protected, carrier and former networks do not match by themselves."""
    number = compile_matcher(shipped).find_network(address)
    assert (number is not None) == tagged
    if number is not None:
        assert shipped.rules[number].vendor == KASPERSKY


def test_promises_apply_to_their_data_only(shipped: SignatureSet) -> None:
    """The promise about shared files applies to the component that shares files, and to no other."""
    components = shipped.vendors[KASPERSKY].components.values()
    promised = {c.id: [e.promise for e in c.expectations if e.basis == "promise"] for c in components}
    assert {key: promises for key, promises in promised.items() if promises} == {
        "reputation": ["gti_complete", "gti_eu_files"]
    }
    assert all(component.expectations for component in components)


def test_promises_have_subjects_and_locations(shipped: SignatureSet) -> None:
    """Germany is covered by both promises in force, the United Kingdom by the first one only."""
    promises = shipped.vendors[KASPERSKY].promises
    assert {"DE", "NO", "CH", "GB"} <= promises["gti_eu_files"].subjects
    assert len(promises["gti_complete"].subjects) == 27 + 20
    assert "GB" not in promises["gti_complete"].subjects
    assert promises["gti_complete"].locations == promises["gti_eu_files"].locations == ("zurich",)


def test_unconfirmed_names_never_alert_alone(shipped: SignatureSet) -> None:
    """Names from one weak list are unverified if they are in the vendor's domain, else they do not match."""
    matcher = compile_matcher(shipped)
    number = matcher.find_name("telemetry.kaspersky.com")
    assert number is not None
    assert shipped.rules[number].status == "unverified"
    assert matcher.find_name("kaspersky-lab.com") is None


def test_the_digest_is_over_the_files_in_order(shipped: SignatureSet) -> None:
    """The digest of a set identifies its files exactly."""
    files = sorted(default_folder().glob("*.yaml"))
    assert shipped.files == tuple(map(str, files))
    assert shipped.sha256 == hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def test_loading_twice_gives_equal_sets(shipped: SignatureSet) -> None:
    """A set does not depend on when or how often it was loaded."""
    assert load_folder(Path(shipped.folder)) == shipped
