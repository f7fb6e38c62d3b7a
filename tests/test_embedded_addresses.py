"""Flows over IPv6 to IPv4 servers are judged by the IPv4 address at which they arrive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import pytest

from netmon import wiring
from netmon._engine import Engine
from netmon.config.settings import Config
from netmon.destinations.memory import Destinations
from netmon.monitor import Monitor
from netmon.places.declared import Declaration
from netmon.places.locator import Locator
from netmon.records import ClassifiedFlow, FlowRecord
from netmon.signatures.folder import default_folder
from netmon.signatures.load import load_folder
from netmon.signatures.match import compile_matcher
from netmon.sources.files import FileSource
from netmon.verdict.policy import Policy
from netmon.verdict.subjects import Subjects
from tests.craft import dns, golden
from tests.craft.embedded import WELL_KNOWN, nat64, six_to_four, teredo
from tests.craft.scene import (
    CLIENT_V6,
    ELSEWHERE,
    MOSCOW,
    NAME,
    START_NS,
    ZURICH,
    ZURICH_V6,
    connection,
    flight,
)
from tests.craft.talk import SECOND_NS, Sent, look_up, look_up_addresses, tls_session

SIGNATURES = load_folder(golden.FOLDER / "signatures")
MATCHER = compile_matcher(SIGNATURES)
RAW = 101
RESOLVER, OTHER_RESOLVER = "2001:db8:1::53", "2001:db8:1::54"
OTHER_ADDRESS, NEIGHBOUR = "2001:db8:1::464", "2001:db8:2::10"
PREFIXES = [f"2001:db8:64::/{length}" for length in (48, 56, 64, 96)] + [
    "2001:db8::/32",
    "2001:db8:6400::/40",
]
LOCAL = "64:ff9b:1::/48"
KNOWN_NAME = "ipv4only.arpa"
CASES = Path(__file__).parent / "verdicts"


@dataclass(frozen=True, slots=True)
class Site:
    """What is configured about the site."""

    prefixes: Sequence[str] = ()
    resolvers: Sequence[str] = ()


def records(packets: Sequence[Sent], site: Site) -> list[FlowRecord]:
    """The flows in these packets, in order of their beginning."""
    resolvers = [ip_address(one) for one in site.resolvers]
    engine = Engine(MATCHER, every_flow=True, site_resolvers=resolvers, nat64_prefixes=site.prefixes)
    for one in sorted(packets, key=lambda one: one.time_ns):
        engine.feed(one.time_ns, RAW, one.packet, len(one.packet))
    return [FlowRecord(*row) for row in engine.finish()[0]]


def session(server: str, *, name: str | None = NAME, client: str = CLIENT_V6, at_s: float = 10) -> list[Sent]:
    """A TLS session over IPv6."""
    return tls_session(connection(server, client=client, at_s=at_s), flight(name))


def judged(
    server: str,
    *before: Sent,
    site: Site = Site(),
    name: str | None = NAME,
    client: str = CLIENT_V6,
    declared: Sequence[Declaration] = (),
) -> ClassifiedFlow:
    """A session with the server after these packets."""
    flows = records([*before, *session(server, name=name, client=client)], site)
    [flow] = [flow for flow in flows if flow.server == server]
    locator = Locator(SIGNATURES, declared)
    monitor = Monitor(SIGNATURES, locator, Policy(), Subjects("DE"), destinations=Destinations())
    return monitor.classify(flow)


def verdict(seen: ClassifiedFlow) -> tuple[str | None, str, str]:
    """The embedded address, the verdict and its reason."""
    assert seen.verdict is not None
    return seen.flow.embedded, seen.verdict.outcome, seen.verdict.reason


def shown(prefix: str, *, client: str = CLIENT_V6, resolver: str = RESOLVER, at_s: float = 1) -> list[Sent]:
    """The look-up of the name whose synthesised addresses show a prefix."""
    answers = [nat64(prefix, one) for one in ("192.0.0.170", "192.0.0.171")]
    at_ns = START_NS + round(at_s * SECOND_NS)
    return look_up_addresses(client, resolver, KNOWN_NAME, answers, at_ns=at_ns, port=50_500)


IN_MOSCOW = (MOSCOW, "unexpected", "place_elsewhere")


@pytest.mark.parametrize("capture", ["moscow_ipv4", "moscow_nat64"])
def test_the_reported_case_has_one_verdict(capture: str) -> None:
    """One server in Moscow, by IPv4 and by NAT64, with the shipped signatures."""
    signatures = load_folder(default_folder())
    source = FileSource([str(CASES / f"{capture}.pcap")], compile_matcher(signatures))
    monitor = wiring.make_monitor(Config(subjects=Subjects("DE"), databases=()), signatures)
    [seen] = [monitor.classify(flow) for batch in source.batches() for flow in batch.flows]
    assert seen.verdict is not None
    assert (seen.verdict.outcome, seen.verdict.reason) == ("unexpected", "country_of_concern")
    assert (seen.flow.destination, seen.component) == ("77.74.181.10", "reputation")


@pytest.mark.parametrize(
    "server",
    [
        pytest.param(nat64(WELL_KNOWN, MOSCOW), id="NAT64"),
        pytest.param(nat64("64:ff9b:1:fffe::/96", MOSCOW), id="NAT64 of the site"),
        pytest.param(six_to_four(MOSCOW), id="6to4"),
        pytest.param(teredo(MOSCOW, ZURICH), id="Teredo"),
    ],
)
def test_forms_that_are_known_everywhere_are_judged_like_ipv4(server: str) -> None:
    """Place, holder and verdict are those of the IPv4 address, with a name and without one."""
    assert verdict(judged(server)) == IN_MOSCOW
    nameless = judged(server, name=None)
    assert verdict(nameless)[0] == MOSCOW
    assert (nameless.vendor, nameless.component, nameless.flow.evidence) == ("cloud", "network", "network")


@pytest.mark.parametrize("prefix", [*PREFIXES, LOCAL])
def test_a_prefix_of_every_length_is_configured_or_learned(prefix: str) -> None:
    """The answers for ipv4only.arpa show what is configured otherwise; without either, nothing is read."""
    server = nat64(prefix, MOSCOW)
    assert verdict(judged(server, site=Site(prefixes=[prefix]))) == IN_MOSCOW
    assert verdict(judged(server, *shown(prefix))) == IN_MOSCOW
    assert judged(server).flow.embedded is None


@pytest.mark.parametrize("prefix", [*PREFIXES, WELL_KNOWN])
def test_the_reserved_octet_must_be_zero(prefix: str) -> None:
    """Otherwise the address is not one of the translator, whatever its prefix."""
    server = nat64(prefix, MOSCOW, reserved=1)
    assert judged(server, site=Site(prefixes=[prefix])).flow.embedded is None


def test_the_name_is_known_in_any_case() -> None:
    """Resolvers that vary the case of names (0x20) teach as well."""
    answers = [dns.address("IPv4Only.ARPA", nat64(PREFIXES[0], "192.0.0.170"))]
    asked = look_up(CLIENT_V6, RESOLVER, "IPv4Only.ARPA", dns.AAAA, answers, at_ns=START_NS, port=50_500)
    assert verdict(judged(nat64(PREFIXES[0], MOSCOW), *asked)) == IN_MOSCOW


def test_several_prefixes_are_learned_from_one_answer() -> None:
    """A site may have several translators."""
    answers = [dns.address(KNOWN_NAME, nat64(one, "192.0.0.170")) for one in ("2001:db8:a::/96", PREFIXES[0])]
    asked = look_up(CLIENT_V6, RESOLVER, KNOWN_NAME, dns.AAAA, answers, at_ns=START_NS, port=50_500)
    for prefix in ("2001:db8:a::/96", PREFIXES[0]):
        assert verdict(judged(nat64(prefix, MOSCOW), *asked)) == IN_MOSCOW


def test_a_sinkhole_or_a_private_address_behind_a_translator_is_sinkholed() -> None:
    """The address at which packets arrive is not on the Internet, nor is one for documentation."""
    for ipv4 in ("10.0.0.99", "0.0.0.0", "192.168.1.1", "127.0.0.1", ELSEWHERE):
        assert verdict(judged(nat64(WELL_KNOWN, ipv4))) == (ipv4, "undecided", "sinkholed")
        assert judged(nat64(WELL_KNOWN, ipv4)).new_destination == ()


def test_an_address_of_a_translator_whose_prefix_is_unknown_is_no_sinkhole() -> None:
    """Packets to it leave for the Internet; only where to is not known."""
    assert verdict(judged(nat64(LOCAL, MOSCOW))) == (None, "undecided", "no_location")


def test_a_private_address_that_is_declared_is_located() -> None:
    """A relay of the vendor in the site's own network."""
    declared = [Declaration("10.0.0.0/8", "CH", "Zurich", "a test", "a test")]
    seen = judged(nat64(WELL_KNOWN, "10.0.0.99"), declared=declared)
    assert (seen.flow.embedded, seen.place and seen.place.country) == ("10.0.0.99", "CH")


