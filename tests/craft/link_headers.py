"""Headers that mirrors and captures put around an IP packet: tags, carriers, tunnels and link types."""

from __future__ import annotations

import struct
import zlib

from tests.craft.packets import UDP, Link, address, addresses, ether_type, ethernet, ipv4, mac, udp

SWITCH, COLLECTOR = address("192.0.2.241"), address("192.0.2.242")
_SNAP = bytes.fromhex("aaaa03000000")


def _tagged(ether_type_and_fields: str) -> Link:
    tag = bytes.fromhex(ether_type_and_fields)

    def link(packet: bytes) -> bytes:
        frame = ethernet(packet)
        return frame[:12] + tag + frame[12:]

    return link


def _carrier(ether_type_and_fields: str, *, of_frame: bool = True) -> Link:
    head = bytes.fromhex(ether_type_and_fields)

    def link(packet: bytes) -> bytes:
        source, destination = addresses(packet)
        inside = ethernet(packet) if of_frame else packet
        return mac(destination) + mac(source) + head + inside

    return link


def _over_udp(port: int, header: str, *, of_frame: bool = True) -> Link:
    head = bytes.fromhex(header)

    def link(packet: bytes) -> bytes:
        inside = head + (ethernet(packet) if of_frame else packet)
        return ethernet(ipv4(SWITCH, COLLECTOR, UDP, udp(SWITCH, COLLECTOR, (49_152, port), inside)))

    return link


def _before(header: str, *, of_frame: bool = False) -> Link:
    head = bytes.fromhex(header)
    return lambda packet: head + (ethernet(packet) if of_frame else packet)


def _nflog(packet: bytes) -> bytes:
    """The packet is an attribute, whose length precedes it (little-endian)."""
    return bytes.fromhex("02000000 08000100 08000000") + struct.pack("<HH", 4 + len(packet), 9) + packet


def _erf(packet: bytes) -> bytes:
    """A record of type Ethernet: time, type, flags, its length, losses, length on the wire, and two bytes.

    The checksum of the frame is part of both lengths.
    """
    frame = ethernet(packet)
    frame += struct.pack("<I", zlib.crc32(frame))
    fields = struct.pack("!BBHHH", 2, 4, 18 + len(frame), 0, len(frame))
    return bytes(8) + fields + bytes(2) + frame


def _erf_with_extension(packet: bytes) -> bytes:
    record = _erf(packet)
    length = struct.pack("!H", int.from_bytes(record[10:12]) + 8)
    return record[:8] + b"\x82" + record[9:10] + length + record[12:16] + b"\x05" + bytes(7) + record[16:]


def _llc(header: str) -> Link:
    head = bytes.fromhex(header)
    return lambda packet: head + _SNAP + ether_type(packet) + packet


TAGS: dict[str, Link] = {
    "VN-Tag": _tagged("8926 80010014"),
    "VN-Tag and 802.1Q": _tagged("8926 00000014 81000065"),
    "CMD": _tagged("8909 01010001 0064"),
    "CMD inside QinQ": _tagged("88a8 0001 8100 0002 8909 01010001 0064"),
    "TTag": _tagged("8988 000102030405"),
    "E-Tag": _tagged("893f e00110020000"),
    "E-Tag and 802.1Q": _tagged("893f e00110020000 8100000a"),
    "QinQ 0x9100": _tagged("9100 0001"),
    "QinQ 0x9200": _tagged("9200 0076 8100000a"),
    "QinQ 0x9300": _tagged("9300 0076"),
    "QinQ 0x8200": _tagged("8200 0076"),
    "802.1ah": _carrier("88e7 00000009"),
    "802.1ah behind a backbone tag": _carrier("88a8 0001 88e7 00000009"),
    "NSH": _carrier("894f 0fc6 0103 000001ff" + 16 * "00"),
    "TRILL": _carrier("22f3 0001 0001 0002"),
    "HSR": _tagged("892f 003c 0009"),
}
"""Tags and carriers between the addresses and the EtherType, in Ethernet frames."""

MISLABELLED: dict[str, Link] = {
    "IPv4 as IPv6": lambda packet: ethernet(packet)[:12] + b"\x86\xdd" + packet,
}
"""Frames with the EtherType of the other version of IP, which tshark 4.0 takes for malformed."""

TUNNELS: dict[str, Link] = {
    "TZSP": _over_udp(37_008, "0101 0001 0001"),
    "TZSP with fields": _over_udp(37_008, "0100 0001 2902 0063 3c06 010203040506 01"),
    "HP ERM": _over_udp(7932, 12 * "00"),
    "VXLAN-GPE": _over_udp(4790, "0c000003 00000700"),
    "VXLAN-GPE with NSH": _over_udp(4790, "0c000004 00000700 0fc60103 000001ff" + 16 * "00"),
    "GENEVE with NSH": _over_udp(6081, "0000894f 00000700 0fc60103 000001ff" + 16 * "00"),
    "GRE in UDP": _over_udp(4754, "0000 6558"),
    "MPLS in UDP": _over_udp(6635, "00001140", of_frame=False),
    "VXLAN with reserved fields": _over_udp(4789, "08ff0102 000007ff"),
    "L2TP version 2": _over_udp(1701, "0002 0001 0002 ff03 0021", of_frame=False),
    "L2TP version 3": _over_udp(1701, "00030000 00000009 01020304"),
    "CAPWAP with 802.3": _over_udp(5247, "00100200 00000000"),
    "CAPWAP with 802.11": _over_udp(
        5247, "00100300 00000000 0108" + 22 * "00" + "aaaa03000000 0800", of_frame=False
    ),
    "LISP": _over_udp(4341, "80000001 00000001", of_frame=False),
    "AMT": _over_udp(2268, "0600", of_frame=False),
}
"""Tunnels over UDP, in Ethernet frames."""

TUNNELS_OF_IPV6: dict[str, Link] = {
    "Teredo": _over_udp(3544, "", of_frame=False),
    "Teredo with its headers": _over_udp(3544, "00010000" + 9 * "00" + "0000edcb3fff8efd", of_frame=False),
}
"""The same, for packets of IPv6 only."""

LINKS: dict[str, tuple[int, Link]] = {
    "NFLOG": (239, _nflog),
    "pflog": (117, _before("3d02 0000" + 16 * "00" + 44 * "00")),
    "PPI": (192, _before("00000800 01000000", of_frame=True)),
    "enc": (109, _before("02000000 00000001 00000000")),
    "C-HDLC": (104, _before("0f000800")),
    "C-HDLC as PPP": (9, _before("0f000800")),
    "C-HDLC as loopback": (0, _before("0f000800")),
    "PKTAP": (258, _before("6c000000 01000000 01000000" + 96 * "00", of_frame=True)),
    "PKTAP as USER2": (149, _before("6c000000 01000000 01000000" + 96 * "00", of_frame=True)),
    "ARCNET": (129, _before("0102 0000 d4 00 0000")),
    "FDDI": (10, _llc("54" + 12 * "02")),
    "Juniper": (178, _before("4d474301", of_frame=True)),
    "Juniper without a link header": (178, _before("4d474303 02000000")),
    "IPoIB": (242, _before(40 * "00" + "08000000")),
    "Ethernet with preamble": (274, _before(7 * "55" + "d5", of_frame=True)),
    "frame relay": (107, _before("184103cc")),
    "loopback in network order": (0, _before("00000002")),
    "OpenBSD loopback": (108, _before("00000002")),
    "ERF": (197, _erf),
    "ERF with an extension": (197, _erf_with_extension),
    "SunATM": (123, _llc("02000064")),
}
"""Link types of captures, with their numbers."""
