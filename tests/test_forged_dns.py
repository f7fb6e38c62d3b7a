"""DNS that netmon must not believe: forged and unsolicited answers, shared addresses, other hosts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import pytest
from click.testing import CliRunner

from netmon._engine import Engine, Matcher
from netmon.cli.app import app
from netmon.monitor import Monitor
from netmon.places.declared import Declaration
from netmon.places.locator import Locator
from netmon.records import ClassifiedFlow, FlowRecord, Verdict
from netmon.signatures.load import load_folder
from netmon.signatures.match import compile_matcher
from netmon.verdict.policy import Policy
from netmon.verdict.subjects import Subjects
from tests.craft import dns, golden
from tests.craft.packets import UDP, address, ip, udp
from tests.craft.scene import CLIENT, MOSCOW, NAME, RESOLVER, START_NS, UPSTREAM, connection, flight
from tests.craft.talk import SECOND_NS, Sent, tls_session

SIGNATURES = load_folder(golden.FOLDER / "signatures")
SILENT, FORBID = Policy(), Policy(forbidden_vendors=frozenset({"cloud"}))
RAW = 101
STRAY = "192.0.2.200"
"""An address in no network of the vendor, declared to be in Moscow: only a name can match a flow to it."""
IN_MOSCOW = Declaration("192.0.2.200/32", "RU", "Moscow", "a test", "a test")
OTHER_CLIENT, UNRELATED = "192.0.2.11", "www.example.net"
ID, PORT = 4711, 50_500
FLOW_AT_S = 10.0


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a look-up, with which a test may differ from the truth."""

    name: str = NAME
    message_id: int = ID
    port: int = PORT
    client: str = CLIENT
    resolver: str = RESOLVER

    def query(self, at_s: float) -> Sent:
        """The query at a time."""
        message = dns.query(self.name, dns.A, message_id=self.message_id)
        return self._datagram(message, at_s, up=True)

    def answer(self, at_s: float, *records: dns.Record) -> Sent:
        """The answer at a time: without records, the address of the flow's server."""
        message = dns.answer(
            self.name, dns.A, records or [dns.address(self.name, STRAY)], message_id=self.message_id
        )
        return self._datagram(message, at_s, up=False)

    def truncated(self, at_s: float) -> Sent:
        """An answer without records that asks the client to repeat its query over TCP."""
        message = bytearray(dns.answer(self.name, dns.A, [], message_id=self.message_id))
        message[2] |= 0x02
        return self._datagram(bytes(message), at_s, up=False)

    def _datagram(self, message: bytes, at_s: float, *, up: bool) -> Sent:
        ends, ports = (address(self.client), address(self.resolver)), (self.port, 53)
        source, destination = ends if up else ends[::-1]
        packet = udp(source, destination, ports if up else ports[::-1], message)
        return Sent(START_NS + round(at_s * SECOND_NS), ip(source, destination, UDP, packet), up)


TRUE, ELSEWHERE = Side(), Side(name=UNRELATED)


def look_up(at_s: float, side: Side = TRUE) -> list[Sent]:
    """A query, and its answer four milliseconds later."""
    return [side.query(at_s), side.answer(at_s + 0.004)]


def over_tcp(at_s: float) -> list[Sent]:
    """The look-up over TCP."""
    talk = connection(RESOLVER, client_port=PORT, port=53, at_s=at_s)
    talk.open()
    talk.send(dns.over_tcp(dns.query(NAME, dns.A, message_id=ID)))
    talk.receive(dns.over_tcp(dns.answer(NAME, dns.A, [dns.address(NAME, STRAY)], message_id=ID)))
    talk.close()
    return talk.sent


def feed(
    packets: Sequence[Sent], matcher: Matcher, *, in_order: bool = True, resolvers: Sequence[str] = ()
) -> tuple[list[FlowRecord], dict]:
    """The flows of these packets, and the engine's counters."""
    engine = Engine(matcher, every_flow=True, site_resolvers=[ip_address(one) for one in resolvers])
    for one in sorted(packets, key=lambda one: one.time_ns) if in_order else packets:
        engine.feed(one.time_ns, RAW, one.packet, len(one.packet))
    flows = [FlowRecord(*row) for row in engine.finish()[0]]
    return flows, engine.stats()


