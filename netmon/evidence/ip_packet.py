"""Where the parts of an IP packet are, and its checksums."""

from __future__ import annotations

import struct
from typing import NamedTuple

TCP, UDP = 6, 17
FRAGMENT = 44
AUTHENTICATION = 51
OPTIONS = (0, 60)
"""Extension headers of IPv6 that hold options: hop-by-hop and destination."""
ROUTING = 43
_OTHERS = (135, 139, 140)
"""Mobility, Host Identity, Shim6."""
_CHECKSUM_AT = {TCP: 16, UDP: 6}
_MIN_HEADER = {TCP: 20, UDP: 8}


class Extension(NamedTuple):
    """An extension header of IPv6."""

    protocol: int
    at: int
    end: int


class Layout(NamedTuple):
    """The headers of an IP packet."""

    is_v4: bool
    header: int  # where the header ends, without extension headers
    extensions: tuple[Extension, ...]
    protocol: int
    at: int  # where the headers of IP end
    end: int  # where the packet ends; what follows is padding of the link layer
    fragment: tuple[int, int] | None  # its offset and its number, if it is one

    @property
    def addresses(self) -> slice:
        """Where source and destination are."""
        return slice(12, 20) if self.is_v4 else slice(8, 40)

    @property
    def is_first(self) -> bool:
        """The transport header is there."""
        return self.fragment is None or self.fragment[0] == 0

    @property
    def checksum_at(self) -> int | None:
        """Where the checksum of TCP or UDP is."""
        place = _CHECKSUM_AT.get(self.protocol)
        return None if place is None or not self.is_first else self.at + place

    def payload_at(self, data: bytes | bytearray) -> int:
        """Where the payload of TCP or UDP begins; of others, and in later fragments, that of IP."""
        size = _MIN_HEADER.get(self.protocol)
        if size is None or not self.is_first:
            return self.at
        if self.protocol == TCP and len(data) > self.at + 12:
            size = max(size, (data[self.at + 12] >> 4) * 4)
        return self.at + size


def layout(data: bytes) -> Layout | None:
    """The headers in an IP packet; None if its fixed header is incomplete."""
    if len(data) >= 20 and data[0] >> 4 == 4:
        header, total = max(20, (data[0] & 15) * 4), struct.unpack_from(">H", data, 2)[0]
        place, number = struct.unpack_from(">H", data, 6)[0], struct.unpack_from(">H", data, 4)[0]
        fragment = ((place & 0x1FFF) * 8, number) if place & 0x3FFF else None
        return Layout(True, header, (), data[9], header, _end(data, total), fragment)
    return _layout_of_v6(data) if len(data) >= 40 and data[0] >> 4 == 6 else None


def _layout_of_v6(data: bytes) -> Layout:
    protocol, at, fragment = data[6], 40, None
    extensions = []
    while len(data) >= at + 8:
        if protocol == FRAGMENT:
            size, place = 8, struct.unpack_from(">H", data, at + 2)[0]
            fragment = (place & 0xFFF8, struct.unpack_from(">I", data, at + 4)[0]) if place & 0xFFF9 else None
        elif protocol == AUTHENTICATION:
            size = (data[at + 1] + 2) * 4
        elif protocol in (*OPTIONS, ROUTING, *_OTHERS):
            size = (data[at + 1] + 1) * 8
        else:
            break
        extensions.append(Extension(protocol, at, min(at + size, len(data))))
        protocol, at = data[at], at + size
        if fragment is not None:
            break
    payload = struct.unpack_from(">H", data, 4)[0]
    return Layout(
        False, 40, tuple(extensions), protocol, at, _end(data, payload + 40 if payload else 0), fragment
    )


def _end(data: bytes, total: int) -> int:
    """Where the packet ends; without a length, as with segmentation offload, at the end of the frame."""
    return min(total or len(data), len(data))


def correct(data: bytearray, place: int, old: bytes, new: bytes) -> None:
    """Changes a checksum by the difference of the bytes that it covers (RFC 1624)."""
    if len(data) < place + 2:
        return
    known = struct.unpack_from(">H", data, place)[0]
    changed = (~known & 0xFFFF) + _sum(new) - _sum(old)
    changed %= 0xFFFF
    struct.pack_into(">H", data, place, ~changed & 0xFFFF)


def _sum(data: bytes) -> int:
    padded = data + bytes(len(data) % 2)
    return sum(struct.unpack(f">{len(padded) // 2}H", padded))
