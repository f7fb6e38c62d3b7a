"""Golden captures about hellos in streams, and about the layers below them."""

from __future__ import annotations

from tests.craft import packets, tls
from tests.craft.packets import TCP, ethernet
from tests.craft.pcap import Interface, pcap, pcapng
from tests.craft.scene import (
    CLIENT_V6,
    ETHERNET,
    MOSCOW,
    NAME,
    RAW,
    UPDATES,
    ZURICH_V6,
    connection,
    ethernet_file,
    flight,
    hello,
    in_segments,
    on_link,
    rebuilt,
)
from tests.craft.talk import (
    MILLISECOND_NS,
    Load,
    Sent,
    frames,
    split,
    tls_session,
    transfer,
)


def complete_hello() -> bytes:
    """The plain case: a ClientHello in one segment, the server's response, an orderly close.

    Named by SNI, RTT 6.4 ms, no view limitations.
    """
    return ethernet_file(tls_session(connection(), flight()))


def post_quantum_hello() -> bytes:
    """A post-quantum hello of 1.75 kB in two segments; the name is in the second one.

    Named by SNI: this is what current browsers send.
    """
    return ethernet_file(in_segments(lambda data: split(data, 1460)))


def reordered_hello() -> bytes:
    """The second segment of the hello arrives before the first.

    Named by SNI.
    """
    return ethernet_file(in_segments(lambda data: split(data, 1460)[::-1]))


def overlapping_retransmission() -> bytes:
    """The first segment of the hello is retransmitted with other boundaries, so the middle overlaps.

    Named by SNI; the retransmitted bytes were on the wire, so they count.
    """
    return ethernet_file(
        in_segments(
            lambda data: [(0, data[:700]), (0, data[:1200]), (1000, data[1000:1600]), (1500, data[1500:])]
        )
    )


def two_records() -> bytes:
    """The hello is split into two TLS records inside its server_name.

    Named by SNI (RFC 8446, 5.1 allows it).
    """
    message = hello()
    middle = message.index(NAME.encode()) + 5
    return ethernet_file(tls_session(connection(), tls.hello_records(message, cuts=[middle])))


def tiny_segments() -> bytes:
    """The hello arrives in segments of eight bytes.

    Named by SNI.
    """
    return ethernet_file(tls_session(connection(), flight(), parts=lambda data: split(data, 8)))


def no_syn() -> bytes:
    """The capture begins after the handshake, just before the hello.

    Named by SNI; no RTT; the view is `no_start`.
    """
    return ethernet_file(tls_session(connection(), flight(), syn=False))


def client_side_only() -> bytes:
    """The mirror shows what the client sends, and nothing that the server sends.

    Named by SNI; nothing received; no RTT; the view is `one_way`.
    """
    sent = tls_session(connection(), flight(post_quantum=True), post_quantum=True)
    return ethernet_file([s for s in sent if s.up])


def server_side_only() -> bytes:
    """The mirror shows what the server sends, and nothing that the client sends.

    The SYN-ACK shows which end is the server. No name: the flow is tagged by its address alone (`network`).
    The view is `one_way`. The server acknowledges bytes of the client that were not seen, so the contact is
    `data`; the verdict is undecided (`insufficient_view`), because anyone may send in a server's name.
    """
    return ethernet_file([s for s in tls_session(connection(), flight()) if not s.up])


def vlan() -> bytes:
    """Ethernet with an 802.1Q tag.

    As `complete_hello`: the tag does not count as IP bytes.
    """
    return on_link("vlan")


def qinq() -> bytes:
    """Ethernet with an 802.1ad service tag and an 802.1Q customer tag.

    As `complete_hello`: the tags do not count as IP bytes.
    """
    return on_link("qinq")


def sll() -> bytes:
    """Linux cooked capture.

    As `complete_hello`.
    """
    return on_link("sll")


def sll2() -> bytes:
    """Linux cooked capture, version 2.

    As `complete_hello`.
    """
    return on_link("sll2")


