"""Writes pcapng (draft-ietf-opsawg-pcapng): one section, with comments on the section and on each packet."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_COMMENT, _END = 1, 0
_HARDWARE, _SYSTEM, _APPLICATION = 2, 3, 4
_INTERFACE_NAME, _RESOLUTION = 2, 9
_NANOSECONDS = b"\x09"
_SNAPLEN = 262_144
_MAX_OPTION = 65_535


@dataclass(frozen=True, slots=True)
class Block:
    """A packet with a comment, as it is written."""

    time_ns: int
    link: int
    interface: str | None
    wire_len: int
    data: bytes
    comment: str


@dataclass(frozen=True, slots=True)
class Section:
    """What the file says about itself."""

    comment: str
    application: str
    hardware: str
    system: str


def write_pcapng(section: Section, packets: Iterable[Block]) -> bytes:
    """The bytes of a file. Each interface, with its link type, has a description before the first packet."""
    blocks = tuple(packets)
    interfaces = list(dict.fromkeys((one.interface, one.link) for one in blocks))
    parts = [_section(section)]
    parts += [_interface(name, link) for name, link in interfaces]
    parts += [_packet(one, interfaces.index((one.interface, one.link))) for one in blocks]
    return b"".join(parts)


def _section(section: Section) -> bytes:
    options = (
        (_COMMENT, section.comment),
        (_HARDWARE, section.hardware),
        (_SYSTEM, section.system),
        (_APPLICATION, section.application),
    )
    return _block(_SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _options(_texts(options)))


def _interface(name: str | None, link: int) -> bytes:
    options = [(_RESOLUTION, _NANOSECONDS)]
    if name:
        options.insert(0, (_INTERFACE_NAME, _text(name)))
    return _block(_INTERFACE, struct.pack("<HHI", link, 0, _SNAPLEN) + _options(options))


def _packet(one: Block, interface: int) -> bytes:
    high, low = divmod(one.time_ns, 1 << 32)
    head = struct.pack("<IIIII", interface, high, low, len(one.data), one.wire_len)
    return _block(_PACKET, head + _padded(one.data) + _options(_texts([(_COMMENT, one.comment)])))


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def _texts(options: Iterable[tuple[int, str]]) -> Iterator[tuple[int, bytes]]:
    return ((code, _text(text)) for code, text in options if text)


def _text(text: str) -> bytes:
    """UTF-8, cut to what an option can hold."""
    return text.encode("utf-8", "replace")[:_MAX_OPTION].decode("utf-8", "ignore").encode()


def _options(options: Iterable[tuple[int, bytes]]) -> bytes:
    written = b"".join(struct.pack("<HH", code, len(value)) + _padded(value) for code, value in options)
    return written + struct.pack("<HH", _END, 0) if written else b""


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
