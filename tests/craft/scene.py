"""The setting of the golden captures: clients and servers, and the plain session that each case varies."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.craft import tls
from tests.craft.packets import LINKS, ethernet
from tests.craft.pcap import NANOSECONDS, pcap
from tests.craft.talk import (
    SECOND_NS,
    Connection,
    Part,
    Sent,
    frames,
    tls_session,
)

START_NS = 1_780_308_000 * SECOND_NS  # 2026-06-01 10:00:00 UTC
RTT_NS = 6_400_000
CLIENT, CLIENT_V6, RESOLVER, UPSTREAM = "192.0.2.10", "2001:db8:1::10", "192.0.2.53", "192.0.2.54"
ZURICH, MOSCOW, ELSEWHERE = "198.51.100.10", "203.0.113.10", "192.0.2.200"
DISPUTED = "203.0.113.200"
ZURICH_V6 = "2001:db8:c::10"
NAME, UPDATES = "eu.files.cloud.example", "updates.cloud.example"
ETHERNET, RAW = 1, 101
SPLIT_HELLO_BYTES = 1750  # more than a segment holds, so the name is in the second one


def connection(
    server: str = ZURICH,
    port: int = 443,
    *,
    client: str = CLIENT,
    client_port: int = 50_000,
    at_s: float = 0.0,
) -> Connection:
    """A connection before its handshake."""
    start_ns = START_NS + round(at_s * SECOND_NS)
    return Connection(client, client_port, server, port, start_ns=start_ns, rtt_ns=RTT_NS)


def hello(name: str | None = NAME, *, post_quantum: bool = False, ech: bool = False) -> bytes:
    """A ClientHello; a post-quantum one has its name after the end of the first segment."""
    pad_to = SPLIT_HELLO_BYTES if post_quantum else 0
    return tls.client_hello(name, post_quantum=post_quantum, ech=ech, name_last=post_quantum, pad_to=pad_to)


def flight(name: str | None = NAME, *, post_quantum: bool = False, ech: bool = False) -> bytes:
    """A ClientHello in one record."""
    return tls.hello_records(hello(name, post_quantum=post_quantum, ech=ech))


def in_segments(layout: Callable[[bytes], Sequence[Part]]) -> list[Sent]:
    """A session whose post-quantum hello arrives in the given segments."""
    return tls_session(connection(), flight(post_quantum=True), parts=layout, post_quantum=True)


def ethernet_file(sent: Sequence[Sent]) -> bytes:
    """The packets in Ethernet frames, as a pcap file with nanosecond timestamps."""
    return pcap(frames(sent, ethernet), ETHERNET, magic=NANOSECONDS)


def on_link(name: str) -> bytes:
    """A session on a link layer."""
    number, link = LINKS[name]
    return pcap(frames(tls_session(connection(), flight()), link), number)


def rebuilt(sent: Sequence[Sent], rebuild: Callable[[bytes], bytes]) -> list[Sent]:
    """The packets with another IP header."""
    return [Sent(s.time_ns, rebuild(s.packet), s.up) for s in sent]
