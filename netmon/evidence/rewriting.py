"""Clients' addresses in packets are replaced: the same one by the same pseudonym, and checksums follow.

The address is replaced wherever its bytes or its text occur, so also inside DNS messages and proxy headers.
MAC addresses are replaced as well, and what else may tell about clients is blanked (see `blanking`). What
follows an IP packet is removed. A packet in a tunnel, or with a link layer that is not known here, loses
all headers before its innermost IP header, because they may hold addresses that cannot be recognised.
"""

from __future__ import annotations

import ipaddress
import re
import struct
from collections.abc import Callable, Collection
from dataclasses import replace

from netmon.evidence.blanking import (
    HttpBlanking,
    blank_dns,
    blank_ip_options,
    blank_preamble,
    blank_tcp_options,
)
from netmon.sources.kept import KeptPacket

RAW_IP = 101
_ETHERNET, _SLL, _SLL2 = 1, 113, 276
_TAGS = (0x8100, 0x88A8, 0x9100)
_IP_TYPES = {4: 0x0800, 6: 0x86DD}
_TCP, _UDP = 6, 17
_CHECKSUM_AT = {_TCP: 16, _UDP: 6}
_EXTENSIONS = (0, 43, 60)
_FRAGMENT = 44
_DNS = {"dns_query", "dns_answer"}

Digest = Callable[[str], bytes]
"""At least 16 bytes that only the holder of a key can tell from a text."""


class Rewriting:
    """Replaces the addresses of clients in the packets of one file."""

    def __init__(self, clients: Collection[str], digest: Digest) -> None:
        self._digest = digest
        self._http = HttpBlanking()
        self.pseudonyms = {client: self._pseudonym(client) for client in clients}

    def apply(self, packet: KeptPacket) -> KeptPacket:
        """The packet with pseudonyms."""
        start = _find_ip(packet)
        if start is None:  # the innermost header cannot be found: nothing of it can be shown
            return replace(packet, link=RAW_IP, data=b"", source=self.show(packet.source))
        head = packet.data[:start]
        data = bytearray(packet.data[start : start + _length(packet.data[start:])])
        shown = self._link_layer(packet, head)
        self._rewrite(data, packet, _macs(packet.link, head if shown is not None else None))
        is_kept = shown is not None
        wire_len = packet.wire_len
        if start + len(data) < len(packet.data):  # without what followed the packet
            wire_len = start + len(data)
        return replace(
            packet,
            link=packet.link if is_kept else RAW_IP,
            source=self.show(packet.source),
            destination=self.show(packet.destination),
            wire_len=wire_len if is_kept else wire_len - start,
            data=(shown or b"") + bytes(data),
        )

    def show(self, address: str) -> str:
        """A client's pseudonym, or the address of someone else as it is."""
        return self.pseudonyms.get(address, address)

    def _pseudonym(self, client: str) -> str:
        noise = self._digest(f"address {client}")
        if ipaddress.ip_address(client).version == 4:
            return str(ipaddress.IPv4Address(b"\x0a" + noise[:3]))
        return str(ipaddress.IPv6Address(b"\xfd" + noise[:15]))

    def _rewrite(self, data: bytearray, packet: KeptPacket, macs: list[bytes]) -> None:
        """Replaces the addresses in an IP packet, and corrects its checksums by the difference (RFC 1624)."""
        before = bytes(data)
        is_v4 = before[0] >> 4 == 4
        addresses, header = (slice(12, 20), max(20, (before[0] & 15) * 4)) if is_v4 else (slice(8, 40), 40)
        transport = _find_transport(before)
        payload = header if transport is None else _payload_at(before, *transport)
        data[addresses] = self._replace(before[addresses])
        blank_ip_options(data)
        if transport is not None and transport[0] == _TCP and len(data) > transport[1] + 12:
            blank_tcp_options(data, transport[1])
        data[payload:] = self._payload(
            before[payload:], packet, macs, is_tcp=transport is None or transport[0] == _TCP
        )
        if is_v4:
            _correct(data, 10, before[:header], bytes(data[:header]))
        if transport is not None:
            protocol, at = transport
            old, new = before[addresses] + before[at:], bytes(data[addresses]) + bytes(data[at:])
            place = at + _CHECKSUM_AT[protocol]
            if before[place : place + 2] != b"\0\0" or protocol != _UDP:
                _correct(data, place, old, new)

    def _payload(self, payload: bytes, packet: KeptPacket, macs: list[bytes], *, is_tcp: bool) -> bytes:
        """The payload of a packet without what it says about clients."""
        if not _DNS.isdisjoint(packet.shows):
            payload = blank_dns(payload, is_tcp=is_tcp)
        else:
            payload = self._http.apply(blank_preamble(payload), (packet.source, packet.destination))
        for mac in macs:
            new = self._mac(mac)
            payload = payload.replace(mac, new)
            for separator in (":", "-"):
                text, shown = mac.hex(separator).encode(), new.hex(separator).encode()
                payload = payload.replace(text, shown).replace(text.upper(), shown)
        return self._replace(payload)

    def _replace(self, data: bytes) -> bytes:
        """The addresses of clients, as bytes and as text, replaced by something of the same length."""
        for client, pseudonym in self.pseudonyms.items():
            old, new = (ipaddress.ip_address(one).packed for one in (client, pseudonym))
            data = data.replace(old, new)
            data = data.replace(client.encode(), re.sub(r"[0-9a-f]", "1", client).encode())
        return data

    def _link_layer(self, packet: KeptPacket, head: bytes) -> bytes | None:
        """The link layer with other MAC addresses; None if it is not a plain one."""
        if packet.link == RAW_IP and not head:
            return head
        version = packet.data[len(head)] >> 4
        if packet.link == _ETHERNET and _is_plain(head[12:], version):
            return self._mac(head[:6]) + self._mac(head[6:12]) + head[12:]
        if packet.link == _SLL and _is_plain(head[14:], version):
            return head[:6] + self._mac(head[6:12]) + bytes(2) + head[14:]
        if packet.link == _SLL2 and len(head) == 20 and _is_type(head[:2], version):
            return head[:12] + self._mac(head[12:18]) + bytes(2)
        return None

    def _mac(self, mac: bytes) -> bytes:
        if mac[0] & 1 or not any(mac):  # of a group, which is nobody's, or none
            return mac
        return b"\x02" + self._digest(f"mac {mac.hex()}")[:5]