def session(name: str | None = None, server: str = STRAY) -> list[Sent]:
    """The client's TLS session with the server, without SNI."""
    return tls_session(connection(server, at_s=FLOW_AT_S), flight(name))


def judged(
    packets: Sequence[Sent], policy: Policy = SILENT, *, in_order: bool = True, name: str | None = None
) -> tuple[ClassifiedFlow, Verdict | None, dict]:
    """The client's session after these packets, its verdict, and the engine's counters."""
    flows, stats = feed([*packets, *session(name)], compile_matcher(SIGNATURES), in_order=in_order)
    [flow] = [flow for flow in flows if flow.server == STRAY]
    seen = Monitor(SIGNATURES, Locator(SIGNATURES, [IN_MOSCOW]), policy, Subjects("DE")).classify(flow)
    return seen, seen.verdict, stats["view"][""]


def test_the_clients_own_look_up_accuses() -> None:
    """The client asked for the vendor's name and used the answer, even of a poisoned cache."""
    for policy, outcome in ((SILENT, "unexpected"), (FORBID, "forbidden")):
        seen, verdict, view = judged(look_up(1), policy)
        assert (seen.flow.name, seen.flow.evidence, seen.flow.grounds) == (NAME, "dns_client", "own")
        assert verdict is not None
        assert verdict.outcome == outcome
        assert (view["solicited_dns_answers"], view["unsolicited_dns_answers"]) == (1, 0)


@pytest.mark.parametrize(
    "packets",
    [
        pytest.param([TRUE.answer(1)], id="no question"),
        pytest.param([TRUE.query(1), Side(message_id=ID + 1).answer(1.004)], id="wrong id"),
        pytest.param([TRUE.query(1), Side(port=PORT + 1).answer(1.004)], id="wrong port"),
        pytest.param([TRUE.query(1), Side(resolver=UPSTREAM).answer(1.004)], id="wrong resolver"),
        pytest.param([Side(name=UNRELATED).query(1), TRUE.answer(1.004)], id="wrong name"),
        pytest.param([Side(client=OTHER_CLIENT).query(1), TRUE.answer(1.004)], id="wrong client"),
        pytest.param([TRUE.answer(1), TRUE.query(1.004)], id="answer before question"),
        pytest.param([TRUE.query(1), TRUE.answer(40)], id="answer after half a minute"),
        pytest.param(
            [TRUE.query(1), TRUE.answer(1.004, dns.address(NAME, "192.0.2.201")), TRUE.answer(1.1)],
            id="second answer to one question",
        ),
    ],
)
def test_an_unsolicited_answer_is_no_finding(packets: list[Sent]) -> None:
    """It is counted, and matches the flow as evidence of its own, which is not judged."""
    for policy in (SILENT, FORBID):
        seen, verdict, view = judged(packets, policy)
        assert view["unsolicited_dns_answers"] == 1
        if packets[-1].time_ns > START_NS + FLOW_AT_S * SECOND_NS:
            continue  # the flow was over before the answer arrived
        assert (seen.flow.name, seen.flow.evidence) == (None, "dns_unsolicited")
        assert seen.flow.grounds == "unsolicited"
        assert (seen.vendor, seen.flow.matched) == ("cloud", NAME)
        assert seen.flow.reason is not None
        assert verdict is not None
        assert (verdict.outcome, verdict.reason) == ("undecided", "name_unsolicited")
        assert seen.new_destination == ()


