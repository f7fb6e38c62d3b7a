"""A second opinion as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from netmon.verify.compare import Difference, Packets
from netmon.verify.facts import Endpoints
from netmon.verify.second_opinion import Opinion

TITLES = {
    "tcp": "server names over TCP",
    "quic": "server names over QUIC",
    "gquic": "server names over Google QUIC",
    "dtls": "server names over DTLS",
    "udp": "server names over DTLS in a carrier",
    "hello": "contents of hellos",
    "http": "hosts of HTTP requests",
    "x509": "servers' certificates",
    "dns": "DNS facts",
    "dns_tcp": "DNS facts over TCP",
    "mdns": "mDNS facts",
    "llmnr": "LLMNR facts",
    "flow": "flows with packets and bytes",
}
"""What is compared, by the classes of facts."""


def lines(opinion: Opinion) -> Iterator[str]:
    """The opinion as lines of text: the differences, then the counts of what both read."""
    for difference in opinion.differences:
        yield from _difference_lines(difference)
    if opinion.differences:
        yield ""
    count = len(opinion.differences)
    equal = ", ".join(f"{title(over)} ({found:,})" for over, found in sorted(opinion.equal.items()))
    if count:
        result = f"differ; what they read alike: {equal or 'nothing'}"
    else:
        result = f"agree on: {equal}" if equal else "found nothing to compare"
    packets = _counted(opinion.packets, "packet")
    yield f"{opinion.file}: {packets}; tshark {opinion.tshark} and netmon {result}"
    if opinion.left_out:
        yield f"not compared, in malformed packets or incomplete ClientHellos: {opinion.left_out}"
    if opinion.behind:
        flows = _counted(opinion.behind, "flow")
        yield f"behind another header, where Wireshark got the bytes of one side alone: names of {flows}"
    yield _counted(count, "difference") if count else "no difference"


def _counted(number: int, noun: str) -> str:
    """A number with its noun: "1 packet", "1,200 packets"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def title(over: str) -> str:
    """A readable name for what is compared."""
    return TITLES.get(over, over)


def as_json(opinion: Opinion) -> dict[str, Any]:
    """The opinion as plain values."""
    return {
        "file": opinion.file,
        "tshark": opinion.tshark,
        "packets": opinion.packets,
        "equal": dict(sorted(opinion.equal.items())),
        "left_out": opinion.left_out,
        "behind": opinion.behind,
        "differences": [_difference_json(difference) for difference in opinion.differences],
        "problems": list(opinion.problems),
    }


def _difference_lines(difference: Difference) -> Iterator[str]:
    yield f"{_where(difference.packets)}: {difference.over} {_endpoints_text(difference.endpoints)}"
    for who, texts in (("Wireshark", difference.wireshark), ("netmon", difference.netmon)):
        for text in texts or ("nothing",):
            yield f"  {who + ':':10} {text}"
    if difference.note:
        yield f"  {'perhaps:':10} {difference.note}"


def _where(packets: Packets | None) -> str:
    if packets is None:
        return "packets unknown"
    return f"packet {packets[0]}" if packets[0] == packets[1] else f"packets {packets[0]} to {packets[1]}"


def _endpoints_text(endpoints: Endpoints) -> str:
    source, destination = (f"[{host}]" if ":" in host else host for host in (endpoints[0], endpoints[2]))
    return f"{source}:{endpoints[1]} → {destination}:{endpoints[3]}"


def _difference_json(difference: Difference) -> dict[str, Any]:
    source, source_port, destination, destination_port = difference.endpoints
    first, last = difference.packets or (None, None)
    return {
        "over": difference.over,
        "source": {"ip": source, "port": source_port},
        "destination": {"ip": destination, "port": destination_port},
        "first_packet": first,
        "last_packet": last,
        "wireshark": list(difference.wireshark),
        "netmon": list(difference.netmon),
        "note": difference.note,
    }
