"""Golden captures about the encapsulations of mirror ports, and about hellos in QUIC."""

from __future__ import annotations

from tests.craft import matrix, tls
from tests.craft.pcap import NANOSECONDS, pcap
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
