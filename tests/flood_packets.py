"""The packets of floods, each kind made to fill one table of the engine."""

from __future__ import annotations

import itertools
import re
import struct
from collections.abc import Iterator

from tests.craft import dns, tls
from tests.craft.packets import (
    ACK,
    PSH,
    SYN,
    TCP,
    UDP,
    address,
    ethernet,
    filler,
    ip,
    ipv4,
    ipv4_fragments,
    tcp,
    udp,
)
from tests.craft.quic import Initials, crypto

ETHERNET, RAW_IP = 1, 101
START_NS = 1_780_308_000_000_000_000
GAP_NS = 1_000  # a million packets a second
CLIENT, SERVER = address("198.18.0.0"), address("203.0.113.10")
HOSTILE = address("192.0.2.66")
CLIENTS = 1 << 17  # all benchmark addresses (RFC 2544, C.2.2), then the next port
ADDRESS_AT, DESTINATION_AT, PORT_AT, SEQUENCE_AT, PAYLOAD_AT = 12, 16, 20, 24, 40
IDENTIFICATION_AT = 4
MAC_AT, FRAME_HEADER = 8, 14  # the last four bytes of the sender's address; the header of Ethernet
V6_SOURCE_NETWORK_AT, V6_DESTINATION_NETWORK_AT = 12, 28  # the last 32 bits of the /64

Packets = Iterator[bytes]


def from_client(template: bytes, number: int) -> bytearray:
    """The packet as if from another client. Its checksums are not updated, as the engine ignores them."""
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
    """SYNs, each from another client."""
    template = segment(SYN)
    return (bytes(from_client(template, number)) for number in range(count))


def named_flows(count: int) -> Packets:
    """Complete hellos, each with another name and from another client."""
    data = tls.hello_records(tls.client_hello("000000000.flood.example"))
    template, at = segment(PSH | ACK, data), PAYLOAD_AT + data.index(b"000000000.flood")
    for number in range(count):
        packet = from_client(template, number)
        packet[at : at + 9] = b"%09d" % number
        yield bytes(packet)


