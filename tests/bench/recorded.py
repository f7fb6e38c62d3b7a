"""Openings of real connections, extracted from captures, to be reused between other addresses.

The keys of an Initial depend only on its connection ID (RFC 9001, section 5.2), so a recorded QUIC opening
can be decrypted between any addresses.
"""

from __future__ import annotations

import json
import logging
import struct
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from scapy.utils import RawPcapNgReader, RawPcapReader

logging.getLogger("scapy.runtime").setLevel(logging.ERROR)  # of secrets in captures, which are not read

ETHERNET, RAW_LINKS = 1, (12, 101, 228, 229)
TCP, UDP = 6, 17
MOST_DATAGRAMS = 16  # of one QUIC opening


class Payload(NamedTuple):
    """The payload of one packet, and its ends."""

    proto: int
    ends: tuple[str, int, str, int]
    data: bytes


class Recorded(NamedTuple):
    """Openings by name."""

    quic: list[tuple[str, list[tuple[bool, bytes]]]]  # (name, [(from the client, datagram)])
    hellos: list[tuple[str, list[bytes]]]  # (name, the ClientHello's segments)


def read_recorded(captures: Path) -> Recorded:
    """The openings in a folder of captures with its truth.jsonl."""
    recorded = Recorded([], [])
    with (captures / "truth.jsonl").open(encoding="utf-8") as lines:
        for truth in map(json.loads, lines):
            _read_one(captures / truth["file"], truth, recorded)
    return recorded


def _read_one(path: Path, truth: dict, recorded: Recorded) -> None:
    names, hellos = _quic_names(truth), _hello_frames(truth)
    if not names and not hellos:
        return
    wanted = {frame for _name, frames in hellos for frame in frames}
    flows: dict[tuple, list[tuple[bool, bytes]]] = {ends: [] for ends in names}
    pieces: dict[int, bytes] = {}
    for number, link, packet in _packets(path):
        payload = _payload(link, packet)
        if payload is not None and payload.proto == UDP:
            _add_datagram(flows, payload)
        elif payload is not None and number in wanted:
            pieces[number] = payload.data
    for ends, datagrams in flows.items():
        if datagrams and datagrams[0][0] and datagrams[0][1][:1] >= b"\x80":  # begins with a long header
            recorded.quic.append((names[ends], datagrams))
    for name, frames in hellos:
        parts = [pieces.get(frame, b"") for frame in frames]
        if all(parts) and parts[0][:1] == b"\x16":
            recorded.hellos.append((name, parts))


def _quic_names(truth: dict) -> dict[tuple, str]:
    """Ends of a QUIC flow → its server name."""
    return {
        (flow["src"], flow["sport"], flow["dst"], flow["dport"]): flow["sni"]
        for flow in truth["sni_flows"]
        if flow["over"] == "quic" and flow["sni"]
    }


def _hello_frames(truth: dict) -> list[tuple[str, list[int]]]:
    """The server name of each ClientHello over TCP outside of tunnels, and the frames that it is in."""
    return [
        (hello["sni"], hello.get("pieces", [hello["frame"]]))
        for hello in truth["client_hellos"]
        if hello["over"] == "tcp" and hello["sni"] and hello["layers"].count("ip") == 1
    ]


def _add_datagram(flows: dict[tuple, list[tuple[bool, bytes]]], payload: Payload) -> None:
    for ends, from_client in ((payload.ends, True), (payload.ends[2:] + payload.ends[:2], False)):
        if ends in flows and len(flows[ends]) < MOST_DATAGRAMS:
            flows[ends].append((from_client, payload.data))


def _packets(path: Path) -> Iterator[tuple[int, int, bytes]]:
    with RawPcapReader(str(path)) as reader:
        is_ng = isinstance(reader, RawPcapNgReader)
        for number, (packet, metadata) in enumerate(reader, 1):
            yield number, metadata.linktype if is_ng else reader.linktype, packet


def _payload(link: int, packet: bytes) -> Payload | None:
    """The transport payload of a complete, plain packet: no tunnel, no fragment."""
    start = 0
    if link == ETHERNET:
        start, kind = 14, packet[12:14]
        while kind in (b"\x81\0", b"\x88\xa8"):
            kind, start = packet[start + 2 : start + 4], start + 4
        if kind not in (b"\x08\0", b"\x86\xdd"):
            return None
    elif link not in RAW_LINKS:
        return None
    ip = packet[start:]
    if len(ip) < 40 or ip[0] >> 4 not in (4, 6):
        return None
    if ip[0] >> 4 == 4:
        total, _id, fragment, _ttl, proto = struct.unpack_from("!HHHBB", ip, 2)
        src, dst, body = ip[12:16], ip[16:20], ip[(ip[0] & 15) * 4 : total]
        if fragment & 0x3FFF:
            return None
    else:
        length, proto = struct.unpack_from("!HB", ip, 4)
        src, dst, body = ip[8:24], ip[24:40], ip[40 : 40 + length]
    if proto not in (TCP, UDP) or len(body) < (20 if proto == TCP else 8):
        return None
    sport, dport = struct.unpack_from("!HH", body)
    ends = (str(ip_address(src)), sport, str(ip_address(dst)), dport)
    return Payload(proto, ends, body[(body[12] >> 4) * 4 if proto == TCP else 8 :])
