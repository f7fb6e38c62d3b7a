"""The encapsulations of mirror ports: each turns an IP packet into an Ethernet frame."""

from __future__ import annotations

import struct
import zlib

from tests.craft.packets import (
    UDP,
    Link,
    address,
    addresses,
    ether_type,
    ethernet,
    ipv4,
    mac,
    qinq,
    udp,
    vlan,
)

GRE = 47
MPLS_ETHERTYPE, PPPOE_SESSION = b"\x88\x47", b"\x88\x64"
BRIDGED, ERSPAN_1_OR_2, ERSPAN_3 = 0x6558, 0x88BE, 0x22EB
VXLAN_PORT, GENEVE_PORT = 4789, 6081
SWITCH, COLLECTOR = address("192.0.2.241"), address("192.0.2.242")
KEY, SEQUENCE = 0x2000, 0x1000


def _number(packet: bytes, bits: int) -> int:
    """A number that differs from packet to packet, as a sequence number or a source port does."""
    return zlib.crc32(packet) >> (32 - bits)


def _labelled(packet: bytes, kind: bytes, header: bytes) -> bytes:
    source, destination = addresses(packet)
    return (mac(destination) + mac(source) + kind + header + packet).ljust(60, b"\0")


def mpls(packet: bytes) -> bytes:
    """Two MPLS labels (RFC 3032)."""
    return _labelled(packet, MPLS_ETHERTYPE, struct.pack("!II", 16 << 12 | 64, 17 << 12 | 0x100 | 64))


def pppoe(packet: bytes) -> bytes:
    """A PPPoE session (RFC 2516, 4), with PPP's numbers for IPv4 and IPv6."""
    protocol = 0x0021 if packet[0] >> 4 == 4 else 0x0057
    header = struct.pack("!BBHHH", 0x11, 0, 0x0007, 2 + len(packet), protocol)
    return _labelled(packet, PPPOE_SESSION, header)


def _gre(protocol: int, payload: bytes, *, flags: int = 0) -> bytes:
    """GRE (RFC 2784, 2890) from the switch to the collector, with the fields that the flags require."""
    fields = [struct.pack("!I", 0xCAFE)] if flags & KEY else []
    fields += [struct.pack("!I", _number(payload, 32))] if flags & SEQUENCE else []
    header = struct.pack("!HH", flags, protocol) + b"".join(fields)
    return ethernet(ipv4(SWITCH, COLLECTOR, GRE, header + payload))


def gre(packet: bytes) -> bytes:
    """IP in GRE with key and sequence number."""
    return _gre(int.from_bytes(ether_type(packet), "big"), packet, flags=KEY | SEQUENCE)


def erspan_1(packet: bytes) -> bytes:
    """ERSPAN type I: an Ethernet frame in GRE, without a header of its own (draft-foschiano-erspan-03)."""
    return _gre(ERSPAN_1_OR_2, ethernet(packet))


def erspan_2(packet: bytes) -> bytes:
    """ERSPAN type II: session 5, original VLAN 100."""
    header = struct.pack("!HHI", 0x1000 | 100, 5, 9)
    return _gre(ERSPAN_1_OR_2, header + ethernet(packet), flags=SEQUENCE)


def erspan_3(packet: bytes) -> bytes:
    """ERSPAN type III with a timestamp and a platform-specific subheader."""
    header = struct.pack("!HHIHH", 0x2000 | 100, 5, _number(packet, 32), 0, 0x0001) + bytes([0x50]) + bytes(7)
    return _gre(ERSPAN_3, header + ethernet(packet), flags=SEQUENCE)


def _over_udp(port: int, packet: bytes, header: bytes) -> bytes:
    inside = ethernet(packet)
    datagram = udp(SWITCH, COLLECTOR, (0xC000 | _number(packet[12:24], 12), port), header + inside)
    return ethernet(ipv4(SWITCH, COLLECTOR, UDP, datagram))


def vxlan(packet: bytes) -> bytes:
    """VXLAN (RFC 7348, 5), network 7."""
    return _over_udp(VXLAN_PORT, packet, struct.pack("!II", 0x08 << 24, 7 << 8))


def geneve(packet: bytes) -> bytes:
    """GENEVE (RFC 8926, 3.4), network 7, with an option of 8 bytes."""
    option = struct.pack("!HBB", 0xFF01, 1, 2) + bytes(8)
    header = struct.pack("!BBHI", len(option) // 4, 0, BRIDGED, 7 << 8)
    return _over_udp(GENEVE_PORT, packet, header + option)


ENCAPSULATIONS: dict[str, Link] = {
    "plain": ethernet,
    "vlan": vlan,
    "qinq": qinq,
    "mpls": mpls,
    "pppoe": pppoe,
    "gre": gre,
    "erspan1": erspan_1,
    "erspan2": erspan_2,
    "erspan3": erspan_3,
    "vxlan": vxlan,
    "geneve": geneve,
}
"""All of them by name; each returns Ethernet frames, so that one capture can hold all."""
