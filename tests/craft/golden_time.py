"""Golden captures about time: long silences, and clocks that are wrong, are set, or differ."""

from __future__ import annotations

from dataclasses import replace

from tests.craft import tls
from tests.craft.packets import UDP, address, ethernet, filler, ip, udp
from tests.craft.pcap import NANOSECONDS, Frame, Interface, pcap, pcapng
from tests.craft.quic import Initials, ack, crypto
from tests.craft.scene import CLIENT, ETHERNET, NAME, START_NS, ZURICH, connection, ethernet_file, flight
from tests.craft.talk import (
    MILLISECOND_NS,
    SECOND_NS,
    Connection,
    Load,
    Sent,
    frames,
    tls_session,
    transfer,
)

LONG = Load(turns=60, pause_ns=100 * MILLISECOND_NS)
"""Six seconds of traffic."""
HOUR_NS = 3600 * SECOND_NS


def push_channel() -> Connection:
    """A connection that rests for 400 s, then for two hours; the server speaks first after that."""
    talk = connection()
    tls_session(talk, flight(), fin=False)
    talk.wait(400 * SECOND_NS)
    transfer(talk, Load())
    talk.wait(7200 * SECOND_NS)
    talk.receive(tls.application_data("push", 300))
    return talk


def resting_connection() -> bytes:
    """A push channel rests for 400 s and then for two hours; the server speaks first afterwards.

    Three flows with the same name, place and verdict. The later two say which flow they continue, and the
    bytes of all three add up to those of the connection.
    """
    return ethernet_file(push_channel().sent)


def port_used_again_after_silence() -> bytes:
    """After 400 s of silence, other sequence numbers appear between the same ports; the SYN was not seen.

    The second flow is another connection: it has no name, and its start is unknown.
    """
    first, second = connection(), connection(at_s=400)
    sent = tls_session(first, flight(), fin=False)
    second.next_up, second.next_down = second.next_up ^ 1 << 30, second.next_down ^ 1 << 30
    return ethernet_file(sent + transfer(second, Load()))


def quic_datagrams() -> list[Sent]:
    """A QUIC connection whose client has three ports, one after another."""
    origin, server_id, client_id = filler("origin", 8), filler("server", 8), filler("client", 4)
    hello = tls.client_hello(NAME, alpn=("h3",), versions=(tls.TLS13,), quic=True)
    server_hello = tls.server_flight("quic")[5:]
    server_hello = server_hello[: 4 + int.from_bytes(server_hello[1:4], "big")]
    first = Initials(origin).packet(
        0, crypto(0, hello).ljust(1200, b"\0"), destination=origin, source=client_id
    )
    answer = Initials(origin, side=b"server").packet(
        0, ack(0) + crypto(0, server_hello), destination=client_id, source=server_id
    )
    ends = address(CLIENT), address(ZURICH)

    def datagram(at_s: float, port: int, payload: bytes, *, up: bool) -> Sent:
        (source, destination), ports = (ends, (port, 443)) if up else (ends[::-1], (443, port))
        packet = ip(source, destination, UDP, udp(source, destination, ports, payload))
        return Sent(START_NS + round(at_s * SECOND_NS), packet, up=up)

    sent = [datagram(0, 50_000, first, up=True), datagram(0.01, 50_000, answer, up=False)]
    for start_s, port in ((0.02, 50_000), (5, 50_777), (100, 50_999)):
        for turn in range(4):
            request = b"\x41" + server_id + filler(f"{port} up {turn}", 200)
            response = b"\x41" + client_id + filler(f"{port} down {turn}", 900)
            sent.append(datagram(start_s + turn / 10, port, request, up=True))
            sent.append(datagram(start_s + turn / 10 + 0.01, port, response, up=False))
    return sent


def quic_rebinding() -> bytes:
    """A NAT gives a QUIC client another port, and after a minute of silence another one.

    The server's connection ID stays the same, so all three flows have the name in the first one's hello.
    """
    return ethernet_file(quic_datagrams())


def _in_this_order(sent: list[Sent]) -> bytes:
    """A file whose packets keep the given order, whatever their timestamps."""
    return pcap([Frame(s.time_ns, ethernet(s.packet)) for s in sent], ETHERNET, magic=NANOSECONDS)


def stray_times() -> bytes:
    """Three single packets of a connection have a wrong time: a day ahead, an hour back, and 1970.

    One flow, with its name and all its bytes; the packets with a wrong time are counted.
    """
    sent = tls_session(connection(), flight(), load=LONG)
    for number, wrong_ns in ((40, START_NS + 24 * HOUR_NS), (90, START_NS - HOUR_NS), (140, 0)):
        sent[number] = replace(sent[number], time_ns=wrong_ns)
    return _in_this_order(sent)


def clock_set_back() -> bytes:
    """The clock of the capture is set back by an hour while a connection is open.

    One flow, with its name and all its bytes, at the time that the clock has now; the step is counted.
    """
    sent = tls_session(connection(), flight(), load=LONG)
    return _in_this_order([*sent[:100], *(replace(s, time_ns=s.time_ns - HOUR_NS) for s in sent[100:])])


def two_clocks() -> bytes:
    """A tap delivers each direction on an interface of its own, and their clocks differ by 301 s.

    One flow, with its name and all its bytes; the second interface's clock is counted as different.
    """
    sent = tls_session(connection(), flight(), load=LONG)
    order = frames(sent, ethernet)
    late_ns = 301 * SECOND_NS
    tapped = [
        frame if one.up else replace(frame, time_ns=frame.time_ns + late_ns, interface=1)
        for one, frame in zip(sent, order, strict=True)
    ]
    return pcapng(tapped, [Interface("tap0", ETHERNET), Interface("tap1", ETHERNET)])
