"""Conversations with timing, as a sensor near the client sees them: TLS over TCP, DNS look-ups."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tests.craft import dns, tls
from tests.craft.packets import ACK, FIN, PSH, RST, SYN, TCP, UDP, Link, address, filler, ip, tcp, udp
from tests.craft.pcap import Frame

MICROSECOND_NS, MILLISECOND_NS, SECOND_NS = 1_000, 1_000_000, 1_000_000_000
MSS_V4, MSS_V6 = 1460, 1440
CLIENT_REACTS_NS = 150 * MICROSECOND_NS
BACK_TO_BACK_NS = 12 * MICROSECOND_NS

Part = tuple[int, bytes]
"""Bytes of a stream, with their offset in it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """An IP packet at a time; `up`: from the client."""

    time_ns: int
    packet: bytes
    up: bool


def frames(sent: Iterable[Sent], link: Link, *, interface: int = 0) -> list[Frame]:
    """Packets on a link, in order of time."""
    ordered = sorted(sent, key=lambda s: s.time_ns)
    return [Frame(s.time_ns, link(s.packet), interface=interface) for s in ordered]


def split(data: bytes, size: int) -> list[Part]:
    """A stream in parts of `size` bytes, in order."""
    return [(at, data[at : at + size]) for at in range(0, len(data), size)]


class Connection:
    """A TCP connection under construction: `sent` are its packets so far.

    The sensor is beside the client: a response of the server arrives one round trip after the packet that it
    answers. Sequence numbers are derived from the addresses and ports.
    """

    def __init__(
        self,
        client: str,
        client_port: int,
        server: str,
        server_port: int = 443,
        *,
        start_ns: int,
        rtt_ns: int,
    ) -> None:
        self.client, self.server = address(client), address(server)
        self.ports = (client_port, server_port)
        self.now_ns = start_ns
        self.rtt_ns = rtt_ns
        self.mss = MSS_V4 if self.client.version == 4 else MSS_V6
        self.sent: list[Sent] = []
        self.next_up, self.next_down = struct.unpack(
            "!II", filler(f"{client} {client_port} {server} {server_port} {start_ns}", 8)
        )

    def up(self, flags: int, payload: bytes = b"", *, seq: int | None = None, options: bytes = b"") -> None:
        """One segment from the client, now."""
        number = self.next_up if seq is None else seq
        ack = self.next_down if flags & ACK else 0
        segment = tcp(
            self.client,
            self.server,
            ports=self.ports,
            numbers=(number, ack),
            flags=flags,
            payload=payload,
            options=options,
        )
        self.sent.append(Sent(self.now_ns, ip(self.client, self.server, TCP, segment), up=True))

    def down(self, flags: int, payload: bytes = b"", *, options: bytes = b"") -> None:
        """One segment from the server, now."""
        numbers = (self.next_down, self.next_up)
        ports = (self.ports[1], self.ports[0])
        segment = tcp(
            self.server,
            self.client,
            ports=ports,
            numbers=numbers,
            flags=flags,
            payload=payload,
            options=options,
        )
        self.sent.append(Sent(self.now_ns, ip(self.server, self.client, TCP, segment), up=False))

    def open(self) -> None:
        """SYN, SYN-ACK a round trip later, ACK."""
        options = struct.pack("!BBH", 2, 4, self.mss)
        self.up(SYN, options=options)
        self.next_up = _add(self.next_up, 1)
        self.now_ns += self.rtt_ns
        self.down(SYN | ACK, options=options)
        self.next_down = _add(self.next_down, 1)
        self.now_ns += CLIENT_REACTS_NS
        self.up(ACK)

    def send(self, data: bytes, parts: Sequence[Part] | None = None) -> None:
        """The client's bytes, in full segments or in the given parts; the server acknowledges them."""
        base = self.next_up
        for offset, part in split(data, self.mss) if parts is None else parts:
            self.now_ns += BACK_TO_BACK_NS
            self.up(PSH | ACK, part, seq=_add(base, offset))
        self.next_up = _add(base, len(data))
        self.now_ns += self.rtt_ns
        self.down(ACK)

    def receive(self, data: bytes) -> None:
        """The server's bytes, in full segments; the client acknowledges every second one and the last."""
        parts = split(data, self.mss)
        for number, (_, part) in enumerate(parts):
            self.now_ns += BACK_TO_BACK_NS
            self.down(PSH | ACK, part)
            self.next_down = _add(self.next_down, len(part))
            if number % 2 or number == len(parts) - 1:
                self.now_ns += BACK_TO_BACK_NS
                self.up(ACK)

    def close(self) -> None:
        """FIN from the client, FIN from the server, ACK."""
        self.now_ns += CLIENT_REACTS_NS
        self.up(FIN | ACK)
        self.next_up = _add(self.next_up, 1)
        self.now_ns += self.rtt_ns
        self.down(FIN | ACK)
        self.next_down = _add(self.next_down, 1)
        self.now_ns += CLIENT_REACTS_NS
        self.up(ACK)

    def reset(self) -> None:
        """RST from the client."""
        self.now_ns += CLIENT_REACTS_NS
        self.up(RST | ACK)

    def wait(self, pause_ns: int) -> None:
        """Pause for a while."""
        self.now_ns += pause_ns


