"""Frames from the link layer to TCP and UDP, with correct lengths and checksums."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

TCP, UDP = 6, 17
FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
VLAN, SERVICE_VLAN = 0x8100, 0x88A8

HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION = 0, 43, 44, 60

Address = IPv4Address | IPv6Address
Extension = tuple[int, bytes]
Link = Callable[[bytes], bytes]
"""Puts a link layer before an IP packet."""


def filler(label: str, length: int) -> bytes:
    """`length` bytes that look random and depend only on the label."""
    return hashlib.shake_256(label.encode()).digest(length)


def checksum(data: bytes) -> int:
    """The internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def transport_checksum(source: Address, destination: Address, protocol: int, segment: bytes) -> int:
    """The checksum of a TCP or UDP segment with its pseudo-header (RFC 9293, 3.1; RFC 8200, 8.1)."""
    numbers = struct.pack("!II", len(segment), protocol)  # IPv4's narrower fields give the same sum
    return checksum(source.packed + destination.packed + numbers + segment)


def tcp(
    source: Address,
    destination: Address,
    *,
    ports: tuple[int, int],
    numbers: tuple[int, int],
    flags: int,
    payload: bytes = b"",
    options: bytes = b"",
) -> bytes:
    """A TCP segment (RFC 9293); `numbers` are sequence and acknowledgement number."""
    offset = (20 + len(options)) // 4 << 4
    head = struct.pack("!HHIIBBH", *ports, *numbers, offset, flags, 0xFAF0)
    rest = options + payload
    check = transport_checksum(source, destination, TCP, head + bytes(4) + rest)
    return head + struct.pack("!HH", check, 0) + rest


def udp(source: Address, destination: Address, ports: tuple[int, int], payload: bytes) -> bytes:
    """A UDP datagram (RFC 768)."""
    head = struct.pack("!HHH", *ports, 8 + len(payload))
    check = transport_checksum(source, destination, UDP, head + bytes(2) + payload) or 0xFFFF
    return head + struct.pack("!H", check) + payload


def ipv4(
    source: Address,
    destination: Address,
    protocol: int,
    payload: bytes,
    *,
    identification: int = 0,
    options: bytes = b"",
    offset: int = 0,
    more_fragments: bool = False,
    total_length: int | None = None,
) -> bytes:
    """An IPv4 packet (RFC 791). `offset` is the fragment's, in bytes.

    `total_length` overrides the correct one: a card that coalesces segments writes 0 when the sum
    does not fit into the field.
    """
    header_len = 20 + len(options)
    is_complete = offset == 0 and not more_fragments
    fragment = 0x4000 if is_complete else offset // 8 | (0x2000 if more_fragments else 0)
    head = struct.pack(
        "!BBHHHBBH4s4s",
        0x40 | header_len // 4,
        0,
        header_len + len(payload) if total_length is None else total_length,
        identification,
        fragment,
        64,
        protocol,
        0,
        source.packed,
        destination.packed,
    )
    check = checksum(head + options)
    return head[:10] + struct.pack("!H", check) + head[12:] + options + payload


def ipv6(
    source: Address,
    destination: Address,
    protocol: int,
    payload: bytes,
    *,
    extensions: Sequence[Extension] = (),
) -> bytes:
    """An IPv6 packet (RFC 8200); `extensions` are (type, bytes after "next header"), in order."""
    chain = b""
    kinds = [kind for kind, _ in extensions] + [protocol]
    for following, (_, body) in zip(kinds[1:], extensions, strict=True):
        chain += bytes([following]) + body
    head = struct.pack("!IHBB", 0x60000000, len(chain) + len(payload), kinds[0], 64)
    return head + source.packed + destination.packed + chain + payload


