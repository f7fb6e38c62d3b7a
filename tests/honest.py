"""An honest client's flows beside a flood: what they look like, and how many of them were named.

The packets are spread over two minutes. Each kind of flow is one that a full table can cost its name: a hello
that needs a retransmission, a name that only an earlier look-up shows, a look-up in fragments or by TCP, QUIC
in two datagrams, a long connection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.craft import dns, tls
from tests.craft.packets import (
    ACK,
    PSH,
    SYN,
    TCP,
    UDP,
    Address,
    address,
    filler,
    ipv4,
    ipv4_fragments,
    tcp,
    udp,
)
from tests.craft.quic import Initials, crypto

SECOND_NS = 1_000_000_000
DURATION_NS = 120 * SECOND_NS
FLOWS = 100
"""Flows of each kind."""
CLIENTS = 10
RESOLVER = address("192.0.2.53")
MILLISECOND_NS = 1_000_000
ROUND_TRIP_NS = 20 * MILLISECOND_NS

Timed = tuple[int, bytes]


def client_of(number: int) -> Address:
    """The client of a flow."""
    return address(f"10.20.0.{1 + number % CLIENTS}")


class Connection:
    """One TCP connection, packet by packet."""

    def __init__(self, kind: int, number: int, server: Address, start_ns: int) -> None:
        self._ends = (client_of(number), server)
        self._ports = (20_000 + 1000 * kind + number, 443)
        self._next = [1000 + number, 777_000_000 + number]
        self.now_ns = start_ns

    def segment(self, side: int, flags: int, payload: bytes = b"") -> Timed:
        """The next segment of a side, after half a round trip."""
        self.now_ns += ROUND_TRIP_NS // 2
        source, destination = self._ends[:: -1 if side else 1]
        numbers = (self._next[side], self._next[1 - side] if flags & ACK else 0)
        ports = self._ports[:: -1 if side else 1]
        body = tcp(source, destination, ports=ports, numbers=numbers, flags=flags, payload=payload)
        self._next[side] += len(payload) + (flags & SYN != 0)
        return self.now_ns, ipv4(source, destination, TCP, body)

    def handshake(self) -> Iterator[Timed]:
        """The three segments that open it."""
        yield self.segment(0, SYN)
        yield self.segment(1, SYN | ACK)
        yield self.segment(0, ACK)


def interrupted_hello(number: int, start_ns: int) -> Iterator[Timed]:
    """A hello whose second segment, with the name, is lost and sent again after a second."""
    connection = Connection(0, number, address("203.0.113.20"), start_ns)
    yield from connection.handshake()
    hello = tls.client_hello(f"interrupted{number}.honest.example", post_quantum=True, name_last=True)
    data = tls.hello_records(hello)
    yield connection.segment(0, PSH | ACK, data[:1000])
    connection.now_ns += SECOND_NS
    yield connection.segment(0, PSH | ACK, data[1000:])
    yield connection.segment(1, PSH | ACK, b"\x16\x03\x03\x00\x02\x02\x00")


def long_connection(number: int, start_ns: int) -> Iterator[Timed]:
    """A connection that goes on for half a minute after its hello."""
    connection = Connection(1, number, address("203.0.113.21"), start_ns)
    yield from connection.handshake()
    hello = tls.hello_records(tls.client_hello(f"long{number}.honest.example"))
    yield connection.segment(0, PSH | ACK, hello)
    for _ in range(4):
        yield connection.segment(1, PSH | ACK, bytes(1200))
        yield connection.segment(0, ACK)
        connection.now_ns += 8 * SECOND_NS


def look_up(kind: int, number: int, start_ns: int, server: Address, name: str) -> tuple[Timed, bytes]:
    """A query, and the UDP datagram that answers it."""
    client, ports = client_of(number), (30_000 + 1000 * kind + number, 53)
    question = udp(client, RESOLVER, ports, dns.query(name, dns.A, message_id=number))
    answer = dns.answer(name, dns.A, [dns.address(name, str(server))], message_id=number)
    return (start_ns, ipv4(client, RESOLVER, UDP, question)), udp(RESOLVER, client, ports[::-1], answer)


def without_hello(kind: int, number: int, server: Address, start_ns: int) -> Iterator[Timed]:
    """A connection that states no name."""
    connection = Connection(kind, number, server, start_ns)
    yield from connection.handshake()
    yield connection.segment(0, PSH | ACK, b"\x01honest")
    yield connection.segment(1, PSH | ACK, b"\x02honest")


def looked_up(number: int, start_ns: int) -> Iterator[Timed]:
    """A look-up in the first seconds, and in the last ones a connection that states no name."""
    server, name = address(f"203.0.113.{100 + number}"), f"looked-up{number}.honest.example"
    early_ns = start_ns // 20
    question, answer = look_up(2, number, early_ns, server, name)
    yield question
    yield early_ns + ROUND_TRIP_NS, ipv4(RESOLVER, client_of(number), UDP, answer)
    yield from without_hello(2, number, server, DURATION_NS * 19 // 20 + early_ns)


def looked_up_in_fragments(number: int, start_ns: int) -> Iterator[Timed]:
    """A look-up whose answer arrives in fragments, the last of them late, and a connection soon after it."""
    server, name = address(f"198.51.100.{100 + number}"), f"fragments{number}.honest.example"
    question, answer = look_up(3, number, start_ns, server, name)
    yield question
    pieces = ipv4_fragments(RESOLVER, client_of(number), UDP, answer, size=48, identification=number)
    for place, piece in enumerate(pieces):
        yield start_ns + (1 + place) * 200 * MILLISECOND_NS, piece
    yield from without_hello(3, number, server, start_ns + 2 * SECOND_NS)


def looked_up_slowly(number: int, start_ns: int) -> Iterator[Timed]:
    """A look-up that takes the resolver four seconds, and a connection soon after it."""
    server, name = address(f"198.51.101.{100 + number}"), f"slow{number}.honest.example"
    question, answer = look_up(4, number, start_ns, server, name)
    yield question
    yield start_ns + 4 * SECOND_NS, ipv4(RESOLVER, client_of(number), UDP, answer)
    yield from without_hello(4, number, server, start_ns + 5 * SECOND_NS)


def quic(number: int, start_ns: int) -> Iterator[Timed]:
    """A QUIC hello in two datagrams, answers, and data."""
    client, server, ports = client_of(number), address("203.0.113.22"), (50_000 + number, 443)
    hello = tls.client_hello(f"quic{number}.honest.example", post_quantum=True, name_last=True, quic=True)
    cid = filler(f"honest {number}", 8)
    initials = Initials(cid)
    for place, part in enumerate((crypto(0, hello[:900]), crypto(900, hello[900:]))):
        payload = initials.datagram(place, [part], destination=cid)
        yield start_ns + place * ROUND_TRIP_NS, ipv4(client, server, UDP, udp(client, server, ports, payload))
    answer_ns = start_ns + 2 * ROUND_TRIP_NS
    answer = udp(server, client, ports[::-1], b"\x40" + filler("answer", 100))
    yield answer_ns, ipv4(server, client, UDP, answer)


def looked_up_by_tcp(number: int, start_ns: int) -> Iterator[Timed]:
    """A look-up by TCP whose answer needs a retransmission, and a connection soon after it."""
    server, name = address(f"198.51.102.{100 + number}"), f"by-tcp{number}.honest.example"
    lookup = Connection(7, number, RESOLVER, start_ns)
    lookup._ports = (lookup._ports[0], 53)
    yield from lookup.handshake()
    yield lookup.segment(0, PSH | ACK, dns.over_tcp(dns.query(name, dns.A, message_id=number)))
    record = dns.address(name, str(server))
    answer = dns.over_tcp(dns.answer(name, dns.A, [record], message_id=number))
    yield lookup.segment(1, PSH | ACK, answer[:40])
    lookup.now_ns += SECOND_NS
    yield lookup.segment(1, PSH | ACK, answer[40:])
    yield from without_hello(8, number, server, start_ns + 3 * SECOND_NS)


KINDS = {
    "interrupted": interrupted_hello,
    "long": long_connection,
    "looked-up": looked_up,
    "fragments": looked_up_in_fragments,
    "slow": looked_up_slowly,
    "quic": quic,
    "by-tcp": looked_up_by_tcp,
}
LONG_PAYLOADS = 4 * 1200


def packets() -> list[Timed]:
    """All honest packets, in order; the last flows begin some seconds before the end."""
    usable_ns = DURATION_NS - 40 * SECOND_NS
    found = [
        packet
        for kind in KINDS.values()
        for number in range(FLOWS)
        for packet in kind(number, number * usable_ns // FLOWS)
    ]
    return sorted(found, key=lambda packet: packet[0])


def count_named(flows: list[dict[str, Any]]) -> Counter[str]:
    """How many flows of each kind were named; a long one only if all its data has its name.

    A long one may have been evicted and gone on: then its parts are added up.
    """
    received: Counter[str] = Counter()
    for flow in flows:
        host, _, domain = (flow["name"] or "").partition(".")
        if domain == "honest.example":
            received[host] += flow["received_bytes"]
    named = [(host.rstrip("0123456789"), size) for host, size in received.items()]
    return Counter(kind for kind, size in named if kind != "long" or size >= LONG_PAYLOADS)
