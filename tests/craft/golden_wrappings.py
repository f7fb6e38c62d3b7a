"""Golden captures about the encapsulations of mirror ports, and about hellos in QUIC."""

from __future__ import annotations

from collections.abc import Mapping

from tests.craft import matrix, tls
from tests.craft.link_headers import LINKS, TAGS, TUNNELS, TUNNELS_OF_IPV6
from tests.craft.packets import Link, addresses, ethernet
from tests.craft.pcap import NANOSECONDS, Frame, Interface, pcap, pcapng, snoop
from tests.craft.quic import V1, V2
from tests.craft.scene import (
    CLIENT,
    CLIENT_V6,
    ETHERNET,
    NAME,
    START_NS,
    ZURICH,
    ZURICH_V6,
    connection,
    ethernet_file,
    flight,
)
from tests.craft.talk import SECOND_NS, frames, tls_session
from tests.craft.tunnels import ENCAPSULATIONS

WRAPPINGS = ("mpls", "pppoe", "gre", "erspan1", "erspan2", "erspan3", "vxlan", "geneve")


def wrapped_by_the_mirror() -> bytes:
    """One session in MPLS, PPPoE, GRE, ERSPAN of all types, VXLAN and GENEVE, each from its own port.

    Eight flows as `complete_hello`: named by SNI, with the ends and the IP bytes of the inner packets.
    """
    wrapped = []
    for number, name in enumerate(WRAPPINGS):
        talk = connection(client_port=50_000 + number, at_s=number)
        wrapped += frames(tls_session(talk, flight()), ENCAPSULATIONS[name])
    return pcap(wrapped, ETHERNET, magic=NANOSECONDS)


def _each_once(links: Mapping[str, Link]) -> list[Frame]:
    """One session in each of these, from ports in their order."""
    found = []
    for number, link in enumerate(links.values()):
        talk = connection(client_port=50_000 + number, at_s=number)
        found += frames(tls_session(talk, flight()), link)
    return found


def tagged_by_the_mirror() -> bytes:
    """One session in each tag and carrier of switches: VN-Tag, CMD, TTag, E-Tag, QinQ, 802.1ah and others.

    Sixteen flows as `complete_hello`, each from its own port.
    """
    return pcap(_each_once(TAGS), ETHERNET, magic=NANOSECONDS)


def tunnelled_by_the_mirror() -> bytes:
    """One session in each tunnel over UDP: TZSP, HP ERM, VXLAN, NSH, GRE, MPLS, CAPWAP, LISP, AMT, Teredo.

    Seventeen flows as `complete_hello`, each from its own port; two are over IPv6, in Teredo. No flow between
    switch and collector.
    """
    found = _each_once(TUNNELS)
    for number, link in enumerate(TUNNELS_OF_IPV6.values(), start=len(TUNNELS)):
        talk = connection(ZURICH_V6, client=CLIENT_V6, client_port=50_000 + number, at_s=number)
        found += frames(tls_session(talk, flight()), link)
    return pcap(found, ETHERNET, magic=NANOSECONDS)


def link_types() -> bytes:
    """One session on an interface of each link type, such as NFLOG, PPI, PKTAP, FDDI and Juniper's Ethernet.

    Twenty-one flows as `complete_hello`, each from its own port and with its own interface.
    """
    found, interfaces = [], []
    for number, (name, (link_type, link)) in enumerate(LINKS.items()):
        interfaces.append(Interface(name, link_type))
        talk = connection(client_port=50_000 + number, at_s=number)
        found += frames(tls_session(talk, flight()), link, interface=number)
    return pcapng(found, interfaces)


def not_decoded() -> bytes:
    """Two sessions behind an unknown EtherType, and a third of which only one direction is behind it.

    Most packets could not be decoded: the exit code is 1. The third flow is named by SNI and one-way,
    and the other direction may be in the packets that were not decoded.
    """

    def hidden(packet: bytes) -> bytes:
        frame = ethernet(packet)
        return frame[:12] + b"\x99\x99\0\0" + frame[12:]

    def half_hidden(packet: bytes) -> bytes:
        source, _ = addresses(packet)
        return ethernet(packet) if str(source) == CLIENT else hidden(packet)

    return pcap(_each_once({"1": hidden, "2": hidden, "3": half_hidden}), ETHERNET, magic=NANOSECONDS)


def snoop_file() -> bytes:
    """A capture of Solaris' snoop.

    As `complete_hello`.
    """
    return snoop(frames(tls_session(connection(), flight()), ethernet), datalink=4)


def quic_hellos() -> bytes:
    """Post-quantum hellos in QUIC: version 1, second Initial first; version 2 over IPv6 in small frames.

    Both are named by the SNI in QUIC, and offer `h3`.
    """
    hello = tls.client_hello(
        NAME, alpn=("h3",), versions=(tls.TLS13,), post_quantum=True, pad_to=matrix.TWO_SEGMENTS, quic=True
    )
    one = matrix.QuicTalk((CLIENT, 50_000, ZURICH, 443), V1, label="golden 1", start_ns=START_NS)
    other = matrix.QuicTalk(
        (CLIENT_V6, 50_001, ZURICH_V6, 443), V2, label="golden 2", start_ns=START_NS + SECOND_NS
    )
    return ethernet_file(
        one.session(matrix.reversed_initials(hello)) + other.session(matrix.small_frames(hello))
    )