def resting_connections(count: int) -> Packets:
    """Named connections that the table of flows has no room for, so that they are remembered as they are.

    A hostile client opens all of them, except for one in a hundred, each of another client.
    """
    for number, packet in enumerate(named_flows(count)):
        changed = bytearray(packet)
        if number % 100:
            struct.pack_into("!I", changed, ADDRESS_AT, int(HOSTILE))
            struct.pack_into("!I", changed, DESTINATION_AT, int(SERVER) + number // 60_000)
            struct.pack_into("!H", changed, PORT_AT, 1024 + number % 60_000)
        yield bytes(changed)


def forged_connections(count: int) -> Packets:
    """Named connections, each of another client; what their servers send is forged as well."""
    answer = tcp(SERVER, CLIENT, ports=(443, 1024), numbers=(9000, 1200), flags=PSH | ACK, payload=b"answer")
    template = bytearray(ipv4(SERVER, CLIENT, TCP, answer))
    for number, packet in enumerate(named_flows(count // 2)):
        yield packet
        template[DESTINATION_AT : DESTINATION_AT + 4] = packet[ADDRESS_AT : ADDRESS_AT + 4]
        struct.pack_into("!H", template, PORT_AT + 2, 1024 + number // CLIENTS)
        yield bytes(template)


def unfinished_hellos(count: int) -> Packets:
    """The first segments of hellos, each from another client; the second segment never arrives."""
    hello = tls.hello_records(tls.client_hello("flood.example", post_quantum=True, pad_to=3000))
    template = segment(PSH | ACK, hello[:1400])
    return (bytes(from_client(template, number)) for number in range(count))


def small_segments(count: int) -> Packets:
    """Segments of one byte that wait for the start of their stream, 200 from each client."""
    syn, data = segment(SYN, sequence=999), segment(PSH | ACK, b"x")
    for number in range(count // 201):
        yield bytes(from_client(syn, number))
        packet = from_client(data, number)
        for place in range(200):
            struct.pack_into("!I", packet, SEQUENCE_AT, 1002 + 2 * place)
            yield bytes(packet)


def unfinished_initials(count: int) -> Packets:
    """QUIC Initials that can be decrypted, with random connection IDs, each with the first half of a hello.

    Half of them come from different clients, half from the same one.
    """
    half = crypto(0, tls.client_hello("flood.example", post_quantum=True, pad_to=1900, quic=True)[:1000])
    ids = [filler(f"connection {number}", 8) for number in range(2000)]
    datagrams = [Initials(cid).datagram(0, [half], destination=cid) for cid in ids]
    templates = itertools.cycle([datagram(payload) for payload in datagrams])
    for number, template in zip(range(count), templates, strict=False):
        yield bytes(from_client(template, number if number % 2 else 0))


def new_names(count: int) -> Packets:
    """DNS queries and their responses, each with another name and another address."""
    query = dns.query("000000000.flood.example", dns.A, message_id=1)
    client, resolver = address("192.0.2.1"), address("192.0.2.53")
    template = bytearray(ipv4(client, resolver, UDP, udp(client, resolver, (50_000, 53), query)))
    [at] = [found.start() for found in re.finditer(rb"000000000", template)]
    for number, response in enumerate(unsolicited_names(count // 2)):
        template[at : at + 9] = b"%09d" % number
        yield bytes(template)
        yield response


def new_nat64_networks(count: int) -> Packets:
    """Look-ups that show four NAT64 prefixes each, by a client in another network."""
    name, client, resolver = "ipv4only.arpa", address("2001:db8::1"), address("2001:db9::53")
    records = [dns.address(name, f"2001:db9:{number}::192.0.0.170") for number in range(4)]
    query = udp(client, resolver, (50_000, 53), dns.query(name, dns.AAAA, message_id=1))
    answer = udp(resolver, client, (53, 50_000), dns.answer(name, dns.AAAA, records, message_id=1))
    question, response = (
        bytearray(ip(client, resolver, UDP, query)),
        bytearray(ip(resolver, client, UDP, answer)),
    )
    for number in range(count // 2):
        struct.pack_into("!I", question, V6_SOURCE_NETWORK_AT, number)
        struct.pack_into("!I", response, V6_DESTINATION_NETWORK_AT, number)
        yield bytes(question)
        yield bytes(response)


def unanswered_queries(count: int) -> Packets:
    """DNS queries, each for another name."""
    return itertools.islice(itertools.islice(new_names(2 * count), 0, None, 2), count)


def unsolicited_names(count: int) -> Packets:
    """DNS responses without queries, each with another name and another address."""
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
    """Look-ups of HTTPS records, each by another client, with eight long public names of ECH servers."""
    names = [f"{'x' * 60}.{'y' * 60}.{'z' * 60}.front{number}.example" for number in range(8)]
    configs = tls.block16(b"".join(tls.ech_config_list(name)[2:] for name in names))
    record = dns.https("flood.example", ech=configs)
    answer = dns.answer("flood.example", dns.HTTPS, [record], message_id=1)
    resolver = address("192.0.2.53")
    template = bytearray(ipv4(resolver, CLIENT, UDP, udp(resolver, CLIENT, (53, 50_000), answer)))
    query = dns.query("flood.example", dns.HTTPS, message_id=1)
    question = bytearray(ipv4(CLIENT, resolver, UDP, udp(CLIENT, resolver, (50_000, 53), query)))
    for number in range(count // 2):
        struct.pack_into("!I", question, ADDRESS_AT, int(CLIENT) | number)
        struct.pack_into("!I", template, DESTINATION_AT, int(CLIENT) | number)
        yield bytes(question)
        yield bytes(template)


def unfinished_messages(count: int) -> Packets:
    """DNS over TCP: the first segments of long messages, each from another client."""
    query = dns.query("flood.example", dns.A, message_id=1)
    beginning = struct.pack("!H", 60_000) + query + bytes(1300)
    syn = segment(SYN, port=53, sequence=999)
    data = segment(PSH | ACK, beginning, port=53)
    for number in range(count // 2):
        yield bytes(from_client(syn, number))
        yield bytes(from_client(data, number))


def one_hosts_syns(count: int) -> Packets:
    """SYNs of one host, each from another port or to another server."""
    template = bytearray(segment(SYN))
    template[ADDRESS_AT : ADDRESS_AT + 4] = HOSTILE.packed
    for number in range(count):
        struct.pack_into("!I", template, DESTINATION_AT, int(SERVER) + number // 60_000)
        struct.pack_into("!H", template, PORT_AT, 1024 + number % 60_000)
        yield bytes(template)


def one_hosts_unfinished_hellos(count: int) -> Packets:
    """Half hellos of one host, after handshakes that its server completes."""
    hello = tls.hello_records(tls.client_hello("flood.example", post_quantum=True, pad_to=3000))
    ports = (1024, 443)
    packets = [
        tcp(HOSTILE, SERVER, ports=ports, numbers=(1000, 0), flags=SYN),
        tcp(SERVER, HOSTILE, ports=ports[::-1], numbers=(9000, 1001), flags=SYN | ACK),
        tcp(HOSTILE, SERVER, ports=ports, numbers=(1001, 9001), flags=PSH | ACK, payload=hello[:1400]),
    ]
    ends = [(HOSTILE, SERVER), (SERVER, HOSTILE), (HOSTILE, SERVER)]
    templates = [bytearray(ipv4(*both, TCP, one)) for both, one in zip(ends, packets, strict=True)]
    for number in range(count // len(templates)):
        for place, template in enumerate(templates):
            struct.pack_into("!H", template, PORT_AT + 2 * (place == 1), 1024 + number % 60_000)
            yield bytes(template)


def new_machines(count: int) -> Packets:
    """SYNs in Ethernet frames, each from another address and another hardware address."""
    template = bytearray(ethernet(segment(SYN)))
    for number in range(count):
        struct.pack_into("!I", template, MAC_AT, number)
        struct.pack_into("!I", template, FRAME_HEADER + ADDRESS_AT, int(CLIENT) + number)
        yield bytes(template)


def announced_machines(count: int) -> Packets:
    """Names in multicast DNS, each of another address and another hardware address."""
    label = "000000000".ljust(63, "x")
    record = dns.address(f"{label}.local", str(CLIENT)).encode()
    message = struct.pack("!6H", 0, 0x8400, 0, 1, 0, 0) + record
    group = address("224.0.0.251")
    template = bytearray(ethernet(ipv4(CLIENT, group, UDP, udp(CLIENT, group, (5353, 5353), message))))
    name_at = template.index(b"000000000")
    for number in range(count):
        struct.pack_into("!I", template, MAC_AT, number)
        struct.pack_into("!I", template, FRAME_HEADER + ADDRESS_AT, int(CLIENT) + number)
        template[name_at : name_at + 9] = b"%09d" % number
        template[-4:] = struct.pack("!I", int(CLIENT) + number)
        yield bytes(template)


def crowded_answers(count: int) -> Packets:
    """Look-ups of one host whose answers have 250 addresses each."""
    name = "000000000.flood.example"
    records = [dns.address(name, f"198.18.{number >> 8}.{number & 255}") for number in range(250)]
    answer = dns.answer(name, dns.A, records, message_id=1)
    query = dns.query(name, dns.A, message_id=1)
    resolver = address("192.0.2.53")
    question = bytearray(ipv4(HOSTILE, resolver, UDP, udp(HOSTILE, resolver, (50_000, 53), query)))
    template = bytearray(ipv4(resolver, HOSTILE, UDP, udp(resolver, HOSTILE, (53, 50_000), answer)))
    both = [
        (packet, [at.start() for at in re.finditer(rb"000000000", packet)]) for packet in (question, template)
    ]
    addresses_at = [at.start() for at in re.finditer(rb"\xc6\x12[\x00-\xff]{2}", template)]
    for number in range(count // 2):
        for packet, places in both:
            for at in places:
                packet[at : at + 9] = b"%09d" % number
        for place, at in enumerate(addresses_at):
            struct.pack_into("!I", template, at, int(CLIENT) + number * 250 + place)
        yield bytes(question)
        yield bytes(template)


def first_fragments(count: int) -> Packets:
    """First fragments of large datagrams of one host; the others never arrive."""
    data = udp(HOSTILE, SERVER, (1024, 443), bytes(1800))
    template = bytearray(ipv4_fragments(HOSTILE, SERVER, UDP, data, size=1200, identification=0)[0])
    for number in range(count):
        struct.pack_into("!H", template, IDENTIFICATION_AT, number & 0xFFFF)
        struct.pack_into("!I", template, DESTINATION_AT, int(SERVER) + (number >> 16))
        yield bytes(template)


def one_hosts_queries(count: int) -> Packets:
    """DNS queries of one host, from many ports and for many names; none is answered."""
    query = dns.query("000000000.flood.example", dns.A, message_id=1)
    resolver = address("192.0.2.53")
    template = bytearray(ipv4(HOSTILE, resolver, UDP, udp(HOSTILE, resolver, (50_000, 53), query)))
    at = template.index(b"000000000")
    for number in range(count):
        template[at : at + 9] = b"%09d" % number
        struct.pack_into("!H", template, PORT_AT, 1024 + number % 60_000)
        yield bytes(template)