@pytest.mark.parametrize(
    ("packets", "answers"),
    [
        pytest.param([TRUE.query(1), TRUE.query(2), TRUE.answer(2.004), TRUE.answer(2.1)], 2, id="repeated"),
        pytest.param([*look_up(1), *look_up(1.001, Side(resolver=UPSTREAM))], 2, id="two resolvers"),
        pytest.param([TRUE.query(1), TRUE.truncated(1.004), *over_tcp(1.1)], 2, id="TCP after truncation"),
        pytest.param([*over_tcp(1)], 1, id="TCP"),
    ],
)
def test_every_true_look_up_is_learned(packets: list[Sent], answers: int) -> None:
    """Repeated questions, several resolvers and TCP are ordinary: nothing is unsolicited."""
    seen, verdict, view = judged(packets)
    assert (seen.flow.name, seen.flow.evidence) == (NAME, "dns_client")
    assert verdict is not None
    assert verdict.outcome == "unexpected"
    assert (view["solicited_dns_answers"], view["unsolicited_dns_answers"]) == (answers, 0)


def test_an_answer_read_before_its_question_is_solicited_if_it_was_sent_after_it() -> None:
    """The two directions of a tap arrive on two interfaces, which are read in turn."""
    seen, _, view = judged([TRUE.answer(1.004), TRUE.query(1)], in_order=False)
    assert (seen.flow.name, seen.flow.evidence) == (NAME, "dns_client")
    assert (view["solicited_dns_answers"], view["unsolicited_dns_answers"]) == (1, 0)


def test_a_stray_answer_does_not_hide_the_flow() -> None:
    """After a true look-up, an unsolicited answer of another name for the address changes nothing."""
    seen, verdict, view = judged([*look_up(1), Side(name=UNRELATED, message_id=1).answer(2)])
    assert (seen.flow.name, seen.flow.ambiguous, seen.flow.candidates) == (NAME, False, ())
    assert verdict is not None
    assert verdict.outcome == "unexpected"
    assert view["unsolicited_dns_answers"] == 1


def test_a_client_cannot_hide_behind_a_shared_address() -> None:
    """It looks the vendor's name up, then another name with the same address: still matched."""
    seen, verdict, _ = judged([*look_up(1), *look_up(2, Side(name=UNRELATED))])
    assert (seen.vendor, seen.flow.name, seen.flow.candidates) == ("cloud", NAME, (UNRELATED,))
    assert (seen.flow.ambiguous, seen.flow.grounds) == (True, "hearsay")
    assert verdict is not None
    assert (verdict.outcome, verdict.reason) == ("undecided", "name_unproven")


@pytest.mark.parametrize("count", [1, 7, 8, 30])
def test_many_names_displace_no_name_of_a_vendor(count: int) -> None:
    """However many other names a client looks up for the address, the flow is matched and undecided."""
    others = [look_up(2, Side(name=f"n{n}.decoy.example", message_id=n)) for n in range(count)]
    seen, verdict, _ = judged([*look_up(1), *(packet for one in others for packet in one)])
    assert (seen.vendor, seen.flow.name, seen.flow.grounds) == ("cloud", NAME, "hearsay")
    assert verdict is not None
    assert (verdict.outcome, verdict.reason) == ("undecided", "name_unproven")


def test_the_last_look_up_before_the_flow_accuses_also_at_a_shared_address() -> None:
    """The vendor's name was looked up last, so it is the best; the other is a candidate."""
    seen, verdict, _ = judged([*look_up(1, Side(name=UNRELATED)), *look_up(2)])
    assert (seen.flow.name, seen.flow.ambiguous, seen.flow.grounds) == (NAME, True, "own")
    assert verdict is not None
    assert verdict.outcome == "unexpected"


@pytest.mark.parametrize(
    ("names", "best", "ambiguous"),
    [
        (["a.one.example", "a.two.example"], "a.two.example", True),
        (["a.two.example", "a.one.example"], "a.one.example", True),
        (["a.one.example", "b.one.example"], "b.one.example", False),
    ],
)
def test_an_address_that_two_vendors_share_is_ambiguous(names: list[str], best: str, ambiguous: bool) -> None:
    """The name looked up last before the flow matches it, not one looked up after that."""
    suffixes = [(0, "suffix", "one.example"), (1, "suffix", "two.example")]
    matcher = Matcher(suffixes, [], [], vendors=[7, 8])
    packets = [one for at, name in enumerate(names, 1) for one in look_up(at, Side(name=name, message_id=at))]
    later = look_up(FLOW_AT_S + 1, Side(name="later.one.example", message_id=99))
    flows, _ = feed([*packets, *session(), *later], matcher)
    [flow] = [flow for flow in flows if flow.server == STRAY]
    assert (flow.name, flow.ambiguous, flow.grounds) == (best, ambiguous, "own")


