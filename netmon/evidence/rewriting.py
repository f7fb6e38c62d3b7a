"""Clients' addresses in packets are replaced: the same one by the same pseudonym, and checksums follow.

The address is replaced wherever its bytes or its text occur, so also inside DNS messages and hellos. MAC
addresses are replaced as well. A packet in a tunnel, or with a link layer that is not known here, loses
all headers before its innermost IP header, because they may hold addresses that cannot be recognised.
"""

from __future__ import annotations

import ipaddress
import re
import struct
from collections.abc import Callable, Collection

from msgspec.structs import replace

from netmon.evidence.ip_packet import UDP, correct, layout
from netmon.sources.kept import KeptPacket

RAW_IP = 101
_ETHERNET, _SLL, _SLL2 = 1, 113, 276
_TAGS = (0x8100, 0x88A8, 0x9100)
_IP_TYPES = {4: 0x0800, 6: 0x86DD}

Digest = Callable[[str], bytes]
"""At least 16 bytes that only the holder of a key can tell from a text."""


class Rewriting:
    """Replaces the addresses of clients in the packets of one file."""

    def __init__(self, clients: Collection[str], digest: Digest) -> None:
        self._digest = digest
        self.pseudonyms = {client: self._pseudonym(client) for client in clients}

    def apply(self, packet: KeptPacket) -> KeptPacket:
        """The packet with pseudonyms."""
        start = find_ip(packet)
        if start is None:  # the innermost header cannot be found: nothing of it can be shown
            return replace(packet, link=RAW_IP, data=b"", source=self.show(packet.source))
        before, data = packet.data[:start], bytearray(packet.data[start:])
        head = self._link_layer(packet, before)
        is_kept = head is not None
        self._rewrite(data, _macs(packet.link, before) if is_kept else [])
        return replace(
            packet,
            link=packet.link if is_kept else RAW_IP,
            source=self.show(packet.source),
            destination=self.show(packet.destination),
            wire_len=packet.wire_len if is_kept else packet.wire_len - start,
            data=(head or b"") + bytes(data),
        )

    def show(self, address: str) -> str:
        """A client's pseudonym, or the address of someone else as it is."""
        return self.pseudonyms.get(address, address)

    def _pseudonym(self, client: str) -> str:
        noise = self._digest(f"address {client}")
        if ipaddress.ip_address(client).version == 4:
            return str(ipaddress.IPv4Address(b"\x0a" + noise[:3]))
        return str(ipaddress.IPv6Address(b"\xfd" + noise[:15]))

    def _rewrite(self, data: bytearray, macs: list[bytes]) -> None:
        """Replaces the addresses in an IP packet, and corrects its checksums by the difference (RFC 1624)."""
        before = bytes(data)
        found = layout(before)
        if found is None:
            data.clear()
            return
        addresses, payload = found.addresses, found.payload_at(before)
        data[addresses] = self._replace(before[addresses])
        data[payload:] = self._replace(self._replace_macs(before[payload:], macs))
        if found.is_v4:
            correct(data, 10, before[: found.header], bytes(data[: found.header]))
        place = found.checksum_at
        if place is not None and (before[place : place + 2] != b"\0\0" or found.protocol != UDP):
            covered = slice(found.at, found.end)
            old, new = before[addresses] + before[covered], bytes(data[addresses]) + bytes(data[covered])
            correct(data, place, old, new)

    def _replace_macs(self, data: bytes, macs: list[bytes]) -> bytes:
        """MAC addresses in payload, such as in the identifiers of a session, as bytes and as text."""
        for mac in macs:
            new = self._mac(mac)
            data = data.replace(mac, new)
            for separator in (":", "-"):
                text, shown = mac.hex(separator).encode(), new.hex(separator).encode()
                data = data.replace(text, shown).replace(text.upper(), shown)
        return data

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


def _macs(link: int, head: bytes) -> list[bytes]:
    """The MAC addresses of machines in a plain link layer."""
    places = {_ETHERNET: (0, 6), _SLL: (6,), _SLL2: (12,)}.get(link, ())
    found = [head[place : place + 6] for place in places]
    return [mac for mac in found if any(mac) and not mac[0] & 1]


def _is_type(field: bytes, version: int) -> bool:
    return field == struct.pack(">H", _IP_TYPES.get(version, 0))


def _is_plain(types: bytes, version: int) -> bool:
    """True for VLAN tags and the type of the IP packet behind."""
    while len(types) >= 6 and struct.unpack_from(">H", types)[0] in _TAGS:
        types = types[4:]
    return len(types) == 2 and _is_type(types, version)


def find_ip(packet: KeptPacket) -> int | None:
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
