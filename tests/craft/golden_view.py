"""Golden captures about the view: packets that a mirror port duplicates or loses."""

from __future__ import annotations

import struct

from tests.craft.packets import checksum, ethernet, vlan
from tests.craft.pcap import NANOSECONDS, pcap
from tests.craft.scene import (
    CLIENT,
    CLIENT_V6,
    ETHERNET,
    NAME,
    RESOLVER,
    START_NS,
    ZURICH,
    ZURICH_V6,
    connection,
    ethernet_file,
    flight,
)
from tests.craft.talk import Load, Sent, frames, look_up_addresses, tls_session

SWITCH_NS = 20_000  # between the two ports that a packet traverses


def mirrored_twice() -> bytes:
    """Both sides of a router are mirrored: each packet arrives twice, the second one hop further and tagged.

    Packets, bytes and DNS messages are those of one side. Neither session has IP identifications:
    acknowledgements are recognised as duplicates because the rest of their flow is duplicated.
    """
    sent = look_up_addresses(CLIENT, RESOLVER, NAME, [ZURICH], at_ns=START_NS, port=50_500)
    sent += tls_session(connection(at_s=0.01), flight())
    sent += tls_session(connection(ZURICH_V6, client=CLIENT_V6, at_s=0.02), flight())
    later = [Sent(s.time_ns + SWITCH_NS, a_hop_farther(s.packet), s.up) for s in sent]
    both = frames(sent, ethernet) + frames(later, vlan)
    return pcap(sorted(both, key=lambda frame: frame.time_ns), ETHERNET, magic=NANOSECONDS)


def late_syn() -> bytes:
    """A late copy of the SYN arrives after data was exchanged.

    It begins nothing anew: no byte is missing, and the verdict is that of the flow without it.
    """
    sent = tls_session(connection(), flight())
    middle = len(sent) // 2
    copy = Sent(sent[middle].time_ns + 1, sent[0].packet, sent[0].up)
    return ethernet_file([*sent[: middle + 1], copy, *sent[middle + 1 :]])


def retransmitted_at_once() -> bytes:
    """A near host retransmits every fifth packet of an upload over IPv6 within a millisecond.

    The mirror port delivers every packet once, so each of them counts, although it looks like a duplicate.
    """
    load = Load(turns=4, up_bytes=20_000, down_bytes=200, pause_ns=10_000_000)
    sent = tls_session(connection(ZURICH_V6, client=CLIENT_V6), flight(), load=load)
    again = [Sent(s.time_ns + 1, s.packet, s.up) for s in [s for s in sent if s.up][5::5]]
    return ethernet_file(sorted([*sent, *again], key=lambda s: s.time_ns))


def lossy_mirror() -> bytes:
    """An overloaded mirror port loses every third packet of a download.

    The flow is named. The event gives the bytes that the client acknowledged and the sensor never saw, and
    the verdict is not expected, although the flow went to the right place.
    """
    load = Load(turns=4, up_bytes=200, down_bytes=20_000, pause_ns=10_000_000)
    sent = tls_session(connection(), flight(), load=load)
    big = [s for s in sent if not s.up and len(s.packet) > 1000]
    lost = {id(s) for s in big[2::3]}
    return ethernet_file([s for s in sent if id(s) not in lost])


def a_hop_farther(packet: bytes) -> bytes:
    """The IP packet after one more router."""
    if packet[0] >> 4 == 6:
        return packet[:7] + bytes([packet[7] - 1]) + packet[8:]
    head = packet[:8] + bytes([packet[8] - 1, packet[9], 0, 0]) + packet[12:20]
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + packet[20:]