@pytest.mark.parametrize(
    ("before", "hearsay"),
    [
        pytest.param(look_up(1, Side(client=OTHER_CLIENT)), True, id="another client"),
        pytest.param(look_up(1, Side(client=RESOLVER, resolver="192.0.2.1")), True, id="an unknown resolver"),
        pytest.param(
            [
                ELSEWHERE.query(0),
                ELSEWHERE.answer(0.004, dns.address(UNRELATED, "192.0.2.99")),
                *look_up(1, Side(client=RESOLVER, resolver="192.0.2.1")),
            ],
            False,
            id="a resolver that answered this client",
        ),
    ],
)
def test_the_look_up_of_another_host_accuses_only_if_it_is_the_clients_resolver(
    before: list[Sent], hearsay: bool
) -> None:
    """One answer to one client says nothing about another client's flow; that of its resolver does."""
    for policy, outcome in ((SILENT, "unexpected"), (FORBID, "forbidden")):
        seen, verdict, _ = judged(before, policy)
        assert (seen.flow.name, seen.flow.evidence) == (NAME, "dns_any")
        assert seen.flow.grounds == ("hearsay" if hearsay else "own")
        assert verdict is not None
        assert verdict.outcome == ("undecided" if hearsay else outcome)
        assert (verdict.reason == "name_unproven") == hearsay


def test_the_look_up_of_another_host_proves_nothing() -> None:
    """In an allowed place, too, the flow is undecided: nothing shows that this client meant the name."""
    allowed = Policy(allowed={"cloud": {"*": frozenset({"RU"})}})
    own, hearsay = (judged(look_up(1, side), allowed)[1] for side in (Side(), Side(client=OTHER_CLIENT)))
    assert own is not None
    assert hearsay is not None
    assert own.reason == "policy_allows"
    assert (hearsay.outcome, hearsay.reason, hearsay.lacks) == ("undecided", "name_unproven", "evidence")


@pytest.mark.parametrize(("resolvers", "grounds"), [([RESOLVER], "own"), ([UPSTREAM], "hearsay")])
def test_the_look_up_of_a_configured_resolver_is_as_good_as_the_clients(
    resolvers: list[str], grounds: str
) -> None:
    """Where clients query it out of the sensor's sight, `dns.resolvers` says that it is theirs."""
    packets = [*look_up(1, Side(client=RESOLVER, resolver="192.0.2.1")), *session()]
    flows, _ = feed(packets, compile_matcher(SIGNATURES), resolvers=resolvers)
    [flow] = [flow for flow in flows if flow.server == STRAY]
    assert (flow.evidence, flow.grounds) == ("dns_any", grounds)


def test_the_vendors_own_network_shows_the_vendor_but_not_the_component() -> None:
    """Another host's look-up of an address in the vendor's network: judged as if there were no name."""
    records = [dns.address(NAME, MOSCOW)]
    side = Side(client=OTHER_CLIENT)
    packets = [side.query(1), side.answer(1.004, *records), *session(server=MOSCOW)]
    flows, _ = feed(packets, compile_matcher(SIGNATURES))
    [flow] = [flow for flow in flows if flow.server == MOSCOW]
    assert (flow.name, flow.evidence, flow.grounds) == (NAME, "dns_any", "holder")
    component = SIGNATURES.rules[flow.signature or 0].component
    for policy, expected in (
        (SILENT, "no_promise"),
        (Policy(forbidden_components={"cloud": frozenset({component})}), "no_promise"),
        (Policy(concerns={"cloud": frozenset({"RU"})}), "country_of_concern"),
        (FORBID, "policy_forbids_vendor"),
    ):
        seen = Monitor(SIGNATURES, Locator(SIGNATURES), policy, Subjects("DE")).classify(flow)
        assert seen.verdict is not None
        assert (seen.component, seen.verdict.reason) == ("network", expected)


