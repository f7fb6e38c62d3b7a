"""The crafted packets, checked with Wireshark's dissectors."""

from __future__ import annotations

import functools
import json
import subprocess
from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.craft import (
    demo,
    dns,
    golden,
    golden_datagrams,
    golden_preambles,
    golden_requests,
    golden_streams,
    golden_tenants,
    golden_view,
    golden_wrappings,
    packets,
    pcap,
    tls,
)
from tests.craft.talk import Connection, frames, look_up_addresses, tls_session
from tests.machine import need

Case = Callable[[], bytes]

by_case = pytest.mark.parametrize("case", golden.CASES, ids=lambda case: case.__name__)
needs_tshark = pytest.mark.usefixtures("wireshark")


def slow_together(test: Callable[..., None]) -> Callable[..., None]:
    """Marks a test that runs tshark for each case."""
    files = ("tests/craft", "tests/golden", "tests/test_craft.py", "tests/machine.py")
    return pytest.mark.slow(pytest.mark.reuse(*files)(test))


FAULTY = {
    golden_streams.snap_length: "this capture is truncated on purpose",
    golden_streams.truncated_file: "this capture is truncated on purpose",
    golden_requests.socks: "Wireshark's dissector of SOCKS takes it for malformed",
    golden_requests.names_that_cannot_be: "a hello is malformed on purpose",
}
"""Captures in which Wireshark finds errors."""

UNREAD = {
    golden_tenants.separated_vlans: "Wireshark takes the connections of two tenants for one",
    golden_tenants.overlapping_vlans: "Wireshark follows the later of two SYNs, netmon the answered one",
    golden_requests.socks: "Wireshark's dissector of SOCKS takes it for malformed",
    golden_requests.probe_before_the_hello: "Wireshark keeps the probe, and so reads no hello",
    golden_requests.probe_behind_a_preamble: "as the one before",
    golden_preambles.no_starttls: "Wireshark takes for a hello what no request for TLS precedes",
    golden_requests.names_that_cannot_be: "Wireshark prints names that cannot be, and netmon does not",
    golden_streams.snap_length: "Wireshark reads no truncated hello",
    golden_preambles.starttls_pop3: "Wireshark dissects reordered segments after STLS as POP3",
    golden_datagrams.dtls_hello: "Wireshark does not reassemble this DTLS hello",
    golden_datagrams.google_quic: "Wireshark has another dissector for Google QUIC, and reads wrong names",
}
"""Hellos that Wireshark cannot read, and netmon can."""

OTHER_BYTES = {
    golden_wrappings.tagged_by_the_mirror: "compared by test_verify_link_headers: tshark does not read all",
    golden_wrappings.tunnelled_by_the_mirror: "as the one before",
    golden_wrappings.link_types: "as the one before",
    golden_wrappings.not_decoded: "neither program reads most of its packets",
    golden_datagrams.dns_in_fragments: "a duplicate fragment is counted separately",
    golden_view.mirrored_twice: "duplicates made by the mirror are counted separately",
}
"""Captures whose bytes are not those of their flows, or that tshark does not read completely."""


@pytest.fixture(scope="module")
def wireshark() -> None:
    """The dissectors; skips the test if they cannot be installed."""
    need("tshark")


