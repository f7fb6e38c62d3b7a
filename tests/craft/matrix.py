"""Hellos of every layout, in every encapsulation of a mirror port, seen in every view: one cell for each.

Each cell is a conversation with its own ports and its own name, so that any confusion of two is detected.
"""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from tests.craft import quic, tls
from tests.craft.packets import UDP, address, addresses, filler, ip, ipv4, udp
from tests.craft.pcap import Frame
from tests.craft.quic import V1, V2, Initials, Version, ack, crypto
from tests.craft.talk import (
    BACK_TO_BACK_NS,
    MILLISECOND_NS,
    SECOND_NS,
    Connection,
    Load,
    Part,
    Sent,
    frames,
    split,
    tls_session,
)
from tests.craft.tunnels import ENCAPSULATIONS

START_NS = 1_780_308_000 * SECOND_NS  # 2026-06-01 10:00:00 UTC
RTT_NS = 6 * MILLISECOND_NS
SEGMENT = 1380
TWO_SEGMENTS, THREE_SEGMENTS = 1900, 3600
"""Sizes of hellos that need that many segments."""
LOAD = Load(up_bytes=200, down_bytes=400)

Stream = tuple[bytes, list[Part]]
"""A client's first flight, and its segments in the order in which they are sent."""
Datagrams = list[list[list[Part | bytes]]]
"""A client's first datagrams: each of Initial packets, each of CRYPTO parts and other frames."""


# --- TLS over TCP --------------------------------------------------------------------------------


def one_segment(name: str) -> Stream:
    """The complete hello in one segment."""
    data = tls.hello_records(tls.client_hello(name))
    return data, [(0, data)]


def two_segments(name: str) -> Stream:
    """A post-quantum hello whose name is in the first of two segments."""
    data = tls.hello_records(tls.client_hello(name, post_quantum=True, pad_to=TWO_SEGMENTS))
    return data, split(data, SEGMENT)


def three_segments(name: str) -> Stream:
    """A hello over three segments."""
    data = tls.hello_records(tls.client_hello(name, post_quantum=True, pad_to=THREE_SEGMENTS))
    return data, split(data, SEGMENT)


def tiny_segments(name: str) -> Stream:
    """Segments of eight bytes."""
    data = tls.hello_records(tls.client_hello(name))
    return data, split(data, 8)


def split_name(name: str) -> Stream:
    """Two segments, split in the middle of the name."""
    data = tls.hello_records(tls.client_hello(name))
    middle = data.index(name.encode()) + len(name) // 2
    return data, [(0, data[:middle]), (middle, data[middle:])]


def name_last(name: str) -> Stream:
    """A post-quantum hello whose name is its last extension, in the second segment."""
    message = tls.client_hello(name, post_quantum=True, name_last=True, pad_to=TWO_SEGMENTS)
    data = tls.hello_records(message)
    return data, split(data, SEGMENT)


def reordered(name: str) -> Stream:
    """Three segments, the last one first."""
    data, parts = three_segments(name)
    return data, parts[::-1]


def retransmitted(name: str) -> Stream:
    """Segments are retransmitted with other boundaries, so that they overlap."""
    data, _ = name_last(name)
    cuts = [(0, 700), (0, 1200), (1000, 1500), (1100, 1500), (1500, len(data)), (1400, len(data))]
    return data, [(start, data[start:end]) for start, end in cuts]