def padding_extension(kind: int, length: int = 8) -> Extension:
    """A hop-by-hop or destination options header of `length` bytes that holds only a PadN option."""
    pad = length - 4
    return kind, bytes([length // 8 - 1, 1, pad]) + bytes(pad)


def fragment_extension(identification: int, offset: int, *, more: bool) -> Extension:
    """A fragment header (RFC 8200, 4.5); `offset` in bytes."""
    return FRAGMENT, struct.pack("!BHI", 0, offset | more, identification)


def ip(source: Address, destination: Address, protocol: int, payload: bytes) -> bytes:
    """A plain IP packet of the addresses' version."""
    make = ipv4 if source.version == 4 else ipv6
    return make(source, destination, protocol, payload)


def ipv4_fragments(
    source: Address, destination: Address, protocol: int, payload: bytes, *, size: int, identification: int
) -> list[bytes]:
    """A datagram in fragments of `size` payload bytes (a multiple of 8)."""
    return [
        ipv4(
            source,
            destination,
            protocol,
            payload[at : at + size],
            identification=identification,
            offset=at,
            more_fragments=at + size < len(payload),
        )
        for at in range(0, len(payload), size)
    ]


def ipv6_fragments(
    source: Address, destination: Address, protocol: int, payload: bytes, *, size: int, identification: int
) -> list[bytes]:
    """A datagram in fragments of `size` payload bytes (a multiple of 8)."""
    return [
        ipv6(
            source,
            destination,
            protocol,
            payload[at : at + size],
            extensions=[fragment_extension(identification, at, more=at + size < len(payload))],
        )
        for at in range(0, len(payload), size)
    ]


def addresses(packet: bytes) -> tuple[Address, Address]:
    """Source and destination of an IP packet."""
    if packet[0] >> 4 == 4:
        return IPv4Address(packet[12:16]), IPv4Address(packet[16:20])
    return IPv6Address(packet[8:24]), IPv6Address(packet[24:40])


def mac(address: Address) -> bytes:
    """A locally administered unicast MAC address, the same for the same IP address."""
    return b"\x02" + filler(str(address), 5)


def ether_type(packet: bytes) -> bytes:
    """The EtherType of an IP packet."""
    return b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd"


def ethernet(packet: bytes, *, tags: Sequence[tuple[int, int]] = ()) -> bytes:
    """An Ethernet frame; `tags` are (TPID, VLAN), outermost first. Short ones are padded to 60 bytes."""
    source, destination = addresses(packet)
    stack = b"".join(struct.pack("!HH", *tag) for tag in tags)
    frame = mac(destination) + mac(source) + stack + ether_type(packet) + packet
    return frame.ljust(60, b"\0")


def vlan(packet: bytes) -> bytes:
    """An Ethernet frame with one 802.1Q tag."""
    return ethernet(packet, tags=[(VLAN, 100)])


def qinq(packet: bytes) -> bytes:
    """An Ethernet frame with a service tag (802.1ad) and a customer tag."""
    return ethernet(packet, tags=[(SERVICE_VLAN, 7), (VLAN, 100)])


def sll(packet: bytes) -> bytes:
    """Linux cooked capture (LINKTYPE_LINUX_SLL), sent to us."""
    source, _ = addresses(packet)
    return struct.pack("!HHH8s", 0, 1, 6, mac(source)) + ether_type(packet) + packet


def sll2(packet: bytes) -> bytes:
    """Linux cooked capture v2 (LINKTYPE_LINUX_SLL2), interface 3, sent to us."""
    source, _ = addresses(packet)
    return ether_type(packet) + struct.pack("!HIHBB8s", 0, 3, 1, 0, 6, mac(source)) + packet


def null(packet: bytes) -> bytes:
    """BSD loopback (LINKTYPE_NULL) from a little-endian machine: AF_INET 2, AF_INET6 30 (macOS)."""
    return struct.pack("<I", 2 if packet[0] >> 4 == 4 else 30) + packet


def raw(packet: bytes) -> bytes:
    """No link layer (LINKTYPE_RAW)."""
    return packet


LINKS: dict[str, tuple[int, Link]] = {
    "null": (0, null),
    "ethernet": (1, ethernet),
    "vlan": (1, vlan),
    "qinq": (1, qinq),
    "raw": (101, raw),
    "sll": (113, sll),
    "sll2": (276, sll2),
}
"""Link types by name: number (<https://www.tcpdump.org/linktypes.html>) and builder."""


def address(text: str) -> Address:
    """An address from its text."""
    return ip_address(text)