def test_the_destination_is_the_ipv4_network() -> None:
    """Not the prefix of the translator, which all its servers share."""
    flow = judged(nat64(WELL_KNOWN, MOSCOW)).flow
    kept = Destinations()
    monitor = Monitor(SIGNATURES, Locator(SIGNATURES), Policy(), Subjects("DE"), destinations=kept)
    assert monitor.classify(flow).new_destination == ("network", "country")
    assert monitor.classify(judged(MOSCOW, client="192.0.2.10").flow).new_destination == ()
    assert monitor.classify(judged(nat64(WELL_KNOWN, ELSEWHERE)).flow).new_destination == ()  # sinkholed
    assert [one.value for one in kept.remembered()] == ["203.0.113.0/25", "RU"]


def test_a_destination_in_no_network_of_the_signatures_is_the_ipv4_network() -> None:
    """Its /24, as over IPv4, and not the /48 of the translator."""
    kept = Destinations()
    declared = [Declaration("192.0.2.0/24", "CH", None, "a test", "a test")]
    monitor = Monitor(SIGNATURES, Locator(SIGNATURES, declared), Policy(), Subjects("DE"), destinations=kept)
    monitor.classify(judged(nat64(WELL_KNOWN, ELSEWHERE)).flow)
    assert [one.value for one in kept.remembered()] == ["192.0.2.0/24", "CH"]