def two_records(name: str) -> Stream:
    """Two TLS records, split in the middle of the name, in one segment (RFC 8446, 5.1)."""
    message = tls.client_hello(name)
    data = tls.hello_records(message, cuts=[message.index(name.encode()) + len(name) // 2])
    return data, [(0, data)]


def beside_ech(name: str) -> Stream:
    """A name in clear beside an encrypted_client_hello extension."""
    data = tls.hello_records(tls.client_hello(name, ech=True))
    return data, [(0, data)]


TCP_SHAPES: dict[str, Callable[[str], Stream]] = {
    shape.__name__: shape
    for shape in (
        one_segment,
        two_segments,
        three_segments,
        tiny_segments,
        split_name,
        name_last,
        reordered,
        retransmitted,
        two_records,
        beside_ech,
    )
}
TCP_VIEWS = ("both", "client", "no_syn", "no_syn_client")
"""Both directions; only the client's; either of them without the handshake."""


# --- QUIC ----------------------------------------------------------------------------------------


def one_initial(hello: bytes) -> Datagrams:
    """One Initial."""
    return [[[(0, hello)]]]


def two_initials(hello: bytes) -> Datagrams:
    """Two datagrams of one Initial each."""
    return [[[(0, hello[:1100])]], [[(1100, hello[1100:])]]]


def reversed_initials(hello: bytes) -> Datagrams:
    """The second datagram arrives first."""
    return two_initials(hello)[::-1]


def shuffled_frames(hello: bytes) -> Datagrams:
    """Five CRYPTO frames in one Initial, out of order."""
    parts = split(hello, -(-len(hello) // 5))
    return [[[parts[at] for at in (3, 0, 4, 2, 1)]]]


def small_frames(hello: bytes) -> Datagrams:
    """Many small CRYPTO frames with PING and PADDING between them, in two datagrams, out of order."""
    rng = random.Random(hello)
    cuts = sorted({0, len(hello), *rng.sample(range(1, len(hello)), 20)})
    parts = [(start, hello[start:end]) for start, end in itertools.pairwise(cuts)]
    rng.shuffle(parts)
    mixed = [[part, rng.choice((b"", b"\x01", bytes(3)))] for part in parts]
    halves = mixed[: len(mixed) // 2], mixed[len(mixed) // 2 :]
    return [[[frame for pair in half for frame in pair]] for half in halves]


def coalesced(hello: bytes) -> Datagrams:
    """Two Initials in one datagram."""
    return [[[(0, hello[:200])], [(200, hello[200:])]]]


QUIC_SHAPES: dict[str, tuple[Callable[[bytes], Datagrams], int]] = {
    "one_initial": (one_initial, 0),
    "two_initials": (two_initials, TWO_SEGMENTS),
    "reversed_initials": (reversed_initials, TWO_SEGMENTS),
    "shuffled_frames": (shuffled_frames, 0),
    "small_frames": (small_frames, TWO_SEGMENTS),
    "coalesced": (coalesced, 0),
}
"""Layout, and the minimum length of the hello."""
QUIC_VIEWS = ("both", "client")
QUIC_VERSIONS = {"quic1": V1, "quic2": V2}


# --- cells ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cell:
    """One combination. Its ports are derived from `number`, and its name is unique."""

    number: int
    over: Literal["tls", "quic1", "quic2"]
    shape: str
    ip_version: int
    encapsulation: str
    view: str
    port: int = 443

    @property
    def name(self) -> str:
        """The name in the hello."""
        words = (self.shape, self.over, f"ip{self.ip_version}", self.encapsulation, self.view)
        return ".".join(words).replace("_", "-") + ".matrix.example"

    @property
    def ends(self) -> tuple[str, int, str, int]:
        """Client, its port, server, its port: few addresses, so that they alone identify no cell."""
        client = 1 + self.number % 200
        if self.ip_version == 4:
            return f"192.0.2.{client}", 50_000 + self.number, f"198.51.100.{1 + self.number % 7}", self.port
        return (
            f"2001:db8:1::{client:x}",
            50_000 + self.number,
            f"2001:db8:2::{1 + self.number % 7:x}",
            self.port,
        )

    def sent(self, *, without_name: bool = False) -> list[Sent]:
        """The visible part of the conversation; `without_name`: whatever holds bytes of the name is lost."""
        talk = self._over_tcp if self.over == "tls" else self._over_quic
        seen = talk(without_name)
        if self.view.endswith("client"):
            seen = [sent for sent in seen if sent.up]
        return [_numbered(sent, number) for number, sent in enumerate(seen)]

    def frames(self, *, without_name: bool = False) -> list[Frame]:
        """The same as Ethernet frames."""
        return frames(self.sent(without_name=without_name), ENCAPSULATIONS[self.encapsulation])

    @property
    def start_ns(self) -> int:
        """The start time: so soon after the previous cell that many overlap."""
        return START_NS + self.number * 37_000

    def _holds_name(self, data: bytes) -> Callable[[Part], bool]:
        start = data.index(self.name[:12].encode())
        end = start + len(self.name)
        return lambda part: part[0] < end and part[0] + len(part[1]) > start

    def _over_tcp(self, without_name: bool) -> list[Sent]:
        data, parts = TCP_SHAPES[self.shape](self.name)
        if without_name:
            parts = list(itertools.filterfalse(self._holds_name(data), parts))
        client, client_port, server, port = self.ends
        talk = Connection(client, client_port, server, port, start_ns=self.start_ns, rtt_ns=RTT_NS)
        syn = not self.view.startswith("no_syn")
        return tls_session(talk, data, parts=lambda _: parts, load=LOAD, syn=syn)

    def _over_quic(self, without_name: bool) -> list[Sent]:
        layout, pad_to = QUIC_SHAPES[self.shape]
        hello = tls.client_hello(
            self.name, alpn=("h3",), versions=(tls.TLS13,), post_quantum=pad_to > 0, pad_to=pad_to, quic=True
        )
        is_lost = self._holds_name(hello) if without_name else lambda _: False
        talk = QuicTalk(self.ends, QUIC_VERSIONS[self.over], label=self.name, start_ns=self.start_ns)
        return talk.session(layout(hello), is_lost)


class QuicTalk:
    """The packets of a QUIC connection; `ends` are client, its port, server, its port."""

    def __init__(
        self, ends: tuple[str, int, str, int], version: Version, *, label: str, start_ns: int
    ) -> None:
        client, client_port, server, port = ends
        self._client, self._server = address(client), address(server)
        self._ports = (client_port, port)
        self._origin = filler(f"{label} origin", 8)
        self._own_id = filler(f"{label} server", 8)
        self._version = version
        self._label = label
        self._now_ns = start_ns
        self._sent: list[Sent] = []

    def session(self, datagrams: Datagrams, is_lost: Callable[[Part], bool] = lambda _: False) -> list[Sent]:
        """The client's first datagrams, the server's first one, then encrypted packets in both directions."""
        initials, number = Initials(self._origin, self._version), 0
        for datagram in datagrams:
            packets = [_payload(packet, is_lost) for packet in datagram]
            self._send(initials.datagram(number, packets, destination=self._origin), up=True)
            number += len(packets)
        self._now_ns += RTT_NS
        hello = tls.server_flight(self._label)[5:]  # QUIC has no TLS record header
        hello = hello[: 4 + int.from_bytes(hello[1:4], "big")]
        answer = ack(number - 1) + crypto(0, hello)
        protect = Initials(self._origin, self._version, side=b"server")
        self._send(
            protect.packet(0, answer.ljust(1100, b"\0"), destination=b"", source=self._own_id), up=False
        )
        for turn in range(3):
            self._now_ns += RTT_NS
            self._send(b"\x41" + self._own_id + filler(f"{self._label} {turn} up", 60), up=True)
            self._send(b"\x41" + filler(f"{self._label} {turn} down", 700), up=False)
        return self._sent

    def _send(self, payload: bytes, *, up: bool) -> None:
        self._now_ns += BACK_TO_BACK_NS
        source, destination = (self._client, self._server) if up else (self._server, self._client)
        ports = self._ports if up else self._ports[::-1]
        packet = ip(source, destination, UDP, udp(source, destination, ports, payload))
        self._sent.append(Sent(self._now_ns, packet, up=up))


def _payload(packet: list[Part | bytes], is_lost: Callable[[Part], bool]) -> bytes:
    """The frames of an Initial, or a PING if there are none."""
    written = b""
    for frame in packet:
        if isinstance(frame, bytes):
            written += frame
        elif not is_lost(frame):
            written += crypto(*frame)
    return written or bytes([quic.PING])


def _numbered(sent: Sent, number: int) -> Sent:
    """An IPv4 packet with its own identification: a retransmission is another packet."""
    if sent.packet[0] >> 4 != 4:
        return sent
    source, destination = addresses(sent.packet)
    packet = ipv4(source, destination, sent.packet[9], sent.packet[20:], identification=1 + number)
    return Sent(sent.time_ns, packet, sent.up)


def _combinations() -> Iterator[tuple[str, str, int, str, str]]:
    yield from itertools.product(["tls"], TCP_SHAPES, [4, 6], ENCAPSULATIONS, TCP_VIEWS)
    yield from itertools.product(QUIC_VERSIONS, QUIC_SHAPES, [4, 6], ENCAPSULATIONS, QUIC_VIEWS)


@functools.cache
def cells() -> tuple[Cell, ...]:
    """All cells."""
    return tuple(Cell(number, *combination) for number, combination in enumerate(_combinations()))