def tshark(path: Path, *arguments: str) -> list[str]:
    """The lines that tshark prints; it verifies checksums and does not resolve addresses."""
    options = [f"-o{protocol}.check_checksum:TRUE" for protocol in ("ip", "tcp", "udp")]
    command = ["tshark", "-n", *options, "-otcp.reassemble_out_of_order:TRUE", "-r", str(path), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()


class Packet(NamedTuple):
    """What tshark reads in a packet; repeated values of a field are separated by commas."""

    server_names: str
    malformed: str
    short: str
    ip_checksum: str
    tcp_checksum: str
    udp_checksum: str
    ipv4_bytes: str
    ipv6_payload_bytes: str
    frame_bytes: str
    dns_addresses: str  # of IPv6

    @property
    def is_faulty(self) -> bool:
        """Whether it is malformed, cut short, or has a wrong checksum (status 0)."""
        checksums = (self.ip_checksum, self.tcp_checksum, self.udp_checksum)
        return bool(self.malformed or self.short) or any("0" in one.split(",") for one in checksums)


FIELDS = (
    "tls.handshake.extensions_server_name",
    "_ws.malformed",
    "_ws.short",
    "ip.checksum.status",
    "tcp.checksum.status",
    "udp.checksum.status",
    "ip.len",
    "ipv6.plen",
    "frame.len",
    "dns.aaaa",
)


@functools.cache
def dissect(path: Path) -> list[Packet]:
    """The packets of a capture. All tests share one run of tshark, whose start costs more than its work."""
    fields = [word for field in FIELDS for word in ("-e", field)]
    return [Packet(*line.split("\t")) for line in tshark(path, "-Tfields", *fields)]


def server_names(path: Path) -> set[str]:
    """Every SNI that tshark reads."""
    return {packet.server_names.lower() for packet in dissect(path) if packet.server_names}


def faulty(path: Path) -> list[Packet]:
    """The packets in which tshark finds an error."""
    return [packet for packet in dissect(path) if packet.is_faulty]


@slow_together
@needs_tshark
@by_case
def test_wireshark_finds_nothing_wrong(case: Case) -> None:
    """No golden frame is malformed or has a wrong checksum, except those that are said to be."""
    if case in FAULTY:
        pytest.skip(FAULTY[case])
    assert faulty(golden.FOLDER / case.__name__ / golden.input_name(case)) == []


@slow_together
@needs_tshark
@by_case
def test_wireshark_reads_the_names_in_the_events(case: Case) -> None:
    """The SNIs in the expected events are those that Wireshark reads from the capture."""
    if case in UNREAD:
        pytest.skip(UNREAD[case])
    folder = golden.FOLDER / case.__name__
    events = map(json.loads, (folder / "expected" / "events.jsonl").read_text(encoding="utf-8").splitlines())
    clients = [event["tls"]["client"] for event in events if "client" in event.get("tls", {})]
    expected = {client["server_name"] for client in clients}
    assert server_names(folder / golden.input_name(case)) == expected


@slow_together
@needs_tshark
@by_case
def test_events_add_up_to_the_bytes_in_the_capture(case: Case) -> None:
    """The bytes of all flows add up to the IP bytes of all packets, by the lengths that Wireshark reads."""
    if case in OTHER_BYTES:
        pytest.skip(OTHER_BYTES[case])
    folder = golden.FOLDER / case.__name__
    total = 0
    for packet in dissect(folder / golden.input_name(case)):
        # In a tunnel the last length is the inner packet's.
        v4, v6 = packet.ipv4_bytes.split(",")[-1], packet.ipv6_payload_bytes.split(",")[-1]
        if v6:
            total += int(v6) + 40
        else:  # no length: everything after the Ethernet header
            total += int(v4) or int(packet.frame_bytes) - 14
    events = map(json.loads, (folder / "expected" / "events.jsonl").read_text(encoding="utf-8").splitlines())
    flows = [event for event in events if event["event"]["dataset"] == "netmon.flow"]
    assert sum(event["network"]["bytes"] for event in flows) == total


@needs_tshark
def test_wireshark_finds_nothing_wrong_in_the_demo() -> None:
    """No frame of the demo is malformed; its names are those of the script."""
    assert faulty(demo.PATH) == []
    assert server_names(demo.PATH) == {visit.place[0] for visit in demo.VISITS}


def test_the_demo_can_be_made_again() -> None:
    """The capture in the package equals the output of the script, and is small."""
    assert demo.PATH.read_bytes() == demo.demo()
    assert demo.PATH.stat().st_size < 400_000


@needs_tshark
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("magic", [pcap.MICROSECONDS, pcap.NANOSECONDS])
def test_times_are_kept_in_every_variant_of_pcap(tmp_path: Path, order: pcap.ByteOrder, magic: int) -> None:
    """Both resolutions in both byte orders give the same times, as far as the resolution allows."""
    time_ns = 1_780_308_000_123_456_789
    talk = Connection("192.0.2.1", 50_000, "198.51.100.1", start_ns=time_ns, rtt_ns=1000)
    talk.open()
    path = tmp_path / "times.pcap"
    path.write_bytes(pcap.pcap(frames(talk.sent, packets.ethernet), 1, order=order, magic=magic))
    first = tshark(path, "-Tfields", "-e", "frame.time_epoch")[0]
    assert first.startswith("1780308000.123456789" if magic == pcap.NANOSECONDS else "1780308000.123456")


@needs_tshark
def test_fragments_can_be_reassembled(tmp_path: Path) -> None:
    """Wireshark reassembles the fragments of a DNS response and reads its last record."""
    name, source, destination = "many.example", IPv4Address("192.0.2.53"), IPv4Address("192.0.2.1")
    records = [dns.address(name, f"198.51.100.{host}") for host in range(1, 101)]
    datagram = packets.udp(source, destination, (53, 50_000), dns.answer(name, dns.A, records, message_id=1))
    parts = packets.ipv4_fragments(source, destination, packets.UDP, datagram, size=1480, identification=5)
    path = tmp_path / "fragments.pcap"
    path.write_bytes(pcap.pcap([pcap.Frame(0, packets.raw(part)) for part in parts], 101))
    assert len(parts) == 2
    assert tshark(path, "-Y", "dns.a == 198.51.100.100", "-Tfields", "-e", "dns.count.answers") == ["100"]
    assert faulty(path) == []


@needs_tshark
@pytest.mark.parametrize("link", packets.LINKS)
def test_ipv6_works_on_every_link_layer(tmp_path: Path, link: str) -> None:
    """A look-up and a session over IPv6 are read on every link layer."""
    number, build = packets.LINKS[link]
    client, server = "2001:db8::1", "2001:db8:c::1"
    sent = look_up_addresses(client, "2001:db8::53", "a.example", [server], at_ns=0, port=50_001)
    talk = Connection(client, 50_000, server, start_ns=10_000_000, rtt_ns=1000)
    sent += tls_session(talk, tls.hello_records(tls.client_hello("a.example")))
    path = tmp_path / "v6.pcap"
    path.write_bytes(pcap.pcap(frames(sent, build), number))
    assert faulty(path) == []
    assert server_names(path) == {"a.example"}
    assert [packet.dns_addresses for packet in dissect(path) if packet.dns_addresses] == [server]


def test_a_post_quantum_hello_has_its_name_after_the_first_segment() -> None:
    """Otherwise the captures with a name in the second segment would not test it."""
    message = tls.hello_records(
        tls.client_hello("a.example", post_quantum=True, name_last=True, pad_to=demo.SPLIT_HELLO_BYTES)
    )
    assert message.index(b"a.example") > 1460
    assert len(message) == demo.SPLIT_HELLO_BYTES + 5


@pytest.mark.parametrize("version", [4, 6])
def test_checksums_add_up_to_zero(version: int) -> None:
    """A segment's sum with its own checksum is zero (RFC 1071), over both versions of IP."""
    texts = ("192.0.2.1", "198.51.100.1") if version == 4 else ("2001:db8::1", "2001:db8::2")
    source, destination = map(packets.address, texts)
    segment = packets.tcp(
        source, destination, ports=(1, 2), numbers=(3, 4), flags=packets.ACK, payload=b"odd"
    )
    assert packets.transport_checksum(source, destination, packets.TCP, segment) == 0
