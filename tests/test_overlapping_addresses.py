"""Hosts with equal addresses in several VLANs, VNIs or interfaces are told apart where configured."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from netmon import _engine
from netmon.quality import find_faults
from netmon.records import FlowRecord
from netmon.sources.files import FileSource
from tests.craft import dns, packets
from tests.craft.golden_tenants import BLUE, OTHER_NAME, RED, look_up_and_session, two_sessions
from tests.craft.golden_time import push_channel, quic_datagrams
from tests.craft.packets import UDP, Link, address, ethernet
from tests.craft.pcap import NANOSECONDS, Frame, Interface, pcap, pcapng
from tests.craft.scene import CLIENT, ELSEWHERE, ETHERNET, NAME, RESOLVER, START_NS, connection, flight
from tests.craft.talk import MILLISECOND_NS, SECOND_NS, Sent, frames, look_up_addresses, tls_session
from tests.craft.tenants import (
    in_backbone,
    in_erspan,
    in_geneve,
    in_nvgre,
    in_vlans,
    in_vxlan,
    in_vxlan_gpe,
    together,
)

TENANTS: dict[str, tuple[str, Link, Link]] = {
    "vlan": ("vlan", RED, BLUE),
    "untagged and tagged": ("vlan", ethernet, BLUE),
    "qinq, outer tag": ("vlan", in_vlans(10, 30), in_vlans(20, 30)),
    "qinq, inner tag": ("vlan", in_vlans(30, 10), in_vlans(30, 20)),
    "three tags": ("vlan", in_vlans(1, 10, 3), in_vlans(1, 20, 3)),
    "three tags, innermost": ("vlan", in_vlans(100, 7, 10), in_vlans(100, 7, 20)),
    "four tags, innermost": ("vlan", in_vlans(1, 100, 7, 10), in_vlans(1, 100, 7, 20)),
    "vxlan": ("vni", in_vxlan(1), in_vxlan(0xFFFFFF)),
    "vlan in vxlan": ("vlan", in_vxlan(1, RED), in_vxlan(1, BLUE)),
    "vxlan-gpe": ("vni", in_vxlan_gpe(1), in_vxlan_gpe(2)),
    "geneve": ("vni", in_geneve(1), in_geneve(256)),
    "nvgre": ("vni", in_nvgre(1), in_nvgre(65536)),
    "erspan 2": ("vlan", in_erspan(2, 10), in_erspan(2, 20)),
    "erspan 3": ("vlan", in_erspan(3, 10), in_erspan(3, 20)),
    "erspan, tag inside": ("vlan", in_erspan(2, 30, RED), in_erspan(2, 30, BLUE)),
    "erspan, untagged inside": ("vlan", in_erspan(2, 0), in_erspan(2, 10)),
    "provider backbone": ("vni", in_backbone(1), in_backbone(0xFFFFFF)),
    "vlan in provider backbone": ("vlan", in_backbone(1, RED), in_backbone(1, BLUE)),
}
"""By what these tenants are told apart, and their links."""


class Run:
    """The flows of a capture, and what the engine counted."""

    def __init__(self, folder: Path, frames: Sequence[Frame], separate_by: Sequence[str] = (), **limits: int):
        path = folder / "tenants.pcapng"
        interfaces = [Interface(name, ETHERNET) for name in ("tap1", "tap2")]
        path.write_bytes(pcapng(frames, interfaces))
        matcher = _engine.Matcher([], [], [])
        keywords: dict[str, Any] = {"separate_by": separate_by, **limits}
        source = FileSource([str(path)], matcher, every_flow=True, limits=keywords)
        self.flows: list[FlowRecord] = [flow for batch in source.batches() for flow in batch.flows]
        self.stats = source.stats()

    @property
    def overlapping(self) -> int:
        """Flows that were counted as those of several hosts."""
        return sum(view["overlapping_flows"] for view in self.stats["view"].values())

    @property
    def bytes(self) -> int:
        """Bytes of all flows."""
        return sum(flow.sent_bytes + flow.received_bytes for flow in self.flows)

    def named(self, port: int) -> str | None:
        """The name of the only flow of a client's port."""
        [flow] = [flow for flow in self.flows if flow.client_port == port]
        return flow.name