def test_the_vendors_ipv4_network_shows_that_it_answers() -> None:
    """So a flow through a translator to Zürich is as promised, without a DNS answer."""
    assert verdict(judged(nat64(WELL_KNOWN, ZURICH))) == (ZURICH, "expected", "place_as_promised")


@pytest.mark.parametrize("prefix", [WELL_KNOWN, PREFIXES[0]])
def test_every_address_of_a_dns64_answer_is_named(prefix: str) -> None:
    """The resolver synthesises an address for each server; the client uses any of them."""
    servers = [nat64(prefix, one) for one in (ELSEWHERE, "192.0.2.201", "192.0.2.202")]
    asked = look_up_addresses(CLIENT_V6, RESOLVER, NAME, servers, at_ns=START_NS, port=50_501)
    for server in servers:
        seen = judged(server, *asked, name=None, site=Site(prefixes=[prefix]))
        assert (seen.flow.name, seen.flow.evidence, seen.flow.candidates) == (NAME, "dns_client", ())


@pytest.mark.parametrize("answer", [ELSEWHERE, nat64(WELL_KNOWN, ELSEWHERE)])
def test_a_look_up_of_either_address_names_the_flow(answer: str) -> None:
    """A DNS64 answer has the IPv6 address; a client with a translator of its own (464XLAT) looks up IPv4."""
    asked = look_up_addresses(CLIENT_V6, RESOLVER, NAME, [answer], at_ns=START_NS, port=50_501)
    seen = judged(nat64(WELL_KNOWN, ELSEWHERE), *asked, name=None)
    assert (seen.flow.name, seen.flow.evidence, seen.flow.grounds) == (NAME, "dns_client", "own")


def test_the_clients_own_look_up_of_ipv4_wins_over_another_hosts_of_ipv6() -> None:
    """Whoever asked is what matters, not for which of the two addresses."""
    other = "other.example.net"
    server = nat64(WELL_KNOWN, ELSEWHERE)
    asked = look_up_addresses(CLIENT_V6, RESOLVER, NAME, [ELSEWHERE], at_ns=START_NS, port=50_501)
    asked += look_up_addresses(NEIGHBOUR, OTHER_RESOLVER, other, [server], at_ns=START_NS + 1, port=50_502)
    seen = judged(server, *asked, name=None)
    assert (seen.flow.name, seen.flow.evidence) == (NAME, "dns_client")


