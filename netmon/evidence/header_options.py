"""Options of headers are blanked, except for those that are known to say nothing about a client."""

from __future__ import annotations

from netmon.evidence.ip_packet import AUTHENTICATION, FRAGMENT, OPTIONS, ROUTING, TCP, Layout

_NO_OPERATION = 1
_MAX_PADDING = 255
_HARMLESS_TCP = (2, 3, 4, 5, 8)
"""Maximum segment size, window scale, selective acknowledgement, timestamps."""


def blank_options(data: bytearray, found: Layout) -> None:
    """Blanks the options in the headers of an IP packet."""
    if found.is_v4:
        _fill(data, 20, min(found.header, len(data)), _NO_OPERATION)
    for protocol, at, end in found.extensions:
        if protocol in OPTIONS:
            data[at + 2 : end] = _padding(end - at - 2)
        elif protocol == ROUTING:
            _fill(data, at + 8, end, 0)
        elif protocol == AUTHENTICATION:
            _fill(data, at + 12, end, 0)
        elif protocol != FRAGMENT:
            _fill(data, at + 2, end, 0)
    if found.protocol == TCP and found.is_first:
        _blank_tcp_options(data, found.at + 20, min(found.payload_at(data), found.end))


def _blank_tcp_options(data: bytearray, at: int, end: int) -> None:
    while at < end and data[at] != 0:
        if data[at] == _NO_OPERATION:
            at += 1
            continue
        size = data[at + 1] if at + 1 < end else 0
        if size < 2 or at + size > end:
            break
        if data[at] not in _HARMLESS_TCP:
            _fill(data, at, at + size, _NO_OPERATION)
        at += size
    _fill(data, at, end, 0)


def _fill(data: bytearray, start: int, end: int, value: int) -> None:
    if end > start:
        data[start:end] = bytes([value]) * (end - start)


def _padding(size: int) -> bytes:
    """Options of IPv6 that only pad (RFC 8200, 4.2)."""
    parts = []
    while size > 1:
        length = min(size - 2, _MAX_PADDING)
        parts.append(bytes([1, length]) + bytes(length))
        size -= length + 2
    return b"".join(parts) + bytes(size)