@dataclass(frozen=True, slots=True)
class Load:
    """The data on a TLS connection after the handshake: bytes up and bytes down, in turns."""

    up_bytes: int = 600
    down_bytes: int = 1800
    turns: int = 1
    pause_ns: int = 200 * MILLISECOND_NS


SMALL = Load()


def tls_session(
    connection: Connection,
    hello: bytes,
    *,
    parts: Callable[[bytes], Sequence[Part]] | None = None,
    load: Load = SMALL,
    post_quantum: bool = False,
    syn: bool = True,
    fin: bool = True,
) -> list[Sent]:
    """A complete TLS session on a connection before its handshake.

    `hello` is the client's first flight with its record headers; `parts` splits it into segments.
    """
    label = f"{connection.client} {connection.ports[0]} {connection.server}"
    if syn:
        connection.open()
    connection.send(hello, parts(hello) if parts else None)
    connection.receive(tls.server_flight(label, post_quantum=post_quantum, encrypted_bytes=1400))
    connection.wait(CLIENT_REACTS_NS)
    connection.send(tls.client_finished(label))
    transfer(connection, load)
    if fin:
        connection.close()
    return connection.sent


def transfer(connection: Connection, load: Load) -> list[Sent]:
    """Encrypted requests and responses on an open connection."""
    for turn in range(load.turns):
        connection.wait(load.pause_ns)
        connection.send(tls.application_data(f"{connection.ports} up {turn}", load.up_bytes))
        connection.receive(tls.application_data(f"{connection.ports} down {turn}", load.down_bytes))
    return connection.sent


def look_up(
    client: str,
    resolver: str,
    question: str,
    kind: int,
    records: Sequence[dns.Record],
    *,
    at_ns: int,
    port: int,
    takes_ns: int = 4 * MILLISECOND_NS,
    rcode: int = 0,
) -> list[Sent]:
    """A query to a resolver and its response."""
    source, destination = address(client), address(resolver)
    message_id = int.from_bytes(filler(f"{client} {port} {question} {at_ns}", 2), "big")
    query = dns.query(question, kind, message_id=message_id)
    response = dns.answer(question, kind, records, message_id=message_id, rcode=rcode)
    there = udp(source, destination, (port, 53), query)
    back = udp(destination, source, (53, port), response)
    return [
        Sent(at_ns, ip(source, destination, UDP, there), up=True),
        Sent(at_ns + takes_ns, ip(destination, source, UDP, back), up=False),
    ]


def look_up_addresses(
    client: str, resolver: str, question: str, answers: Sequence[str], *, at_ns: int, port: int
) -> list[Sent]:
    """A look-up of a name's IPv4 or IPv6 addresses, depending on the answers."""
    kind = dns.A if address(answers[0]).version == 4 else dns.AAAA
    records = [dns.address(question, text) for text in answers]
    return look_up(client, resolver, question, kind, records, at_ns=at_ns, port=port)


def _add(number: int, more: int) -> int:
    return (number + more) % 2**32
