"""Packets and bytes of each flow, from one row of tshark's fields per frame."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from netmon.verify.facts import Endpoints, address
from netmon.verify.tshark import Row

FIELDS = (
    "frame.number",
    "frame.time_epoch",
    "frame.len",
    "frame.cap_len",
    "frame.protocols",
    "ip.src",
    "ip.dst",
    "ip.len",
    "ip.flags.mf",
    "ip.frag_offset",
    "ipv6.src",
    "ipv6.dst",
    "ipv6.plen",
    "ip.fragment",
    "ipv6.fragment",
    "tcp.srcport",
    "tcp.dstport",
    "tcp.stream",
    "tcp.len",
    "udp.srcport",
    "udp.dstport",
    "udp.stream",
    "udp.length",
    "quic.connection.number",
    "_ws.expert.group",
)
"""The fields that this module reads."""

APPLICATIONS = ("tls", "quic", "gquic", "dtls", "dns", "mdns", "llmnr")
_TUNNELS = ("vxlan", "geneve", "gtp", "hp_erm")
"""Tunnels over UDP: a frame counts for the flow inside the tunnel, if there is one, and for no other."""
_MALFORMED = 0x07000000  # tshark's expert group "Malformed"
_IPV6_HEADER_BYTES, _UDP_HEADER_BYTES = 40, 8

_T = TypeVar("_T")


class Innermost(NamedTuple):
    """The innermost transport segment of a frame."""

    transport: str
    endpoints: Endpoints
    stream: int
    ip_bytes: int
    payload_bytes: int
    is_fragmented: bool  # its IP packet was fragmented
    applications: tuple[str, ...]  # those of APPLICATIONS that follow the transport


@dataclass
class FrameFlow:
    """The packets between two endpoints. `endpoints` and `forward` are the direction of the first packet."""

    transport: str
    endpoints: Endpoints
    first_frame: int
    last_frame: int = 0
    forward: list[int] = field(default_factory=lambda: [0, 0, 0, 0])  # packets, wire, IP, payload bytes
    backward: list[int] = field(default_factory=lambda: [0, 0, 0, 0])


def flow_key(transport: str, endpoints: Endpoints) -> tuple[str, Endpoints]:
    """A key that is the same for both directions of a flow."""
    first, second = sorted((endpoints[:2], endpoints[2:]))
    return transport, (*first, *second)


class FrameFlows:
    """Flows by their key.

    tshark shows a reassembled datagram in the frame that completes it; the other fragments count for the same
    flow. The fragments of a datagram that never becomes complete count for no flow.
    """

    def __init__(self) -> None:
        self.by_key: dict[tuple[str, Endpoints], FrameFlow] = {}
        self._fragments: dict[int, tuple[int, int, int]] = {}

    def count_fragment(self, row: Row) -> None:
        """Keeps the counts of a frame that is a fragment, until its datagram is complete."""
        if is_fragment(row):
            lengths = numbers(row["ip.len"]) + [n + _IPV6_HEADER_BYTES for n in numbers(row["ipv6.plen"])]
            number, wire_bytes = int(row["frame.number"][0]), int(row["frame.len"][0])
            self._fragments[number] = (1, wire_bytes, lengths[-1] if lengths else 0)

    def count_segment(self, row: Row, innermost: Innermost) -> FrameFlow:
        """Counts a frame and its fragments for the flow that it belongs to, and returns that flow."""
        key = flow_key(innermost.transport, innermost.endpoints)
        number = int(row["frame.number"][0])
        flow = self.by_key.get(key)
        if flow is None:
            flow = self.by_key[key] = FrameFlow(innermost.transport, innermost.endpoints, number)
        flow.last_frame = number
        side = flow.forward if innermost.endpoints == flow.endpoints else flow.backward
        counts = (1, int(row["frame.len"][0]), innermost.ip_bytes, innermost.payload_bytes)
        # The fragments of a tunnel's own packet do not belong to the flow inside.
        fragments = (
            numbers(row["ip.fragment"]) + numbers(row["ipv6.fragment"]) if innermost.is_fragmented else []
        )
        for one in (counts, *(self._fragments.pop(number, ()) for number in fragments)):
            for index, value in enumerate(one):
                side[index] += value
        return flow


def numbers(values: Iterable[str]) -> list[int]:
    """Those values of a field that are numbers."""
    found = []
    for value in values:
        try:
            found.append(int(value, 0))
        except ValueError:
            continue
    return found


def protocols(row: Row) -> list[str]:
    """The protocol layers of a frame, outermost first."""
    return row["frame.protocols"][0].split(":") if row["frame.protocols"] else []


def is_malformed(row: Row) -> bool:
    """Whether tshark calls any part of the frame malformed."""
    return _MALFORMED in numbers(row["_ws.expert.group"]) or "_ws.malformed" in protocols(row)


def is_fragment(row: Row) -> bool:
    """Whether the frame holds a fragment of an IP packet."""
    layers = range(len(row["ip.frag_offset"]))
    return any(_has_fragment_fields(row, at) for at in layers) or "ipv6.fraghdr" in protocols(row)


def _has_fragment_fields(row: Row, at: int) -> bool:
    offset, more = _at(row["ip.frag_offset"], at), _at(row["ip.flags.mf"], at)
    return (offset or "0") != "0" or more in ("1", "True")


LAST_NS = 2**64 - 1
"""The latest time that the engine knows; later time stamps count as this."""


def time_ns(row: Row) -> int:
    """The time stamp of the frame in nanoseconds; 0 if it has none."""
    seconds, _, fraction = "".join(row["frame.time_epoch"]).partition(".")
    if not re.fullmatch("[0-9]+", seconds) or not re.fullmatch("[0-9]+", fraction):
        return 0
    return min(int(seconds) * 1_000_000_000 + int(fraction[:9].ljust(9, "0")), LAST_NS)


def find_innermost(row: Row) -> Innermost | None:
    """The innermost transport segment of a frame. A packet that an ICMP error quotes is not counted."""
    packets = {family: _packets(row, family) for family in ("ip", "ipv6")}
    seen = {"ip": 0, "ipv6": 0, "tcp": 0, "udp": 0}
    pair: tuple[str, str] | None = None
    size, is_fragmented = 0, False
    found: Innermost | None = None
    for token in protocols(row):
        if token in ("icmp", "icmpv6"):
            break
        if token in packets and seen[token] < len(packets[token]):
            pair, size, is_fragmented = packets[token][seen[token]]
            seen[token] += 1
            found = None
        elif token == "ipv6.fraghdr":
            is_fragmented = True
        elif token in _TUNNELS:
            found = None
        elif token in ("tcp", "udp") and pair is not None:
            found = _segment(row, token, seen[token], pair, (size, is_fragmented)) or found
            seen[token] += 1
        elif found is not None and token in APPLICATIONS:
            found = found._replace(applications=(*found.applications, token))
    return found


def _packets(row: Row, family: str) -> list[tuple[tuple[str, str], int, bool]]:
    """Addresses, size and fragmentation of a frame's IP packets of one family, the outermost first."""
    if family == "ip":
        sizes = numbers(row["ip.len"])
    else:
        sizes = [length + _IPV6_HEADER_BYTES for length in numbers(row["ipv6.plen"])]
    return [
        ((address(src), address(dst)), _at(sizes, at) or 0, family == "ip" and _has_fragment_fields(row, at))
        for at, (src, dst) in enumerate(zip(row[f"{family}.src"], row[f"{family}.dst"], strict=False))
    ]


def _segment(
    row: Row, token: str, at: int, pair: tuple[str, str], packet: tuple[int, bool]
) -> Innermost | None:
    source = _at(numbers(row[f"{token}.srcport"]), at)
    destination = _at(numbers(row[f"{token}.dstport"]), at)
    if source is None or destination is None:
        return None
    stream = _at(numbers(row[f"{token}.stream"]), at)
    if token == "tcp":
        payload = _at(numbers(row["tcp.len"]), at) or 0
    else:
        payload = max(0, (_at(numbers(row["udp.length"]), at) or 0) - _UDP_HEADER_BYTES)
    endpoints = (pair[0], source, pair[1], destination)
    return Innermost(token, endpoints, -1 if stream is None else stream, packet[0], payload, packet[1], ())


def _at(items: list[_T], index: int) -> _T | None:
    return items[index] if index < len(items) else None
