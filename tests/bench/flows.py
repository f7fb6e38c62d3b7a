"""Flows of a load: TLS with its DNS look-up, QUIC, and other traffic.

A flow is a generator of (kind, frame); frames of the kinds that a monitor has to parse are counted.
"""

from __future__ import annotations

import itertools
import random
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from tests.bench.packets import Pair, client_hello, dns_exchange, quic_initials, server_flight
from tests.bench.recorded import Recorded

FIN_ACK, RST, SYN, ACK, PSH_ACK, SYN_ACK = 17, 4, 2, 16, 24, 18
MSS = 1460
SYN_OPTIONS = b"\x02\x04\x05\xb4\x04\x02\x01\x03\x03\x08\x01\x01"
RESOLVERS = {
    False: [ip_address(text).packed for text in ("10.0.0.53", "10.0.1.53")],
    True: [ip_address(text).packed for text in ("fd00::53", "fd00:1::53")],
}
ORDINARY = [
    "www.example.com",
    "api.example.net",
    "cdn.example.org",
    "mail.corp.example",
    "login.corp.example",
    "telemetry.desktop.example",
    "updates.desktop.example",
    "video.stream.example",
    "fonts.static.example",
    "objects.store.example",
    "chat.office.example",
    "meet.office.example",
    "search.web.example",
    "news.web.example",
]

Frames = Iterator[tuple[str, bytes]]


@dataclass(frozen=True)
class Mix:
    """The traffic mix of an enterprise perimeter: shares of flows, numbers of hosts."""

    watched: tuple[str, ...]  # names that a monitor looks for
    clients: int = 3000
    servers: int = 5000
    data_bytes: int = 1448  # of a full packet
    flow_packets: int = 200  # approximate mean of data packets in a flow, with a heavy tail
    watch_share: float = 0.005
    quic_share: float = 0.3
    other_share: float = 0.15  # neither TLS nor DNS
    lookup_share: float = 0.6  # flows with DNS before them
    dns_tcp_share: float = 0.01
    ipv6_share: float = 0.15
    vlan_share: float = 0.2
    post_quantum_share: float = 0.4  # ClientHellos larger than a segment
    split_share: float = 0.1  # ClientHellos split at odd places
    reorder_share: float = 0.05  # of those in several packets, out of order
    shuffle_share: float = 0.5  # of the QUIC hellos, CRYPTO frames in any order
    recorded_share: float = 0.3  # openings from real captures
    networks: tuple[str, ...] = ()  # of the servers of watched names; without any, as those of the rest


