"""Overwrites what packets say about clients beyond their addresses, without changing any length.

Options of IP and TCP, of DNS messages (EDNS), header values of HTTP requests, and what precedes a hello: such
as the address of another machine, a host name, a MAC address, a user or a password.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

_NOP, _PAD_N = 1, 1
_NEEDED_TCP_OPTIONS = (2, 3, 4, 5, 8)
"""Maximum segment size, window scale, selective acknowledgements, timestamps."""
_OPT, _PADDING = 41, 12
_OPT_START = b"\0\0\x29"
"""The name and the type of an OPT record."""

_REQUEST = re.compile(rb"[A-Z]{3,20} [^\r\n]{1,65535} HTTP/1\.[01]\r?\n")
_NEEDED_HEADERS = (b"host", b"content-length", b"transfer-encoding", b"connection", b"upgrade")
_QUERY = re.compile(rb"\?[^ ]*(?= HTTP/1\.[01]\r?\n$)")
_VISIBLE = re.compile(rb"\S")
_USER_INFO = re.compile(rb"(?<=://)[^/ ]*(?=@)")
_PROXY_1 = re.compile(rb"(?<=^PROXY TCP[46] )[0-9a-fA-F.:]+")
_PROXY_2 = b"\r\n\r\n\0\r\nQUIT\n"
_PROXY_2_ADDRESSES = {1: (4, 12), 2: (16, 36), 3: (108, 216)}
"""By family: the bytes of the source, and of both addresses with their ports."""
_TEXTS = (
    re.compile(rb"(?im)(?<=^EHLO )[^\r\n]+"),
    re.compile(rb"(?im)(?<=^HELO )[^\r\n]+"),
    re.compile(rb"(?<=mstshash=)[^\r\n]+"),
)


def blank_ip_options(packet: bytearray) -> None:
    """The options of an IPv4 header, and of the extension headers of IPv6 that a packet begins with."""
    if packet[0] >> 4 == 4:
        end = min((packet[0] & 15) * 4, len(packet))
        packet[20:end] = bytes([_NOP]) * (end - 20)
        return
    kind, at = packet[6], 40
    while kind in (0, 43, 60) and len(packet) >= at + 8:
        size = (packet[at + 1] + 1) * 8
        end = min(at + size, len(packet))
        begin = at + (4 if kind == 43 else 2)
        packet[begin:end] = bytes(end - begin)
        if kind != 43 and end - begin >= 2:
            _pad(packet, begin, at + size)
        kind, at = packet[at], at + size


def _pad(packet: bytearray, begin: int, end: int) -> None:
    """PadN options up to the end of an extension header, which may be cut."""
    while begin + 2 <= min(end, len(packet)):
        size = min(end - begin - 2, 255)
        packet[begin : begin + 2] = bytes([_PAD_N, size])
        begin += 2 + size


def blank_tcp_options(packet: bytearray, at: int) -> None:
    """The options of a TCP header, which begins at a place, that no verdict rests on."""
    end = min(at + max(20, (packet[at + 12] >> 4) * 4), len(packet))
    place = at + 20
    while place < end:
        kind = packet[place]
        if kind == 0:
            packet[place:end] = bytes(end - place)
            return
        size = 1 if kind == _NOP else packet[place + 1] if place + 1 < end else 0
        if size < 1 or (kind != _NOP and size < 2) or place + size > end:
            size = end - place  # what follows cannot be told apart
            kind = _NOP + 255
        if kind not in (_NOP, *_NEEDED_TCP_OPTIONS):
            packet[place : place + size] = bytes([_NOP]) * size
        place += size


def blank_dns(payload: bytes, *, is_tcp: bool) -> bytes:
    """The options of all EDNS records, and what follows the records of a message."""
    if not is_tcp:
        return _blank_message(payload)
    parts, at = [], 0
    while at + 2 <= len(payload):
        size = int.from_bytes(payload[at : at + 2], "big")
        message = payload[at + 2 : at + 2 + size]
        if size < 12 or len(message) < size:  # a message that began in another segment, or goes on in one
            break
        parts += [payload[at : at + 2], _blank_message(message)]
        at += 2 + size
    return b"".join(parts) + _blank_wherever(payload[at:])


def _blank_message(message: bytes) -> bytes:
    data = bytearray(message)
    try:
        questions, *records = struct.unpack_from(">4H", data, 4)
        at = 12
        for _ in range(questions):
            at = _skip_name(data, at) + 4
        for _ in range(sum(records)):
            at = _skip_name(data, at)
            kind, size = *struct.unpack_from(">H", data, at), *struct.unpack_from(">H", data, at + 8)
            if kind == _OPT:
                _blank_options(data, at + 10, size)
            at += 10 + size
    except (struct.error, IndexError):
        return _blank_wherever(message)
    data[at:] = bytes(max(0, len(data) - at))
    return bytes(data)


def _skip_name(data: bytearray, at: int) -> int:
    while data[at]:
        if data[at] >= 0xC0:
            return at + 2
        at += 1 + data[at]
    return at + 1


def _blank_options(data: bytearray, at: int, size: int) -> None:
    """One option of padding (RFC 7830) in place of all."""
    end = min(at + size, len(data))
    data[at:end] = bytes(max(0, end - at))
    if size >= 4 and end - at >= 4:
        struct.pack_into(">HH", data, at, _PADDING, size - 4)


def _blank_wherever(part: bytes) -> bytes:
    """The options of what looks like an EDNS record in part of a message."""
    data, at = bytearray(part), part.find(_OPT_START)
    while at >= 0:
        place = at + 11
        if place <= len(data):
            _blank_options(data, place, int.from_bytes(data[place - 2 : place], "big"))
        at = part.find(_OPT_START, at + 1)
    return bytes(data)


def blank_preamble(payload: bytes) -> bytes:
    """Users, passwords, host names and addresses in what precedes a hello."""
    payload = _PROXY_1.sub(lambda found: re.sub(rb"[0-9a-fA-F]", b"1", found[0]), payload)
    for pattern in _TEXTS:
        payload = pattern.sub(_blank, payload)
    if payload.startswith(_PROXY_2) and len(payload) >= 16:
        return _blank_proxy(bytearray(payload))
    if payload[:2] in (b"\x04\x01", b"\x04\x02") and b"\0" in payload[8:]:  # SOCKS 4 with a user
        end = payload.index(b"\0", 8)
        return payload[:8] + b"x" * (end - 8) + payload[end:]
    if payload[:1] == b"\x01" and len(payload) > 2:  # SOCKS 5: user and password (RFC 1929)
        user = payload[1]
        if len(payload) > 2 + user and len(payload) == 3 + user + payload[2 + user]:
            password = payload[2 + user]
            return payload[:2] + b"x" * user + bytes([password]) + b"x" * password
    return payload


def _blank(found: re.Match[bytes]) -> bytes:
    return b"x" * len(found[0])


def _blank_proxy(data: bytearray) -> bytes:
    """PROXY of version 2: the source, and everything after the addresses."""
    end = min(16 + int.from_bytes(data[14:16], "big"), len(data))
    source, both = _PROXY_2_ADDRESSES.get(data[13] >> 4, (0, 0))
    source, both = min(16 + source, end), min(16 + both, end)
    data[16:source] = bytes(source - 16)
    data[both:end] = bytes(end - both)
    if end - both >= 3:
        struct.pack_into(">BH", data, both, 4, end - both - 3)  # PP2_TYPE_NOOP
    return bytes(data)


class HttpBlanking:
    """Header values, queries and bodies of HTTP requests; a request may have several packets."""

    def __init__(self) -> None:
        self._in_head: dict[object, bool] = {}  # by direction that began with a request: its head goes on

    def apply(self, payload: bytes, direction: object) -> bytes:
        """The payload of a packet. What is no part of a request stays."""
        if not payload or (direction not in self._in_head and not _REQUEST.match(payload)):
            return payload
        return b"".join(self._parts(payload, direction))

    def _parts(self, payload: bytes, direction: object) -> Iterator[bytes]:
        at = 0
        while at < len(payload):
            request = _REQUEST.match(payload, at)
            if request:
                self._in_head[direction] = True
                yield _USER_INFO.sub(_blank, _QUERY.sub(_blank_query, request[0]))
                at = request.end()
            elif not self._in_head[direction]:  # a hello through a proxy, or a body
                is_tls = payload[at : at + 2] == b"\x16\x03"
                yield payload[at:] if is_tls else b"x" * (len(payload) - at)
                return
            else:
                end = payload.find(b"\n", at) + 1 or len(payload)
                line = payload[at:end]
                self._in_head[direction] = line.strip() != b""
                yield _blank_header(line)
                at = end


def _blank_query(found: re.Match[bytes]) -> bytes:
    return b"?" + b"x" * (len(found[0]) - 1)


def _blank_header(line: bytes) -> bytes:
    name, colon, value = line.partition(b":")
    if name.strip().lower() in _NEEDED_HEADERS:
        return line
    return name + colon + _VISIBLE.sub(b"x", value) if colon else _VISIBLE.sub(b"x", line)
