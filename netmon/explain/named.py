"""The second part of the chain: who gave the flow its name, when, and what of that could be forged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netmon.explain.event import FlowEvent
from netmon.explain.seen import packet_text

_SAID: Mapping[str, str] = {
    "sni": "The client stated the name {name} in the hello of TLS or DTLS ({shown}).",
    "quic_sni": "The client stated the name {name} in the hello of QUIC ({shown}).",
    "http_host": "The client stated the name {name} in clear, in a request or to a proxy ({shown}).",
    "certificate": "The server showed a certificate with the name {name} ({shown}). The client stated none.",
    "dns_client": "Neither side stated a name. This client looked up {name}, which has this address.",
    "dns_any": "Neither side stated a name. Another host looked up {name}, which has this address.",
    "dns_unsolicited": "Neither side stated a name, and nobody was seen to look one up. A DNS answer "
    "for which no query was seen gives this address to {name}.",
    "payload": "No name is known. The first bytes of a side are those of a protocol of the vendor ({shown}).",
    "network": "No name is known. The address is in a network of the vendor.",
    "ech_outer": "The name in the hello is encrypted.",
    "none": "No name is known.",
}
_FORGED: Mapping[str, str] = {
    "sni": "Whoever controls the client, or sends with its address, can state any name.",
    "quic_sni": "Whoever controls the client, or sends with its address, can state any name.",
    "http_host": "Whoever controls the client, or sends with its address, can state any name.",
    "certificate": "Any server can show a copy of a certificate: netmon does not verify it.",
    "dns_client": "Whoever controls the resolver or poisons its cache can give the name to any address.",
    "dns_any": "Whoever controls that host, its resolver or its cache can give the name to any address.",
    "dns_unsolicited": "Anyone whose packets reach the mirrored network can send such an answer.",
    "payload": "Either side can send any bytes.",
    "network": "Whoever reads and writes in the path can send packets in the name of the address.",
    "ech_outer": "Whoever controls the client can state any outer name.",
    "none": "There is nothing to forge.",
}
_GROUNDS: Mapping[str, str] = {
    "own": "That is the client's own evidence, or an address of the vendor: enough for a finding.",
    "holder": "That is hearsay, but the address is in a network of the vendor: contact with the vendor is "
    "shown, the component is not.",
    "hearsay": "That is hearsay: it does not show that this client meant the vendor, and makes no finding.",
    "unsolicited": "That shows nothing about this client, and makes no finding.",
}


def tell_name(event: FlowEvent) -> Iterator[str]:
    """Who said the name, in which packet; what DNS says about it; and who could have forged that."""
    evidence = event["netmon.evidence"]
    shown = packet_text(event["netmon.shown.packet"], event["netmon.shown.time"])
    if event["netmon.shown.time"] is None:
        shown = "the packet was not recorded"
    yield _SAID[evidence].format(name=event["destination.domain"] or event.name, shown=shown)
    matched = event["netmon.matched"]
    if matched is not None and event["destination.domain"] is not None:
        yield f"What matches is {matched}, of which it is an alias in DNS, or which is another name of it."
    yield _answer(event)
    issuer = event["tls.server.x509.issuer.distinguished_name"]
    if issuer is not None:
        yield f"The server showed a certificate issued by {issuer}; netmon does not verify it."
    others = event["netmon.candidates"]
    if others:
        yield f"The same evidence allows these names as well: {', '.join(others)}."
    if event["netmon.ambiguous"]:
        yield "DNS shows names of different vendors, or of one and of none, for the address: it is ambiguous."
    if event["netmon.unnamed_reason"] is not None:
        yield f"Why there is no name: {event['netmon.unnamed_reason'].replace('_', ' ')}."
    yield _GROUNDS[event.grounds]
    yield f"What could be forged: {_FORGED[evidence][0].lower()}{_FORGED[evidence][1:]}"


def _answer(event: FlowEvent) -> str:
    """The DNS answer that has the name and the address."""
    if event["netmon.dns_answer.time"] is None:
        return "No DNS answer with such a name and this address was seen."
    packet = packet_text(event["netmon.dns_answer.packet"], event["netmon.dns_answer.time"])
    asked = (
        "The client, or a resolver of the site, was seen to ask for it."
        if event["netmon.dns_answer.resolved"]
        else "Neither the client nor a resolver of the site was seen to ask for it."
    )
    sender = event["netmon.dns_answer.from"] or "the client itself, which is not shown"
    is_late = event["netmon.dns_answer.time"] > event["event.start"]
    late = " The flow had begun before that answer." if is_late else ""
    return f"A DNS answer with the name and this address came from {sender} ({packet}).{late} {asked}"