def outcome(flow: FlowRecord) -> tuple[object, ...]:
    """What a flow must have in common with that of a tenant who is alone."""
    return flow.name, flow.sent_bytes, flow.received_bytes, flow.sent_packets, flow.view


@pytest.mark.parametrize("name", TENANTS)
def test_tenants_with_one_5_tuple_have_their_own_flows_where_they_are_told_apart(name, tmp_path) -> None:
    """Separated by the right property, each flow is as if the other tenant were not there."""
    separate_by, *links = TENANTS[name]
    tenants = list(zip(two_sessions(), links, strict=True))
    run = Run(tmp_path, together(*tenants), [separate_by])
    alone = [Run(tmp_path, together(tenant)).flows[0] for tenant in tenants]
    assert [outcome(flow) for flow in run.flows] == [outcome(flow) for flow in alone]
    assert {flow.name for flow in run.flows} == {NAME, OTHER_NAME}
    assert len({(flow.vlan, flow.inner_vlan, flow.vni) for flow in run.flows}) == 2
    assert run.overlapping == 0


@pytest.mark.parametrize("name", TENANTS)
def test_tenants_that_are_not_told_apart_are_counted(name, tmp_path) -> None:
    """By default, and separated by something else, they are one flow, which is counted and reported."""
    separate_by, *links = TENANTS[name]
    others = [other for other in ("vlan", "vni", "interface") if other != separate_by]
    for names in ([], others):
        run = Run(tmp_path, together(*zip(two_sessions(), links, strict=True)), names)
        assert (len(run.flows), run.overlapping) == (1, 1)
        assert "overlapping" in {fault.problem for fault in find_faults(run.stats)}


@pytest.mark.parametrize("outer", [(101,), (1, 100), (100, 100), ()])
def test_a_vlan_outside_of_the_two_that_are_shown_tells_hosts_apart_as_well(outer, tmp_path) -> None:
    """Such as that of a mirror session around QinQ; where VLANs do not count, the overlap does."""
    links = (in_vlans(100, 7, 10), in_vlans(*outer, 7, 10))
    frames = together(*zip(two_sessions(), links, strict=True))
    run = Run(tmp_path, frames, ["vlan"])
    assert {flow.name for flow in run.flows} == {NAME, OTHER_NAME}
    assert {(flow.vlan, flow.inner_vlan) for flow in run.flows} == {(7, 10)}
    assert Run(tmp_path, frames, ["vlan", "interface"]).overlapping == 0
    for names in ([], ["vni"], ["interface"]):
        mixed = Run(tmp_path, frames, names)
        assert (len(mixed.flows), mixed.overlapping) == (1, 1)


def test_interfaces_are_told_apart_where_configured(tmp_path) -> None:
    """The same 5-tuple on two interfaces of a file is two flows, and by default one, as behind a tap."""
    one, other = two_sessions()
    frames = together((one, ethernet), (other, ethernet), on_own_interfaces=True)
    run = Run(tmp_path, frames, ["interface"])
    assert sorted((flow.interface, flow.name) for flow in run.flows) == [("tap1", NAME), ("tap2", OTHER_NAME)]
    assert len(Run(tmp_path, frames).flows) == 1


def test_a_flow_shows_the_vlans_and_the_vni_by_which_it_is_told_apart(tmp_path) -> None:
    """Outer and inner VLAN, and the VNI; nothing of what is not configured."""
    session = two_sessions()[0]

    def shown(link: Link, *names: str) -> tuple[int | None, ...]:
        [flow] = Run(tmp_path, frames(session, link), names).flows
        return flow.vlan, flow.inner_vlan, flow.vni

    assert shown(in_vlans(7, 100), "vlan") == (7, 100, None)
    assert shown(in_vlans(9, 7, 100), "vlan") == (7, 100, None)
    assert shown(in_vlans(7, 100), "vni", "interface") == (None, None, None)
    assert shown(in_vlans(9, 7, 100), "vni", "interface") == (None, None, None)
    assert shown(in_vxlan(0xABCDEF, in_vlans(8)), "vlan", "vni") == (8, None, 0xABCDEF)
    assert shown(in_vxlan(5), "vlan", "vni") == (None, None, 5)  # not the VLAN of the network below
    assert shown(in_backbone(0xABCDEF, in_vlans(8)), "vlan", "vni") == (8, None, 0xABCDEF)


