"""Capture files: pcap in all four variants, snoop, and pcapng with several interfaces in both byte orders."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

ByteOrder = Literal["<", ">"]
MICROSECONDS, NANOSECONDS = 0xA1B2C3D4, 0xA1B23C4D
"""Magic numbers (draft-ietf-opsawg-pcap, 4)."""

SECTION, INTERFACE, ENHANCED_PACKET = 0x0A0D0D0A, 1, 6
"""Block types (draft-ietf-opsawg-pcapng, 4)."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A captured frame. `wire_len`: its length on the wire, if the data is shorter."""

    time_ns: int
    data: bytes
    wire_len: int = 0
    interface: int = 0

    @property
    def length(self) -> int:
        """Bytes on the wire."""
        return self.wire_len or len(self.data)

    def cut(self, snap_length: int) -> Frame:
        """The frame truncated to a snap length."""
        return Frame(self.time_ns, self.data[:snap_length], self.length, self.interface)


@dataclass(frozen=True, slots=True)
class Interface:
    """An interface of a pcapng file; `resolution` is the power of ten of its time unit."""

    name: str
    link: int
    snap_length: int = 262_144
    resolution: int = 9


def pcap(
    frames: Iterable[Frame],
    link: int,
    *,
    order: ByteOrder = "<",
    magic: int = MICROSECONDS,
    snap_length: int = 262_144,
) -> bytes:
    """A pcap file; frames are cut to the snap length."""
    unit_ns = 1 if magic == NANOSECONDS else 1000
    parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snap_length, link)]
    for frame in frames:
        kept = frame.data[:snap_length]
        second, rest_ns = divmod(frame.time_ns, 1_000_000_000)
        parts.append(struct.pack(order + "IIII", second, rest_ns // unit_ns, len(kept), frame.length) + kept)
    return b"".join(parts)


def pcapng(frames: Iterable[Frame], interfaces: Sequence[Interface], *, order: ByteOrder = "<") -> bytes:
    """A pcapng file of one section."""
    section = struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1)
    parts = [_block(SECTION, section, order)]
    for interface in interfaces:
        options = _option(2, interface.name.encode(), order) + _option(
            9, bytes([interface.resolution]), order
        )
        body = struct.pack(order + "HHI", interface.link, 0, interface.snap_length) + options + bytes(4)
        parts.append(_block(INTERFACE, body, order))
    for frame in frames:
        interface = interfaces[frame.interface]
        units = frame.time_ns // 10 ** (9 - interface.resolution)
        kept = frame.data[: interface.snap_length]
        head = struct.pack(
            order + "IIIII", frame.interface, units >> 32, units & 0xFFFFFFFF, len(kept), frame.length
        )
        parts.append(_block(ENHANCED_PACKET, head + _padded(kept), order))
    return b"".join(parts)


def snoop(frames: Iterable[Frame], *, datalink: int) -> bytes:
    """A snoop file (RFC 1761); each packet is padded to four bytes."""
    parts = [b"snoop\0\0\0" + struct.pack("!II", 2, datalink)]
    for frame in frames:
        second, rest_ns = divmod(frame.time_ns, 1_000_000_000)
        data = _padded(frame.data)
        head = (frame.length, len(frame.data), 24 + len(data), 0, second, rest_ns // 1000)
        parts.append(struct.pack("!6I", *head) + data)
    return b"".join(parts)


def _block(kind: int, body: bytes, order: ByteOrder) -> bytes:
    length = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + length + body + length


def _option(code: int, value: bytes, order: ByteOrder) -> bytes:
    return struct.pack(order + "HH", code, len(value)) + _padded(value)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
