"""Golden captures about round trips: what they rule out, and when they are ignored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tests.craft import tls
from tests.craft.packets import SYN, UDP, address, ethernet, filler, ip, udp
from tests.craft.pcap import NANOSECONDS, Frame, pcap
from tests.craft.quic import Initials, ack, crypto
from tests.craft.scene import (
    CLIENT,
    CLIENT_V6,
    DISPUTED,
    ETHERNET,
    MOSCOW,
    NAME,
    START_NS,
    ZURICH,
    connection,
    ethernet_file,
    flight,
)
from tests.craft.talk import MICROSECOND_NS, MILLISECOND_NS, SECOND_NS, Connection, Sent, tls_session

SHORT_NS, LONG_NS, LOCAL_NS = 6_430_000, 40_370_000, 310_000
"""Round trips: too short for Frankfurt to Moscow, long enough, and that of a proxy on site."""


def _connection(server: str, rtt_ns: int, number: int, *, client: str = CLIENT) -> Connection:
    """A connection that starts in the second `number`."""
    talk = connection(server, client=client, client_port=50_000 + number, at_s=number)
    talk.rtt_ns = rtt_ns
    return talk


def _session(server: str, rtt_ns: int, number: int) -> list[Sent]:
    return tls_session(_connection(server, rtt_ns, number), flight())


def moscow_excluded() -> bytes:
    """A sensor in Frankfurt sees servers answer in 6.43 ms and in 40.37 ms that databases place in Moscow.

    Within 6.43 ms not even light returns from Moscow: the votes for it are discarded, and the rest decide
    nothing. Within 40.37 ms Moscow is possible, and unexpected. Where an address answers slowly first and
    fast later, the first flow is judged by the measurements up to then.
    """
    sent = _session(MOSCOW, SHORT_NS, 0) + _session(DISPUTED, SHORT_NS, 1)
    sent += _session("203.0.113.11", LONG_NS, 2)
    sent += _session("203.0.113.12", LONG_NS, 3) + _session("203.0.113.12", SHORT_NS, 30)
    return ethernet_file(sent)


def promise_excluded() -> bytes:
    """A sensor in Singapore sees a server answer in 6.43 ms that two databases place in Zürich, as promised.

    Zürich is impossible, so the promise is not confirmed: undecided, `rtt_excludes_promise`.
    """
    return ethernet_file(_session(ZURICH, SHORT_NS, 0))


def round_trips_not_measured() -> bytes:
    """Handshakes with a server in Moscow whose measured round trip could be too small.

    A retransmitted SYN, a clock set back by 35 ms in between, SYN and SYN-ACK at the same time: no round trip
    is measured, so nothing is excluded and the databases decide.
    """
    again = _session(MOSCOW, SHORT_NS, 1)
    first = replace(again[0], time_ns=again[0].time_ns - SECOND_NS)
    same = _session(MOSCOW, SHORT_NS, 2)
    stepped = _session(MOSCOW, LONG_NS, 3)
    # A packet from before the clock change arrives in between: without it the change would be invisible.
    other = _connection("203.0.113.13", LONG_NS, 3)
    other.now_ns += 30 * MILLISECOND_NS
    other.up(SYN)
    after = [replace(s, time_ns=s.time_ns - 35 * MILLISECOND_NS) for s in stepped[1:]]
    sent = [first, *again, same[0], replace(same[1], time_ns=same[0].time_ns), *same[2:]]
    return _in_this_order([*sent, stepped[0], *other.sent, *after])


def _in_this_order(sent: Sequence[Sent]) -> bytes:
    """A file whose packets keep the given order, whatever their timestamps."""
    return pcap([Frame(s.time_ns, ethernet(s.packet)) for s in sent], ETHERNET, magic=NANOSECONDS)


def intercepted() -> bytes:
    """A proxy on site answers for every destination in 0.31 ms, also for a server in Moscow.

    Twenty unrelated destinations seem equally near: interception is suspected, and nothing is excluded.
    """
    sent: list[Sent] = []
    for number in range(20):
        talk = _connection(
            f"3fff:{number:x}::1", LOCAL_NS + number * MICROSECOND_NS, number, client=CLIENT_V6
        )
        talk.open()
        talk.close()
        sent += talk.sent
    return ethernet_file(sent + _session(MOSCOW, LOCAL_NS, 20))


def quic_round_trip() -> bytes:
    """A QUIC client's Initial and the server's response 6.43 ms later, from an address placed in Moscow.

    The pair is measured like SYN and SYN-ACK, and Moscow is excluded for a sensor in Frankfurt.
    """
    origin, own_id = filler("origin", 8), filler("own", 8)
    hello = tls.client_hello(NAME, alpn=("h3",), versions=(tls.TLS13,), quic=True)
    opening = Initials(origin).datagram(0, [crypto(0, hello)], destination=origin)
    server_hello = tls.server_flight("quic")[5:]
    server_hello = server_hello[: 4 + int.from_bytes(server_hello[1:4], "big")]
    protect = Initials(origin, side=b"server")
    answer = protect.packet(0, ack(0) + crypto(0, server_hello), destination=b"", source=own_id)
    client, server = address(CLIENT), address(MOSCOW)
    there = ip(client, server, UDP, udp(client, server, (50_000, 443), opening))
    back = ip(server, client, UDP, udp(server, client, (443, 50_000), answer))
    return ethernet_file([Sent(START_NS, there, up=True), Sent(START_NS + SHORT_NS, back, up=False)])