@pytest.mark.parametrize("kind", [2, 3])
def test_the_vlan_that_a_switch_states_is_outside_of_those_in_the_mirrored_frame(kind, tmp_path) -> None:
    """If the frame still has the stated tag, it is one VLAN, not two."""

    def shown(link: Link) -> tuple[int | None, ...]:
        [flow] = Run(tmp_path, frames(two_sessions()[0], link), ["vlan"]).flows
        return flow.vlan, flow.inner_vlan

    assert shown(in_erspan(kind, 10)) == (10, None)
    assert shown(in_erspan(kind, 10, in_vlans(10))) == (10, None)
    assert shown(in_erspan(kind, 10, in_vlans(20))) == (10, 20)
    assert shown(in_erspan(kind, 10, in_vlans(10, 20))) == (10, 20)
    assert shown(in_erspan(kind, 5, in_vlans(10, 20))) == (10, 20)
    assert shown(in_erspan(kind, 0, in_vlans(20))) == (20, None)


def test_a_look_up_shows_where_it_was_seen(tmp_path) -> None:
    """As a flow: the VLANs and the VNI by which it is told apart, and the interface."""

    def shown(link: Link, *names: str) -> set[tuple[object, ...]]:
        path = tmp_path / "look-ups.pcapng"
        sent = [*by_udp(), *by_tcp()]
        path.write_bytes(pcapng(together((sent, link)), [Interface("tap1", ETHERNET)]))
        matcher = _engine.Matcher([], [], [])
        source = FileSource([str(path)], matcher, every_flow=True, limits={"separate_by": names})
        found = [record for batch in source.batches() for record in batch.dns]
        assert {(record.transport, record.response) for record in found} >= {("udp", True), ("tcp", True)}
        return {(record.interface, record.vlan, record.inner_vlan, record.vni) for record in found}

    assert shown(in_vlans(7, 100), "vlan") == {("tap1", 7, 100, None)}
    assert shown(in_vxlan(5, in_vlans(8)), "vlan", "vni") == {("tap1", 8, None, 5)}
    assert shown(in_vlans(7, 100)) == {("tap1", None, None, None)}


def by_udp() -> list[Sent]:
    """A look-up over UDP."""
    return look_up_and_session()[0]


def by_tcp() -> list[Sent]:
    """A look-up over TCP, in small segments."""
    talk = connection(RESOLVER, client_port=50_500, port=53)
    talk.open()
    talk.send(dns.over_tcp(dns.query(NAME, dns.A, message_id=7)))
    talk.mss = 7
    talk.receive(dns.over_tcp(dns.answer(NAME, dns.A, [dns.address(NAME, ELSEWHERE)], message_id=7)))
    return [replace(sent, time_ns=sent.time_ns - SECOND_NS) for sent in talk.sent]


def in_fragments(name: str = NAME) -> list[Sent]:
    """A look-up whose answer arrives in three fragments; whatever the name, with the same identification."""
    ends = address(CLIENT), address(RESOLVER)
    records = [dns.address(name, text) for text in (ELSEWHERE, *(f"203.0.113.{n}" for n in range(1, 60)))]
    query = packets.udp(*ends, (50_500, 53), dns.query(name, dns.A, message_id=7))
    answer = packets.udp(*ends[::-1], (53, 50_500), dns.answer(name, dns.A, records, message_id=7))
    parts = packets.ipv4_fragments(*ends[::-1], UDP, answer, size=512, identification=7)
    return [
        Sent(START_NS, packets.ip(*ends, UDP, query), up=True),
        *(Sent(START_NS + at * MILLISECOND_NS, part, up=False) for at, part in enumerate(parts, 1)),
    ]