def test_a_fallback_resolver_behind_a_translator_is_recognised() -> None:
    """The query is reported with the vendor and the name that was asked for."""
    server = nat64(WELL_KNOWN, SIGNATURES.vendors["cloud"].resolvers[0].address)
    asked = look_up_addresses(CLIENT_V6, server, NAME, [ZURICH], at_ns=START_NS, port=50_501)
    [flow] = records(asked, Site())
    [use] = Monitor(SIGNATURES, Locator(SIGNATURES), Policy(), Subjects("DE")).classify(flow).fallbacks
    assert (use.vendor, use.question) == ("cloud", "vendor")


def test_round_trips_over_ipv4_and_through_a_translator_are_of_one_server() -> None:
    """The translator forwards the handshake, so both are remembered as of one server."""
    packets = session(MOSCOW, client="192.0.2.10", at_s=1) + session(nat64(WELL_KNOWN, MOSCOW), at_s=2)
    monitor = Monitor(SIGNATURES, Locator(SIGNATURES), Policy(), Subjects("DE"))
    smallest = [monitor.classify(flow).trips.smallest for flow in records(packets, Site())]
    assert [trip and trip.samples for trip in smallest] == [1, 2]


@pytest.mark.parametrize(("rtt_step_ns", "interception"), [(0, "suspected"), (2_000_000, "unlikely")])
def test_a_middlebox_is_suspected_from_round_trips_through_a_translator(
    rtt_step_ns: int, interception: str
) -> None:
    """Unrelated IPv4 destinations count as such, although their IPv6 addresses share one prefix."""
    packets = []
    for number in range(20):
        server = nat64(WELL_KNOWN, f"11.{number}.0.1")
        talk = connection(server, client=CLIENT_V6, client_port=50_000 + number, at_s=number)
        talk.rtt_ns += number * rtt_step_ns
        talk.open()
        packets += talk.sent
    flows = records([*packets, *session(nat64(WELL_KNOWN, MOSCOW), at_s=30)], Site())
    assert flows[-1].interception == interception


def test_a_learned_prefix_applies_to_the_network_of_the_client_that_asked() -> None:
    """To all addresses of the host in its /64, and to no other network."""
    server = nat64(PREFIXES[0], MOSCOW)
    assert verdict(judged(server, *shown(PREFIXES[0]), client=OTHER_ADDRESS)) == IN_MOSCOW
    assert judged(server, *shown(PREFIXES[0]), client=NEIGHBOUR).flow.embedded is None


def test_a_configured_resolver_teaches_about_every_client() -> None:
    """It is a resolver of the site."""
    server, site = nat64(PREFIXES[0], MOSCOW), Site(resolvers=[RESOLVER])
    assert verdict(judged(server, *shown(PREFIXES[0]), client=NEIGHBOUR, site=site)) == IN_MOSCOW
    asked = shown(PREFIXES[0], resolver=OTHER_RESOLVER)
    assert judged(server, *asked, client=NEIGHBOUR, site=site).flow.embedded is None


def test_a_forged_answer_about_prefixes_teaches_nothing() -> None:
    """Nobody asked: neither before the answer nor after it."""
    server = nat64(PREFIXES[0], MOSCOW)
    query, answer = shown(PREFIXES[0])
    assert judged(server, answer).flow.embedded is None
    late = Sent(answer.time_ns + SECOND_NS, query.packet, up=True)
    assert judged(server, answer, late).flow.embedded is None
    assert judged(server, query, answer).flow.embedded == MOSCOW


def test_a_learned_prefix_does_not_move_a_network_of_the_signatures() -> None:
    """An accomplice of the client cannot make the vendor's own servers look like others."""
    covering = "2001:db8:c::/96"
    seen = judged(ZURICH_V6, *shown(covering))
    assert (seen.flow.embedded, seen.place and seen.place.country) == (None, "CH")


def test_where_prefixes_are_configured_none_are_learned() -> None:
    """Not even from a resolver of the site."""
    site = Site(prefixes=[WELL_KNOWN], resolvers=[RESOLVER])
    assert judged(nat64(PREFIXES[0], MOSCOW), *shown(PREFIXES[0]), site=site).flow.embedded is None


def test_the_clients_own_address_is_not_translated() -> None:
    """A client behind 6to4 or with an address of a translator (464XLAT) is shown as it is."""
    flow = judged(nat64(WELL_KNOWN, MOSCOW), client=six_to_four(ZURICH)).flow
    assert (flow.client, flow.embedded) == (six_to_four(ZURICH), MOSCOW)
    assert judged(MOSCOW, client="192.0.2.10").flow.embedded is None
