"""Floods that fill a table each, fed to the engine: `python -m tests.floods NAME` says what came of one.

One JSON object on standard output: by how many bytes the process grew at most, and the engine's counters.
A flood runs in a process of its own, so that its memory is nobody else's.
"""

from __future__ import annotations

import itertools
import json
import re
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from netmon import _engine
from tests.craft import dns, tls
from tests.craft.packets import ACK, PSH, SYN, TCP, UDP, address, filler, ipv4, tcp, udp
from tests.craft.quic import Initials, crypto

RAW_IP = 101
START_NS = 1_780_308_000_000_000_000
GAP_NS = 1_000  # a million packets a second
CLIENT, SERVER = address("198.18.0.0"), address("203.0.113.10")
CLIENTS = 1 << 17  # the addresses for benchmarks (RFC 2544, C.2.2), then the next port
ADDRESS_AT, DESTINATION_AT, PORT_AT, SEQUENCE_AT, PAYLOAD_AT = 12, 16, 20, 24, 40

Packets = Iterator[bytes]


def from_client(template: bytes, number: int) -> bytearray:
    """The packet as another client sends it. Its checksums are not made right again: nobody looks at them."""
    packet = bytearray(template)
    struct.pack_into("!I", packet, ADDRESS_AT, int(CLIENT) | number % CLIENTS)
    struct.pack_into("!H", packet, PORT_AT, 1024 + number // CLIENTS)
    return packet


def segment(flags: int, payload: bytes = b"", *, port: int = 443, sequence: int = 1000) -> bytes:
    """A client's TCP segment."""
    ends = {"ports": (1024, port), "numbers": (sequence, 0)}
    return ipv4(CLIENT, SERVER, TCP, tcp(CLIENT, SERVER, **ends, flags=flags, payload=payload))


def datagram(payload: bytes, *, port: int = 443) -> bytes:
    """A client's UDP datagram."""
    return ipv4(CLIENT, SERVER, UDP, udp(CLIENT, SERVER, (1024, port), payload))


def syns(count: int) -> Packets:
    """A SYN from another client each."""
    template = segment(SYN)
    return (bytes(from_client(template, number)) for number in range(count))


def named_flows(count: int) -> Packets:
    """A whole hello with another name from another client each."""
    data = tls.hello_records(tls.client_hello("000000000.flood.example"))
    template, at = segment(PSH | ACK, data), PAYLOAD_AT + data.index(b"000000000.flood")
    for number in range(count):
        packet = from_client(template, number)
        packet[at : at + 9] = b"%09d" % number
        yield bytes(packet)


def unfinished_hellos(count: int) -> Packets:
    """The first segment of a hello from another client each; the second one never comes."""
    hello = tls.hello_records(tls.client_hello("flood.example", post_quantum=True, pad_to=3000))
    template = segment(PSH | ACK, hello[:1400])
    return (bytes(from_client(template, number)) for number in range(count))


def small_segments(count: int) -> Packets:
    """Segments of one byte that wait for the beginning of their stream, 200 from each client."""
    syn, data = segment(SYN, sequence=999), segment(PSH | ACK, b"x")
    for number in range(count // 201):
        yield bytes(from_client(syn, number))
        packet = from_client(data, number)
        for place in range(200):
            struct.pack_into("!I", packet, SEQUENCE_AT, 1002 + 2 * place)
            yield bytes(packet)


def unfinished_initials(count: int) -> Packets:
    """QUIC Initials that open, with random connection IDs, each with the first half of a hello.

    Half of them come from another client each, half from the same ends.
    """
    half = crypto(0, tls.client_hello("flood.example", post_quantum=True, pad_to=1900, quic=True)[:1000])
    ids = [filler(f"connection {number}", 8) for number in range(2000)]
    datagrams = [Initials(cid).datagram(0, [half], destination=cid) for cid in ids]
    templates = itertools.cycle([datagram(payload) for payload in datagrams])
    for number, template in zip(range(count), templates, strict=False):
        yield bytes(from_client(template, number if number % 2 else 0))


def new_names(count: int) -> Packets:
    """DNS answers with another name and another address each."""
    name = "000000000.flood.example"
    answer = dns.answer(name, dns.A, [dns.address(name, "203.0.113.1")], message_id=1)
    resolver, client = address("192.0.2.53"), address("192.0.2.1")
    template = bytearray(ipv4(resolver, client, UDP, udp(resolver, client, (53, 50_000), answer)))
    places = [found.start() for found in re.finditer(rb"000000000", template)]
    for number in range(count):
        for at in places:
            template[at : at + 9] = b"%09d" % number
        template[-4:] = struct.pack("!I", int(CLIENT) | number)
        yield bytes(template)


def new_clients(count: int) -> Packets:
    """HTTPS answers to another client each, with long public names of eight fronts."""
    names = [f"{'x' * 60}.{'y' * 60}.{'z' * 60}.front{number}.example" for number in range(8)]
    fronts = tls.block16(b"".join(tls.ech_config_list(name)[2:] for name in names))
    record = dns.https("flood.example", ech=fronts)
    answer = dns.answer("flood.example", dns.HTTPS, [record], message_id=1)
    resolver = address("192.0.2.53")
    template = bytearray(ipv4(resolver, CLIENT, UDP, udp(resolver, CLIENT, (53, 50_000), answer)))
    for number in range(count):
        struct.pack_into("!I", template, DESTINATION_AT, int(CLIENT) | number)
        yield bytes(template)


def unfinished_messages(count: int) -> Packets:
    """DNS over TCP: the first segment of a long message from another client each."""
    query = dns.query("flood.example", dns.A, message_id=1)
    beginning = struct.pack("!H", 60_000) + query + bytes(1300)
    syn = segment(SYN, port=53, sequence=999)
    data = segment(PSH | ACK, beginning, port=53)
    for number in range(count // 2):
        yield bytes(from_client(syn, number))
        yield bytes(from_client(data, number))


@dataclass(frozen=True, slots=True)
class Flood:
    """Packets, the engine's limits, and what fills up."""

    packets: Callable[[int], Packets]
    count: int
    table: str | None  # in stats()["evicted"]; None: nothing shall give way
    limits: dict[str, int]


SMALL = {"max_flows": 20_000, "max_heads": 2_000, "max_names": 16_000}
FLOODS = {
    "syns": Flood(syns, 300_000, "flows", SMALL),
    "named_flows": Flood(named_flows, 200_000, "flows", SMALL),
    "unfinished_hellos": Flood(unfinished_hellos, 200_000, "heads", SMALL),
    "small_segments": Flood(small_segments, 600_000, "heads", SMALL),
    "unfinished_initials": Flood(unfinished_initials, 100_000, "heads", SMALL),
    "new_names": Flood(new_names, 300_000, "names", SMALL),
    "new_clients": Flood(new_clients, CLIENTS, "clients", SMALL),
    "unfinished_messages": Flood(unfinished_messages, 300_000, "heads", SMALL),
    "a_million_flows": Flood(syns, 1_000_000, None, {}),
    "a_million_named_flows": Flood(named_flows, 1_000_000, None, {}),
}


def resident_bytes(field: str) -> int:
    """`VmRSS` (now) or `VmHWM` (at most so far) of this process."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(rf"{field}:\s*(\d+) kB", status)[1]) * 1024


def run(flood: Flood) -> dict:
    """Feeds a flood to an engine."""
    engine = _engine.Engine(_engine.Matcher([], [], []), **flood.limits)
    packets = flood.packets(flood.count)
    first = next(packets)  # with it, what the flood itself holds is there
    before = resident_bytes("VmRSS")
    for number, packet in enumerate(itertools.chain([first], packets)):
        engine.feed(START_NS + number * GAP_NS, RAW_IP, packet, len(packet))
    stats = engine.stats()
    return {
        "grown_bytes": resident_bytes("VmHWM") - before,
        **{
            key: stats[key]
            for key in ("packets", "flows", "live_flows", "live_heads", "dns_names", "evicted")
        },
    }


if __name__ == "__main__":
    print(json.dumps(run(FLOODS[sys.argv[1]])))