@pytest.mark.parametrize("look_up", [by_udp, by_tcp, in_fragments])
@pytest.mark.parametrize("name", TENANTS)
def test_a_look_up_names_flows_of_its_own_tenant_only(
    name, look_up: Callable[[], list[Sent]], tmp_path
) -> None:
    """A flow to the address that another tenant looked up has no name; that of the same tenant has."""
    separate_by, *links = TENANTS[name]
    session = look_up_and_session()[1]
    same = tls_session(connection(ELSEWHERE, client_port=50_001, at_s=0.02), flight(None))
    run_frames = together((look_up(), links[0]), (session, links[1]), (same, links[0]))
    run = Run(tmp_path, run_frames, [separate_by])
    assert (run.named(50_000), run.named(50_001)) == (None, NAME)
    assert Run(tmp_path, run_frames).named(50_000) == NAME


def test_a_look_up_on_another_interface_names_no_flow_where_interfaces_are_told_apart(tmp_path) -> None:
    """As between VLANs."""
    found, session = look_up_and_session()
    frames = together((found, ethernet), (session, ethernet), on_own_interfaces=True)
    assert Run(tmp_path, frames, ["interface"]).named(50_000) is None
    assert Run(tmp_path, frames).named(50_000) == NAME


def test_an_answer_in_another_vlan_answers_no_query(tmp_path) -> None:
    """A forged answer in VLAN 20 does not become solicited by the query in VLAN 10."""
    query, answer = look_up_and_session()[0]
    frames = together(([query], RED), ([answer], BLUE))
    for separate_by, expected in ((["vlan"], (0, 1)), ([], (1, 0))):
        view = Run(tmp_path, frames, separate_by).stats["view"]["tap1"]
        assert (view["solicited_dns_answers"], view["unsolicited_dns_answers"]) == expected


@pytest.mark.parametrize("name", TENANTS)
def test_fragments_of_two_tenants_are_not_mixed(name, tmp_path) -> None:
    """Two datagrams with equal addresses and identification arrive in turns, and both are read."""
    separate_by, *links = TENANTS[name]
    shifted = [replace(sent, time_ns=sent.time_ns + 1000) for sent in in_fragments(OTHER_NAME)]
    sessions = [tls_session(connection(ELSEWHERE, client_port=port, at_s=1), flight(None)) for port in (1, 2)]
    tenants = [(in_fragments() + sessions[0], links[0]), (shifted + sessions[1], links[1])]
    run = Run(tmp_path, together(*tenants), [separate_by])
    assert (run.named(1), run.named(2)) == (NAME, OTHER_NAME)


@pytest.mark.parametrize(
    ("sent", "rests_s"), [(push_channel().sent, 300), (quic_datagrams(), 60)], ids=["tcp", "quic"]
)
@pytest.mark.parametrize("name", TENANTS)
def test_a_resting_connection_goes_on_in_its_own_network_only(name, sent, rests_s, tmp_path) -> None:
    """What another tenant sends does not continue the connection; what the same one sends does."""
    separate_by, *links = TENANTS[name]
    resumed_ns, ended_ns = START_NS + rests_s * SECOND_NS, START_NS + 5000 * SECOND_NS
    before = [one for one in sent if one.time_ns < resumed_ns]
    after = [one for one in sent if resumed_ns <= one.time_ns < ended_ns]

    def continues(link: Link, *names: str) -> bool:
        run = Run(tmp_path, together((before, links[0]), (after, link)), names)
        [later] = [flow for flow in run.flows if flow.start_ns >= resumed_ns]
        return later.continues is not None

    assert not continues(links[1], separate_by)
    assert continues(links[1])
    assert continues(links[0], separate_by)


def one_way(up: Link, down: Link, sent: Sequence[Sent]) -> list[Frame]:
    """The two directions on different links."""
    return together(([one for one in sent if one.up], up), ([one for one in sent if not one.up], down))