def raw_ip() -> bytes:
    """No link layer.

    As `complete_hello`.
    """
    return on_link("raw")


def null_link() -> bytes:
    """BSD loopback.

    As `complete_hello`.
    """
    return on_link("null")


def ipv6_extension_headers() -> bytes:
    """IPv6 with hop-by-hop options, a routing header, destination options and an atomic fragment header.

    Named by SNI; the extension headers count as IP bytes.
    """
    routing = (packets.ROUTING, bytes([2, 253, 0, 0, 0, 0, 0]) + bytes(16))  # RFC 3692 experiment, none left
    extensions = [
        packets.padding_extension(packets.HOP_BY_HOP),
        routing,
        packets.fragment_extension(7, 0, more=False),
        packets.padding_extension(packets.DESTINATION, 16),
    ]

    def rebuild(packet: bytes) -> bytes:
        source, destination = packets.addresses(packet)
        return packets.ipv6(source, destination, TCP, packet[40:], extensions=extensions)

    sent = tls_session(connection(ZURICH_V6, client=CLIENT_V6), flight())
    return ethernet_file(rebuilt(sent, rebuild))


def ipv4_options() -> bytes:
    """IPv4 with a router alert option and a record-route option in every header.

    Named by SNI; the options count as IP bytes.
    """
    options = bytes([148, 4, 0, 0]) + bytes([7, 11, 4]) + bytes(8) + b"\0"

    def rebuild(packet: bytes) -> bytes:
        source, destination = packets.addresses(packet)
        return packets.ipv4(source, destination, TCP, packet[20:], options=options)

    return ethernet_file(rebuilt(tls_session(connection(), flight()), rebuild))


def snap_length() -> bytes:
    """A capture with a snap length of 200 bytes: one hello has its name before the cut, the other after it.

    The first is named by SNI nevertheless. The second has no name (`truncated_capture`) and is tagged by its
    address. The view of both is `cut`; bytes are those on the wire.
    """
    sent = tls_session(connection(), flight())
    sent += tls_session(connection(client_port=50_001, at_s=1), flight(post_quantum=True), post_quantum=True)
    return pcap(frames(sent, ethernet), ETHERNET, snap_length=200)


def coalesced_frame() -> bytes:
    """Segments coalesced by the network card: frames of 20 kB, and one above 64 kB with an IP length of 0.

    Named by SNI. The frame of length 0 counts with its bytes on the wire.
    """
    talk = connection()
    talk.open()
    talk.send(flight())
    talk.receive(tls.server_flight("coalesced"))
    talk.send(tls.client_finished("coalesced"))
    talk.mss = 20_000
    transfer(talk, Load(up_bytes=20_000, down_bytes=40_000))
    talk.mss = 66_000

    source, destination = talk.server, talk.client
    data = tls.application_data("large", 66_000)
    segment = packets.tcp(
        source,
        destination,
        ports=(443, 50_000),
        numbers=(talk.next_down, talk.next_up),
        flags=packets.PSH | packets.ACK,
        payload=data,
    )
    large = Sent(
        talk.now_ns + MILLISECOND_NS,
        packets.ipv4(source, destination, TCP, segment, total_length=0),
        up=False,
    )
    return ethernet_file([*talk.sent, large])


def big_endian_pcapng() -> bytes:
    """A pcapng file in big-endian byte order with two interfaces: Ethernet in ns, raw IP in µs.

    One flow on each.
    """
    first = frames(tls_session(connection(), flight()), ethernet)
    second = frames(
        tls_session(connection(MOSCOW, client_port=50_001, at_s=0.001), flight(UPDATES)),
        packets.raw,
        interface=1,
    )
    interfaces = [Interface("span0", ETHERNET), Interface("tun0", RAW, resolution=6)]
    return pcapng(sorted(first + second, key=lambda f: f.time_ns), interfaces, order=">")


def truncated_file() -> bytes:
    """The file ends in the middle of a packet, after the hello.

    Everything before that is reported; then an error shows where the file ends.
    """
    return complete_hello()[:-2000]
