"""What each packet of an evidence file shows, in words."""

from __future__ import annotations

from collections.abc import Iterator

from netmon.records import ClassifiedFlow, Evidence
from netmon.sources.kept import KeptPacket

_NAMED: dict[Evidence, str] = {
    "sni": "With it, the client's hello is complete: it asks for {name} (server_name).",
    "quic_sni": "With it, the client's hello in QUIC is complete: it asks for {name} (server_name).",
    "http_host": "With it, the client's request is complete: it names the host {name}.",
    "certificate": "With it, the server's certificate is complete: it is for {name}.",
    "payload": "Its first bytes match a signature of the vendor.",
}


def describe(packet: KeptPacket, classified: ClassifiedFlow, *, is_answer: bool, blanked: int) -> str:
    """The comment on a packet; `is_answer`: it is the DNS answer that the flow's name rests on."""
    lines = list(_lines(packet, classified, is_answer=is_answer)) or [
        "It belongs to the opening of the flow."
    ]
    if blanked:
        lines.append(f"Bytes that neither name nor judge the flow are blanked: {blanked:,}.")
    return " ".join(lines)


def _lines(packet: KeptPacket, classified: ClassifiedFlow, *, is_answer: bool) -> Iterator[str]:
    flow, shows = classified.flow, set(packet.shows)
    sender = "The client" if "by_client" in shows else "The server"
    if "fragment" in shows:
        yield "A fragment of an IP packet."
    if "dns_query" in shows:
        yield "A DNS query for a name, before the flow." if not is_answer else "A DNS query."
    if "dns_answer" in shows:
        about = f" {flow.matched or flow.name}" if flow.matched or flow.name else " a name"
        yield (
            f"The DNS answer that gives the address {flow.server} for{about}."
            if is_answer
            else "A DNS answer."
        )
    if "syn" in shows:
        yield f"{sender} opens the connection to port {flow.server_port} of {flow.server} (TCP SYN)."
    if "syn_ack" in shows:
        yield f"{sender} accepts the connection (TCP SYN-ACK)."
    if "name" in shows:
        name = flow.name or flow.server_name
        yield _NAMED.get(flow.evidence, "With it, what names the flow is complete.").format(name=name)
    elif "opening" in shows:
        yield f"{sender} sends part of its opening: a hello, a certificate, or what precedes them."
    elif "contact" in shows and not shows & {"syn", "syn_ack", "dns_query", "dns_answer"}:
        yield f"{sender} continues the exchange, which shows how far the two came in contact."
    if "round_trip" in shows:
        yield f"Round trip of the opening between sensor and server: {_milliseconds(flow.rtt_ns)}."
    if "first_data" in shows:
        yield "The second round trip begins with this packet."
    if "answer_timed" in shows:
        yield f"Round trip of the first data between sensor and server: {_milliseconds(flow.answer_rtt_ns)}."
    if "untimed" in shows:
        yield "Because of this packet, a round trip is not measured."


def _milliseconds(time_ns: int | None) -> str:
    return "not measured" if time_ns is None else f"{time_ns / 1e6:.3f} ms"