def _macs(link: int, head: bytes | None) -> list[bytes]:
    """The MAC addresses of machines in a plain link layer."""
    places = {_ETHERNET: (0, 6), _SLL: (6,), _SLL2: (12,)}.get(link, ())
    found = [head[place : place + 6] for place in places] if head else []
    return [mac for mac in found if any(mac) and not mac[0] & 1]


def _length(data: bytes) -> int:
    """The bytes of an IP packet by its header; all, if it does not say."""
    if data[0] >> 4 == 4:
        size = int.from_bytes(data[2:4], "big")
        return size if size >= 20 else len(data)
    size = int.from_bytes(data[4:6], "big")
    return 40 + size if size else len(data)


def _is_type(field: bytes, version: int) -> bool:
    return field == struct.pack(">H", _IP_TYPES.get(version, 0))


def _is_plain(types: bytes, version: int) -> bool:
    """True for VLAN tags and the type of the IP packet behind."""
    while len(types) >= 6 and struct.unpack_from(">H", types)[0] in _TAGS:
        types = types[4:]
    return len(types) == 2 and _is_type(types, version)


def _find_ip(packet: KeptPacket) -> int | None:
    """Where the IP header with the addresses of the packet is; of several the outermost."""
    pair = b"".join(ipaddress.ip_address(one).packed for one in (packet.source, packet.destination))
    offset, version = (12, 4) if len(pair) == 8 else (8, 6)
    at = packet.data.find(pair)
    while at >= 0:
        start = at - offset
        if start >= 0 and packet.data[start] >> 4 == version:
            return start
        at = packet.data.find(pair, at + 1)
    return None


def _payload_at(data: bytes, protocol: int, at: int) -> int:
    """Where the payload of TCP or UDP begins."""
    return at + (8 if protocol == _UDP else max(20, (data[at + 12] >> 4) * 4))


def _find_transport(data: bytes) -> tuple[int, int] | None:
    """Protocol and offset of TCP or UDP in an IP packet, if its checksum is there."""
    if data[0] >> 4 == 4:
        protocol, at = data[9], (data[0] & 15) * 4
        if len(data) < 20 or struct.unpack_from(">H", data, 6)[0] & 0x1FFF:
            return None
    else:
        protocol, at = data[6], 40
        while protocol in (*_EXTENSIONS, _FRAGMENT) and len(data) >= at + 8:
            if protocol == _FRAGMENT and struct.unpack_from(">H", data, at + 2)[0] & 0xFFF8:
                return None
            size = 8 if protocol == _FRAGMENT else (data[at + 1] + 1) * 8
            protocol, at = data[at], at + size
    place = _CHECKSUM_AT.get(protocol)
    return None if place is None or len(data) < at + place + 2 else (protocol, at)


def _correct(data: bytearray, place: int, old: bytes, new: bytes) -> None:
    """Changes a checksum by the difference of the bytes that it covers."""
    known = struct.unpack_from(">H", data, place)[0]
    changed = (~known & 0xFFFF) + _sum(new) - _sum(old)
    changed %= 0xFFFF
    struct.pack_into(">H", data, place, ~changed & 0xFFFF)


def _sum(data: bytes) -> int:
    padded = data + bytes(len(data) % 2)
    return sum(struct.unpack(f">{len(padded) // 2}H", padded))