def test_a_look_up_after_the_flow_began_is_no_finding() -> None:
    """The flow cannot be due to it."""
    seen, verdict, _ = judged(look_up(FLOW_AT_S + 0.5))
    assert (seen.flow.name, seen.flow.grounds) == (NAME, "hearsay")
    assert verdict is not None
    assert (verdict.outcome, verdict.reason) == ("undecided", "name_unproven")


def test_a_forged_chain_does_not_turn_another_name_into_the_vendors() -> None:
    """The SNI is another name; an unsolicited answer claims that it is an alias of the vendor's."""
    records = (dns.alias(UNRELATED, NAME), dns.address(NAME, STRAY))
    seen, _, _ = judged([Side(name=UNRELATED).answer(1, *records)], name=UNRELATED)
    assert (seen.vendor, seen.flow.name) == (None, UNRELATED)


def test_answers_without_any_question_are_a_limitation_of_the_view() -> None:
    """A mirror that carries answers alone: the flow says so, and is not judged."""
    others = [Side(name=f"n{n}.example.net", message_id=n).answer(0.01 * n) for n in range(30)]
    seen, verdict, view = judged([*others, TRUE.answer(1)])
    assert (seen.flow.evidence, seen.flow.view) == ("dns_unsolicited", ("answers_only",))
    assert verdict is not None
    assert verdict.outcome == "undecided"
    assert (view["solicited_dns_answers"], view["unsolicited_dns_answers"]) == (0, 31)
    few, _, _ = judged([TRUE.answer(1)])
    assert few.flow.view == ()


def test_an_unsolicited_answer_of_a_fallback_resolver_is_no_finding() -> None:
    """Anyone can send an answer in the resolver's name; only a query shows that a client uses it."""
    [fallback] = SIGNATURES.vendors["cloud"].resolvers
    forged = Side(resolver=fallback.address).answer(1)
    flows, _ = feed([forged], compile_matcher(SIGNATURES))
    assert [flow.fallback for flow in flows] == [False]
    flows, _ = feed([Side(resolver=fallback.address).query(1)], compile_matcher(SIGNATURES))
    assert [flow.fallback for flow in flows] == [True]


@pytest.mark.parametrize("capture", ["spoof_udp", "spoof_tcp"])
@pytest.mark.parametrize("policy", ["", "policy: {forbidden_vendors: [kaspersky]}\n"], ids=["", "forbidden"])
def test_two_forged_packets_are_no_finding(tmp_path: Path, capture: str, policy: str) -> None:
    """A forged answer for dc1.ksn.kaspersky-labs.com, then one packet in the server's name: no finding."""
    config = tmp_path / "netmon.yaml"
    config.write_text(f"subject: {{country: DE}}\nplaces: {{databases: []}}\n{policy}", encoding="utf-8")
    path = Path(__file__).parent / "forged" / f"{capture}.pcap"
    done = CliRunner().invoke(app, ["read", "--json", "--config", str(config), str(path)])
    assert done.exit_code == 0
    verdicts = [json.loads(line)["netmon"] for line in done.stdout.splitlines()]
    assert {(one["verdict"], one["reason"], one["contact"]) for one in verdicts} <= {
        ("undecided", "insufficient_view", "answered")
    }
    summary = CliRunner().invoke(app, ["read", "--config", str(config), str(path)])
    assert summary.exit_code == 0
    assert "DNS answers without a query seen" in summary.stdout


def test_spoofed_names_in_hellos() -> None:
    """A client that states another server's name is named by it, and so is one that states the vendor's.

    Neither can be told from the packets, so docs/threat-model.md says so.
    """
    hidden, _, _ = judged(look_up(1), name=UNRELATED)
    assert (hidden.vendor, hidden.flow.name) == (None, UNRELATED)
    shown, verdict, _ = judged([], name=NAME)
    assert (shown.vendor, shown.flow.evidence) == ("cloud", "sni")
    assert verdict is not None
    assert verdict.outcome == "unexpected"