@pytest.mark.parametrize(("up", "down"), [(RED, ethernet), (ethernet, RED), (RED, BLUE)])
def test_directions_that_are_tagged_differently_are_one_flow_by_default(up, down, tmp_path) -> None:
    """Mirrors that tag one direction only, or each with another VLAN, show one flow; nothing overlaps."""
    run = Run(tmp_path, one_way(up, down, two_sessions()[0]))
    assert [flow.name for flow in run.flows] == [NAME]
    assert (run.flows[0].view, run.overlapping) == ((), 0)


def routed(packet: bytes) -> bytes:
    """The packet behind a router: the time to live is lower by one."""
    head = packet[:8] + bytes([packet[8] - 1]) + packet[9:10] + bytes(2) + packet[12:20]
    return head[:10] + packets.checksum(head).to_bytes(2, "big") + packet[12:]


@pytest.mark.parametrize("lost", [0, 0.05, 0.3])
def test_packets_mirrored_before_and_after_a_router_do_not_overlap(lost, tmp_path) -> None:
    """A flow in VLAN 10 and, routed, in VLAN 20 is that of one host, whatever the mirror loses."""
    choice = random.Random(7)
    before = [one for one in two_sessions()[0] if choice.random() >= lost]
    after = [
        Sent(one.time_ns + 20_000, routed(one.packet), one.up)
        for one in two_sessions()[0]
        if choice.random() >= lost
    ]
    run = Run(tmp_path, together((before, RED), (after, BLUE)))
    assert len(run.flows) == 1
    assert (run.overlapping, run.flows[0].duplicates > 0) == (0, True)


def test_a_mirror_that_duplicates_hides_no_overlap(tmp_path) -> None:
    """Two tenants whose packets are all delivered twice, each in its own VLAN, are counted."""
    one, other = two_sessions()
    twice = [
        [s for sent in session for s in (sent, replace(sent, time_ns=sent.time_ns + 5000))]
        for session in (one, other)
    ]
    assert Run(tmp_path, together((twice[0], RED), (twice[1], BLUE))).overlapping == 1


@pytest.mark.parametrize("seed", range(20))
def test_separation_changes_no_total(seed, tmp_path) -> None:
    """However packets are spread over VLANs, VNIs and interfaces, each is counted once."""
    choice = random.Random(seed)
    links = [link for _, *both in TENANTS.values() for link in both]
    sent = [
        s
        for n in range(4)
        for s in tls_session(connection(client_port=50_000 + n % 2, at_s=n / 100), flight())
    ]
    sent += (
        look_up_addresses(CLIENT, RESOLVER, NAME, [ELSEWHERE], at_ns=START_NS, port=50_500)
        + in_fragments()[:1]
    )
    spread = [
        replace(f, interface=choice.randrange(2)) for s in sent for f in frames([s], choice.choice(links))
    ]
    spread.sort(key=lambda frame: frame.time_ns)
    totals = set()
    for names in ([], ["vlan"], ["vni"], ["interface"], ["vlan", "vni", "interface"]):
        run = Run(tmp_path, spread, names, duplicate_window_ms=0)
        totals.add((run.bytes, sum(flow.sent_packets + flow.received_packets for flow in run.flows)))
    assert totals == {(sum(len(one.packet) for one in sent), len(sent))}


def test_an_unknown_property_is_refused() -> None:
    """The engine names what it does not know."""
    with pytest.raises(ValueError, match="separate_by: mac is unknown"):
        _engine.Engine(_engine.Matcher([], [], []), separate_by=["mac"])


def test_pcap_files_are_separated_as_well(tmp_path) -> None:
    """A file without interfaces has VLANs all the same."""
    path = tmp_path / "tenants.pcap"
    one, other = two_sessions()
    path.write_bytes(pcap(together((one, RED), (other, BLUE)), ETHERNET, magic=NANOSECONDS))
    source = FileSource(
        [str(path)], _engine.Matcher([], [], []), every_flow=True, limits={"separate_by": ["vlan"]}
    )
    assert sorted(flow.vlan or 0 for batch in source.batches() for flow in batch.flows) == [10, 20]
