"""Links of tenants that use the same addresses: VLANs, and overlay networks with a VNI."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from tests.craft.packets import SERVICE_VLAN, UDP, VLAN, Link, ethernet, ipv4, udp
from tests.craft.pcap import Frame
from tests.craft.talk import Sent, frames
from tests.craft.tunnels import (
    BRIDGED,
    COLLECTOR,
    ERSPAN_1_OR_2,
    ERSPAN_3,
    GENEVE_PORT,
    GRE,
    KEY,
    SEQUENCE,
    SWITCH,
    VXLAN_PORT,
)

VXLAN_GPE_PORT = 4790
PROVIDER_BACKBONE = 0x88E7
VNI_IS_VALID, HAS_NEXT_PROTOCOL, NEXT_IS_ETHERNET = 0x08, 0x04, 3


def in_vlans(*vlans: int) -> Link:
    """Ethernet frames with these tags, outermost first; none for untagged frames."""
    kinds = [SERVICE_VLAN] * (len(vlans) - 1) + [VLAN]
    return lambda packet: ethernet(packet, tags=list(zip(kinds, vlans, strict=False)))


def _over_udp(port: int, header: bytes, inside: Link) -> Link:
    def wrap(packet: bytes) -> bytes:
        datagram = udp(SWITCH, COLLECTOR, (0xC000, port), header + inside(packet))
        return ethernet(ipv4(SWITCH, COLLECTOR, UDP, datagram), tags=[(VLAN, 99)])

    return wrap


def in_vxlan(vni: int, inside: Link = ethernet) -> Link:
    """VXLAN in a VLAN of the network below it."""
    return _over_udp(VXLAN_PORT, struct.pack("!II", VNI_IS_VALID << 24, vni << 8), inside)


def in_vxlan_gpe(vni: int) -> Link:
    """VXLAN with the generic protocol extension."""
    flags = VNI_IS_VALID | HAS_NEXT_PROTOCOL
    return _over_udp(VXLAN_GPE_PORT, struct.pack("!BHBI", flags, 0, NEXT_IS_ETHERNET, vni << 8), ethernet)


def in_geneve(vni: int) -> Link:
    """GENEVE without options."""
    return _over_udp(GENEVE_PORT, struct.pack("!BBHI", 0, 0, BRIDGED, vni << 8), ethernet)


def in_nvgre(vni: int) -> Link:
    """NVGRE (RFC 7637); the identifier of a flow in the key differs from packet to packet."""

    def wrap(packet: bytes) -> bytes:
        header = struct.pack("!HHI", KEY, BRIDGED, vni << 8 | packet[-1])
        return ethernet(ipv4(SWITCH, COLLECTOR, GRE, header + ethernet(packet)))

    return wrap


def in_erspan(kind: int, vlan: int, inside: Link = ethernet) -> Link:
    """ERSPAN of type 2 or 3, whose header has the VLAN of the mirrored frame."""

    def wrap(packet: bytes) -> bytes:
        first = kind - 1 << 12 | vlan
        rest = bytes(6) if kind == 2 else bytes(10)
        mirrored = struct.pack("!H", first) + rest + inside(packet)
        gre = struct.pack("!HHI", SEQUENCE, ERSPAN_1_OR_2 if kind == 2 else ERSPAN_3, packet[-1])
        return ethernet(ipv4(SWITCH, COLLECTOR, GRE, gre + mirrored), tags=[(VLAN, 99)])

    return wrap


def in_backbone(service: int, inside: Link = ethernet) -> Link:
    """A provider's backbone (802.1ah), which tells customers apart by the service identifier (I-SID)."""
    addresses = bytes.fromhex("020000000001020000000002")
    header = addresses + struct.pack("!HI", PROVIDER_BACKBONE, 0x40 << 24 | service)
    return lambda packet: header + inside(packet)


def together(*tenants: tuple[Sequence[Sent], Link], on_own_interfaces: bool = False) -> list[Frame]:
    """The packets of several tenants, each on its link, in order of time."""
    found = []
    for number, (sent, link) in enumerate(tenants):
        found += frames(sent, link, interface=number if on_own_interfaces else 0)
    return sorted(found, key=lambda frame: frame.time_ns)