@dataclass
class Flows:
    """Generates flows without end; the same seed gives the same flows."""

    mix: Mix
    recorded: Recorded
    rng: random.Random
    started: Counter[str] = field(default_factory=Counter)
    disclosed: set[str] = field(default_factory=set)
    """The names in complete ClientHellos: what a monitor has to find."""

    def __post_init__(self) -> None:
        self._pool = memoryview(self.rng.randbytes(1 << 18))
        self._ports: dict[int, int] = {}

    def start(self) -> Frames:
        """A new flow."""
        rng, mix = self.rng, self.mix
        self.started["flows"] += 1
        client = rng.randrange(mix.clients)
        v6 = rng.random() < mix.ipv6_share
        server = self._server(rng.randrange(mix.servers), v6)
        if rng.random() < mix.other_share:
            return self._other(client, server)
        kind = "quic" if rng.random() < mix.quic_share else "tls"
        self.started[kind] += 1
        opening = None
        # Spread evenly, so that a small load has flows of watched names as well.
        if self.started["watched"] < int(mix.watch_share * self.started["flows"]):
            self.started["watched"] += 1
            name = rng.choice(mix.watched)
            if mix.networks:
                network = ip_network(rng.choice(mix.networks))
                server = network[rng.randrange(1, min(network.num_addresses - 1, mix.servers))].packed
        elif rng.random() < mix.recorded_share and (self.recorded.quic and self.recorded.hellos):
            name, opening = rng.choice(self.recorded.quic if kind == "quic" else self.recorded.hellos)
        else:
            name = rng.choice(ORDINARY)
            if rng.random() < 0.3:
                name = f"h{rng.randrange(100000)}.{name}"
        flow = (self._quic if kind == "quic" else self._tls)(client, server, name, opening)
        can_resolve = (
            name.isascii() and len(name) < 200 and all(0 < len(part) < 64 for part in name.split("."))
        )
        if can_resolve and rng.random() < mix.lookup_share:
            return itertools.chain(self._lookup(client, name, server), flow)
        return flow

    def _server(self, number: int, v6: bool) -> bytes:
        return ip_address((0x20010DB8 << 96) + number + 1 if v6 else 0xC6120000 + number * 7).packed

    def _pair(self, client: int, server: bytes, proto: int, port: int) -> tuple[Pair, Pair]:
        """Both directions of a flow from the client's next port."""
        v6 = len(server) == 16
        near = ip_address((0xFD000000 << 96) + client + 1 if v6 else 0x0A100000 + client + 1).packed
        own_port = self._ports.get(client, 20000 + client % 9000) + 1
        self._ports[client] = own_port if own_port < 60999 else 20000
        mac, gateway = (
            b"\x02\x10\x00" + (client * 2654435761 & 0xFFFFFF).to_bytes(3, "big"),
            b"\x02\0\0\0\0\x01",
        )
        kind = b"\x86\xdd" if v6 else b"\x08\x00"
        if client % 100 < self.mix.vlan_share * 100:
            kind = b"\x81\x00" + struct.pack("!H", 100 + client % 8) + kind
        return (
            Pair(gateway + mac + kind, near, server, proto=proto, sport=own_port, dport=port),
            Pair(mac + gateway + kind, server, near, proto=proto, sport=port, dport=own_port),
        )

    def _bulk(self) -> Iterator[tuple[bool, int]]:
        """(from the server, payload size) of the data packets of one flow."""
        rng, mean = self.rng, self.mix.flow_packets
        count = max(1, min(int(mean * 0.23 * rng.paretovariate(1.3)), mean * 150))
        upload = rng.random() < 0.12
        for index in range(count):
            full = self.mix.data_bytes
            yield not upload, full if index < count - 1 else rng.randrange(50, full - 48)
            if index & 1:
                yield upload, 0 if rng.random() < 0.95 else rng.randrange(40, full // 2 - 24)

    def _lookup(self, client: int, name: str, server: bytes) -> Frames:
        rng, v6 = self.rng, len(server) == 16
        types = [28, 1] if v6 else [1, 28]
        for qtype in types if rng.random() < 0.6 else types[:1]:
            alias = f"edge-{rng.randrange(500)}.cdn.example.net" if rng.random() < 0.4 else None
            address = server if (qtype == 28) == v6 else None
            query, answer = dns_exchange(rng, name, qtype, address, alias)
            resolver = rng.choice(RESOLVERS[v6 and rng.random() < 0.5])
            if rng.random() < self.mix.dns_tcp_share:
                yield from self._dns_over_tcp(client, resolver, query, answer)
            else:
                up, down = self._pair(client, resolver, 17, 53)
                yield "dns", up.udp(query)
                yield "dns", down.udp(answer)

    def _dns_over_tcp(self, client: int, resolver: bytes, query: bytes, answer: bytes) -> Frames:
        up, down = self._pair(client, resolver, 6, 53)
        sent, received = yield from self._open(up, down)
        query, answer = (struct.pack("!H", len(message)) + message for message in (query, answer))
        yield "dns", up.tcp(sent, received, PSH_ACK, query)
        yield "dns", down.tcp(received, sent + len(query), PSH_ACK, answer)
        yield from _close(up, down, sent + len(query), received + len(answer))

    def _open(self, up: Pair, down: Pair):
        """The handshake; returns the next sequence numbers of both sides."""
        sent, received = self.rng.getrandbits(32), self.rng.getrandbits(32)
        yield "control", up.tcp(sent, 0, SYN, options=SYN_OPTIONS)
        yield "control", down.tcp(received, sent + 1, SYN_ACK, options=SYN_OPTIONS)
        yield "control", up.tcp(sent + 1, received + 1, ACK)
        return sent + 1, received + 1

    def _transfer(self, up: Pair, down: Pair, sent: int, received: int):
        """Data in both directions; returns the next sequence numbers."""
        for from_server, size in self._bulk():
            start = (sent + received) & 0x1FFFF
            data = self._pool[start : start + size]
            if from_server:
                yield "data", down.tcp(received, sent, ACK, data)
                received += size
            else:
                yield "data", up.tcp(sent, received, ACK, data)
                sent += size
        return sent, received

    def _tls(self, client: int, server: bytes, name: str, opening: list[bytes] | None) -> Frames:
        rng = self.rng
        up, down = self._pair(client, server, 6, 443)
        sent, received = yield from self._open(up, down)
        segments = []
        for piece in opening or self._cut(
            client_hello(rng, name, rng.random() < self.mix.post_quantum_share)
        ):
            segments.append((sent, piece))
            sent += len(piece)
        if len(segments) > 1 and rng.random() < self.mix.reorder_share:
            segments.reverse()
        for sequence, piece in segments:
            yield "hello", up.tcp(sequence, received, PSH_ACK, piece)
        self.disclosed.add(name)
        flight = server_flight(rng, self._pool)
        for start in range(0, len(flight), MSS):
            yield "data", down.tcp(received + start, sent, ACK, flight[start : start + MSS])
        received += len(flight)
        finished = b"\x14\x03\x03\x00\x01\x01\x17\x03\x03\x00\x35" + bytes(self._pool[:53])
        yield "data", up.tcp(sent, received, PSH_ACK, finished)
        sent, received = yield from self._transfer(up, down, sent + len(finished), received)
        if rng.random() < 0.85:
            yield from _close(up, down, sent, received)
        else:
            yield "control", up.tcp(sent, received, RST)

    def _cut(self, hello: bytes) -> list[bytes]:
        cuts = {0, len(hello), *range(MSS, len(hello), MSS)}
        if self.rng.random() < self.mix.split_share:
            cuts.update(self.rng.randrange(1, len(hello)) for _ in range(self.rng.randrange(1, 4)))
        return [hello[start:end] for start, end in itertools.pairwise(sorted(cuts))]

    def _quic(
        self, client: int, server: bytes, name: str, opening: list[tuple[bool, bytes]] | None
    ) -> Frames:
        rng, mix = self.rng, self.mix
        if opening is None:
            big, shuffle = rng.random() < mix.post_quantum_share, rng.random() < mix.shuffle_share
            opening = [(True, datagram) for datagram in quic_initials(rng, name, big, shuffle)]
            if len(opening) > 1 and rng.random() < mix.reorder_share:
                opening.reverse()
        up, down = self._pair(client, server, 17, 443)
        for from_client, datagram in opening:
            kind = "quic_initial" if from_client and datagram[:1] >= b"\x80" else "data"
            yield kind, (up if from_client else down).udp(datagram)
        self.disclosed.add(name)
        ids = rng.randbytes(8), rng.randbytes(8)
        for from_server, size in self._bulk():
            start = rng.randrange(1 << 17)
            data = self._pool[start : start + max(min(size, 1240), 30)]
            yield "data", (down if from_server else up).udp(b"\x4b" + ids[from_server] + data)

    def _other(self, client: int, server: bytes) -> Frames:
        """Other traffic: file shares, plain HTTP, NTP, calls."""
        rng, pool = self.rng, self._pool
        port, size = rng.choice(((445, 0), (80, 0), (123, 48), (40000, 172)))
        if size:
            up, down = self._pair(client, server, 17, port)
            for _packet in range(1) if port == 123 else self._bulk():
                start = rng.randrange(1 << 17)
                for way in (up, down):
                    yield "data", way.udp(b"\x23" + pool[start : start + size - 1])
            return
        up, down = self._pair(client, server, 6, port)
        sent, received = yield from self._open(up, down)
        request = b"GET / HTTP/1.1\r\nHost: intranet.example\r\n\r\n"
        query = request if port == 80 else b"\0\0\0\x60\xfeSMB" + bytes(pool[:92])
        yield "data", up.tcp(sent, received, PSH_ACK, query)
        sent, received = yield from self._transfer(up, down, sent + len(query), received)
        yield from _close(up, down, sent, received)


def _close(up: Pair, down: Pair, sent: int, received: int) -> Frames:
    yield "control", up.tcp(sent, received, FIN_ACK)
    yield "control", down.tcp(received, sent + 1, FIN_ACK)
    yield "control", up.tcp(sent + 1, received + 1, ACK)
