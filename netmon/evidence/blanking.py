"""Of the packets of a finding, only what names and judges the flow remains; the rest is blanked.

Lengths, sequence numbers and ports stay, and checksums follow. What must remain of payload is found with the
engine's own parsers (`engine/src/kept/essential.rs`). Nothing is looked for that must not be shown, so what
is not known here is not shown either.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from netmon._engine import essential_datagram, essential_stream, id_length
from netmon.evidence.dns_messages import blank_message, blank_messages
from netmon.evidence.header_options import blank_options
from netmon.evidence.ip_packet import TCP, UDP, Layout, correct, layout
from netmon.evidence.rewriting import find_ip
from netmon.evidence.streams import Part, change
from netmon.signatures.model import PayloadMagic
from netmon.sources.kept import KeptPacket

_DNS = frozenset(("dns_query", "dns_answer"))
_SYN = 2
_HELLO = b"\x16\x03"
_TRANSPORTS = {TCP: "tcp", UDP: "udp"}

Way = tuple[bytes, int, int, int]
"""One direction of a flow: addresses, protocol and ports."""


@dataclass(frozen=True, slots=True)
class _Opened:
    """A packet whose bytes are being changed."""

    packet: KeptPacket
    start: int  # of the IP packet
    before: bytes  # the IP packet
    data: bytearray
    found: Layout

    @property
    def is_dns(self) -> bool:
        return not _DNS.isdisjoint(self.packet.shows)

    def part(self, start: int, offset: int) -> Part:
        return Part(self.data, min(start, self.found.end), self.found.end, offset)


class Blanking:
    """Blanks the packets of one file."""

    def __init__(self, magic: Iterable[PayloadMagic]) -> None:
        """`magic`: first payload bytes by which signatures match, which remain."""
        self._magic = tuple(magic)

    def apply(self, packets: Sequence[KeptPacket]) -> list[tuple[KeptPacket, int]]:
        """The packets, each with the number of bytes that were blanked."""
        opened = [_open(one) for one in packets]
        known = [one for one in opened if one is not None]
        for one in known:
            blank_options(one.data, one.found)
        self._blank_payloads(known)
        _correct_checksums(known)
        return [
            (packet, 0) if one is None else _closed(one) for packet, one in zip(packets, opened, strict=True)
        ]

    def _blank_payloads(self, known: Sequence[_Opened]) -> None:
        streams: dict[Way, list[tuple[_Opened, int]]] = {}
        ids: dict[str, int] = {}
        datagrams: list[_Opened] = []
        for one in known:
            at = one.found.payload_at(one.data)
            if one.found.fragment is not None:
                continue
            if one.found.protocol == TCP and one.found.end >= one.found.at + 20:
                streams.setdefault(_way(one), []).append((one, at))
            elif one.found.protocol == UDP:
                datagrams.append(one)
                length = id_length(bytes(one.data[at : one.found.end]))
                ids[one.packet.source] = max(length or 0, ids.get(one.packet.source, 0))
            else:
                _blank([one.part(at, 0)])
        for stream in streams.values():
            self._blank_stream(stream)
        for one in datagrams:
            self._blank_datagram([one], ids)
        for group in _fragmented(known):
            self._blank_fragments(group, ids)

    def _blank_stream(self, segments: Sequence[tuple[_Opened, int]]) -> None:
        first = _sequence(segments[0][0])
        parts = [one.part(at, _ahead(_sequence(one), first)) for one, at in segments]
        parts = [part for part in parts if part.end > part.start]
        # A hello takes the place of a probe that was sent before it with the same number.
        parts.sort(key=lambda part: not part.data.startswith(_HELLO, part.start))
        protected = self._protected(segments[0][0], parts)
        how = blank_messages if any(one.is_dns for one, _ in segments) else essential_stream
        change(parts, how)
        _restore(protected)

    def _blank_datagram(self, pieces: Sequence[_Opened], ids: dict[str, int]) -> None:
        """Blanks the payload of a datagram, which begins in the first of its packets."""
        first = pieces[0]
        begin = first.found.payload_at(first.data) - first.found.at
        parts = [first.part(first.found.at + begin, 0)]
        parts += [one.part(one.found.at, (one.found.fragment or (0, 0))[0] - begin) for one in pieces[1:]]
        protected = self._protected(first, parts[:1])
        length = ids.get(first.packet.destination, 0)
        if first.is_dns:
            change(parts, lambda data, _starts: blank_message(data))
        else:
            change(parts, lambda data, _starts: essential_datagram(data, length))
        _restore(protected)

    def _blank_fragments(self, group: Sequence[_Opened], ids: dict[str, int]) -> None:
        """Blanks a fragmented packet: a datagram, or one whose beginning or protocol is not known."""
        first = next((one for one in group if one.found.is_first), None)
        if first is None:
            _blank([one.part(one.found.at, 0) for one in group])
        elif first.found.protocol == UDP:
            self._blank_datagram([first, *(one for one in group if not one.found.is_first)], ids)
        elif first.found.protocol == TCP and first.found.end >= first.found.at + 20:
            begin = first.found.payload_at(first.data)
            offsets = ((one, (one.found.fragment or (0, 0))[0] - begin + first.found.at) for one in group)
            parts = [
                one.part(begin, 0) if one is first else one.part(one.found.at, at) for one, at in offsets
            ]
            change(parts, essential_stream)
        else:
            _blank([one.part(one.found.payload_at(one.data), 0) for one in group])

    def _protected(self, one: _Opened, parts: Sequence[Part]) -> list[tuple[Part, bytes]]:
        """The parts that begin with bytes by which a signature matches, and these bytes."""
        transport, ports = _TRANSPORTS[one.found.protocol], _way(one)[2:]
        found = []
        for part in parts:
            payload = bytes(part.data[part.start : part.end])
            for magic in self._magic:
                is_here = magic.transport == transport and magic.port in ports
                if is_here and payload.startswith(magic.prefix):
                    found.append((part, magic.prefix))
        return found


def _open(packet: KeptPacket) -> _Opened | None:
    start = find_ip(packet)
    if start is None:
        return None
    found = layout(packet.data[start:])
    if found is None:
        return None
    data = packet.data[start : start + found.end]  # without what follows it in the frame
    wire_len = packet.wire_len if len(packet.data) == start + found.end else start + found.end
    return _Opened(replace(packet, wire_len=wire_len), start, data, bytearray(data), found)


def _closed(one: _Opened) -> tuple[KeptPacket, int]:
    changed = sum(old != new for old, new in zip(one.before, one.data, strict=True))
    data = one.packet.data[: one.start] + bytes(one.data)
    return replace(one.packet, data=data), changed


def _way(one: _Opened) -> Way:
    at = one.found.at
    ports = struct.unpack_from(">HH", one.data, at) if len(one.data) >= at + 4 else (0, 0)
    return bytes(one.data[one.found.addresses]), one.found.protocol, *ports


def _sequence(one: _Opened) -> int:
    """The number of the first byte of payload."""
    at = one.found.at
    number: int = struct.unpack_from(">I", one.data, at + 4)[0]
    return number + 1 if one.data[at + 13] & _SYN else number


def _ahead(number: int, first: int) -> int:
    """How far a number is after another one; negative if it is before."""
    return (number - first + (1 << 31)) % (1 << 32) - (1 << 31)


def _fragmented(known: Sequence[_Opened]) -> list[list[_Opened]]:
    """The fragments of each packet."""
    groups: dict[tuple[bytes, int], list[_Opened]] = {}
    for one in known:
        if one.found.fragment is not None:
            groups.setdefault((bytes(one.data[one.found.addresses]), one.found.fragment[1]), []).append(one)
    return list(groups.values())


def _blank(parts: Iterable[Part]) -> None:
    for part in parts:
        part.data[part.start : part.end] = bytes(part.end - part.start)


def _restore(protected: Iterable[tuple[Part, bytes]]) -> None:
    for part, prefix in protected:
        part.data[part.start : part.start + len(prefix)] = prefix


def _correct_checksums(known: Sequence[_Opened]) -> None:
    """Corrects the checksums; that of a fragmented packet is in its first fragment."""
    pieces: dict[int, list[_Opened]] = {id(one): [one] for one in known if one.found.fragment is None}
    for group in _fragmented(known):
        pieces.update({id(one): list(group) for one in group if one.found.is_first})
    for one in known:
        found = one.found
        if found.is_v4:
            correct(one.data, 10, one.before[: found.header], bytes(one.data[: found.header]))
        place = found.checksum_at
        if place is None or (found.protocol == UDP and one.before[place : place + 2] == b"\0\0"):
            continue
        slices = [(piece, slice(piece.found.at, piece.found.end)) for piece in pieces[id(one)]]
        covered = [(piece.before[part], bytes(piece.data[part])) for piece, part in slices]
        for old, new in covered:
            correct(one.data, place, old, new)
