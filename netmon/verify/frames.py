"""Packets and bytes by flow, from one row of tshark's fields for each frame."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from netmon.verify.facts import Ends
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
    "_ws.expert.group",
)
"""What `locate` and `is_malformed` need of a frame."""

APPLICATIONS = ("tls", "quic", "gquic", "dtls", "dns", "mdns", "llmnr")
_TUNNELS = ("vxlan", "geneve", "gtp")
"""What UDP carries besides packets of its own flow: a tunnel's flow is the innermost one, or none."""
_MALFORMED = 0x07000000  # tshark's expert group "Malformed"
_IPV6_HEADER_BYTES, _UDP_HEADER_BYTES = 40, 8

_T = TypeVar("_T")


class Innermost(NamedTuple):
    """The innermost transport segment of a frame."""

    transport: str
    ends: Ends
    stream: int
    ip_bytes: int
    payload_bytes: int
    is_in_parts: bool  # its IP packet came in fragments
    applications: tuple[str, ...]  # of APPLICATIONS, after the transport


@dataclass
class Flow:
    """What a capture holds between two ends; `ends` and `forth` are of its first packet."""

    transport: str
    ends: Ends
    first_frame: int
    last_frame: int = 0
    forth: list[int] = field(default_factory=lambda: [0, 0, 0, 0])  # packets, wire, IP, payload bytes
    back: list[int] = field(default_factory=lambda: [0, 0, 0, 0])


def flow_key(transport: str, ends: Ends) -> tuple[str, Ends]:
    """The same for both directions of a flow."""
    first, second = sorted((ends[:2], ends[2:]))
    return transport, (*first, *second)


class Flows:
    """Flows by their key.

    tshark shows a datagram in the frame that completes it; its other fragments are the flow's, too. Fragments
    of what never becomes whole are nobody's.
    """

    def __init__(self) -> None:
        self.by_key: dict[tuple[str, Ends], Flow] = {}
        self._parts: dict[int, tuple[int, int, int]] = {}

    def take_part(self, row: Row) -> None:
        """Remembers a frame without a transport, if it is a fragment: its datagram may become whole."""
        if is_fragment(row):
            lengths = numbers(row["ip.len"]) + [n + _IPV6_HEADER_BYTES for n in numbers(row["ipv6.plen"])]
            number, wire_bytes = int(row["frame.number"][0]), int(row["frame.len"][0])
            self._parts[number] = (1, wire_bytes, lengths[-1] if lengths else 0)

    def take(self, row: Row, innermost: Innermost) -> Flow:
        """Counts a frame; the flow that it belongs to."""
        key = flow_key(innermost.transport, innermost.ends)
        number = int(row["frame.number"][0])
        flow = self.by_key.get(key)
        if flow is None:
            flow = self.by_key[key] = Flow(innermost.transport, innermost.ends, number)
        flow.last_frame = number
        side = flow.forth if innermost.ends == flow.ends else flow.back
        counts = (1, int(row["frame.len"][0]), innermost.ip_bytes, innermost.payload_bytes)
        # A tunnel's own fragments are no part of what is inside.
        parts = numbers(row["ip.fragment"]) + numbers(row["ipv6.fragment"]) if innermost.is_in_parts else []
        for part in (counts, *(self._parts.pop(number, ()) for number in parts)):
            for index, value in enumerate(part):
                side[index] += value
        return flow


def numbers(values: Iterable[str]) -> list[int]:
    """The numbers among a field's values."""
    found = []
    for value in values:
        try:
            found.append(int(value, 0))
        except ValueError:
            continue
    return found


def protocols(row: Row) -> list[str]:
    """The layers of a frame, outermost first."""
    return row["frame.protocols"][0].split(":") if row["frame.protocols"] else []


def is_malformed(row: Row) -> bool:
    """Whether tshark calls something in the frame malformed."""
    return _MALFORMED in numbers(row["_ws.expert.group"]) or "_ws.malformed" in protocols(row)


def is_fragment(row: Row) -> bool:
    """Whether the frame holds a part of an IP packet."""
    layers = range(len(row["ip.frag_offset"]))
    return any(_has_fragment_fields(row, at) for at in layers) or "ipv6.fraghdr" in protocols(row)


def _has_fragment_fields(row: Row, at: int) -> bool:
    offset, more = _at(row["ip.frag_offset"], at), _at(row["ip.flags.mf"], at)
    return (offset or "0") != "0" or more in ("1", "True")


def time_ns(row: Row) -> int:
    """The frame's time, as nanoseconds; 0 where it has none."""
    seconds, _, fraction = "".join(row["frame.time_epoch"]).partition(".")
    if not (seconds.isdigit() and fraction.isdigit()):
        return 0
    return int(seconds) * 1_000_000_000 + int(fraction[:9].ljust(9, "0"))


def locate(row: Row) -> Innermost | None:
    """The innermost transport of a frame; an ICMP error's quoted packet is not followed."""
    addresses = {
        family: list(zip(row[f"{family}.src"], row[f"{family}.dst"], strict=False))
        for family in ("ip", "ipv6")
    }
    sizes = {
        "ip": numbers(row["ip.len"]),
        "ipv6": [length + _IPV6_HEADER_BYTES for length in numbers(row["ipv6.plen"])],
    }
    seen = {"ip": 0, "ipv6": 0, "tcp": 0, "udp": 0}
    pair: tuple[str, str] | None = None
    size, is_in_parts = 0, False
    found: Innermost | None = None
    for token in protocols(row):
        if token in ("icmp", "icmpv6"):
            break
        if token in addresses and seen[token] < len(addresses[token]):
            pair = addresses[token][seen[token]]
            size = _at(sizes[token], seen[token]) or 0
            is_in_parts = token == "ip" and _has_fragment_fields(row, seen[token])
            seen[token] += 1
            found = None
        elif token == "ipv6.fraghdr":
            is_in_parts = True
        elif token in _TUNNELS:
            found = None
        elif token in ("tcp", "udp") and pair is not None:
            found = _segment(row, token, seen[token], pair, (size, is_in_parts)) or found
            seen[token] += 1
        elif found is not None and token in APPLICATIONS:
            found = found._replace(applications=(*found.applications, token))
    return found


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
    ends = (pair[0], source, pair[1], destination)
    return Innermost(token, ends, -1 if stream is None else stream, packet[0], payload, packet[1], ())


def _at(items: list[_T], index: int) -> _T | None:
    return items[index] if index < len(items) else None
