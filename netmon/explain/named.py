"""The second part of the chain: who gave the flow its name, when, and what of that could be forged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netmon.explain.event import FlowEvent
from netmon.explain.seen import packet_text
from netmon.language.language import Language
from netmon.language.marking import _
from netmon.language.words import UNNAMED

_SAID: Mapping[str, str] = {
    "sni": _("The client stated the name {name} in the hello of TLS or DTLS ({shown})."),
    "quic_sni": _("The client stated the name {name} in the hello of QUIC ({shown})."),
    "http_host": _("The client stated the name {name} in clear, in a request or to a proxy ({shown})."),
    "certificate": _(
        "The server showed a certificate with the name {name} ({shown}). The client stated none."
    ),
    "dns_client": _("Neither side stated a name. This client looked up {name}, which has this address."),
    "dns_any": _("Neither side stated a name. Another host looked up {name}, which has this address."),
    "dns_unsolicited": _(
        "Neither side stated a name, and nobody was seen to look one up. A DNS answer "
        "for which no query was seen gives this address to {name}."
    ),
    "payload": _(
        "No name is known. The first bytes of a side are those of a protocol of the vendor ({shown})."
    ),
    "network": _("No name is known. The address is in a network of the vendor."),
    "ech_outer": _("The name in the hello is encrypted."),
    "none": _("No name is known."),
}
_FORGED: Mapping[str, str] = {
    "sni": _("whoever controls the client, or sends with its address, can state any name."),
    "quic_sni": _("whoever controls the client, or sends with its address, can state any name."),
    "http_host": _("whoever controls the client, or sends with its address, can state any name."),
    "certificate": _("any server can show a copy of a certificate: netmon does not verify it."),
    "dns_client": _("whoever controls the resolver or poisons its cache can give the name to any address."),
    "dns_any": _("whoever controls that host, its resolver or its cache can give the name to any address."),
    "dns_unsolicited": _("anyone whose packets reach the mirrored network can send such an answer."),
    "payload": _("either side can send any bytes."),
    "network": _("whoever reads and writes in the path can send packets in the name of the address."),
    "ech_outer": _("whoever controls the client can state any outer name."),
    "none": _("there is nothing to forge."),
}
_GROUNDS: Mapping[str, str] = {
    "own": _("That is the client's own evidence, or an address of the vendor: enough for a finding."),
    "holder": _(
        "That is hearsay, but the address is in a network of the vendor: contact with the vendor is "
        "shown, the component is not."
    ),
    "hearsay": _(
        "That is hearsay: it does not show that this client meant the vendor, and makes no finding."
    ),
    "unsolicited": _("That shows nothing about this client, and makes no finding."),
}


def tell_name(event: FlowEvent, language: Language) -> Iterator[str]:
    """Who said the name, in which packet; what DNS says about it; and who could have forged that."""
    say, evidence = language.say, event["netmon.evidence"]
    shown = packet_text(event["netmon.shown.packet"], event["netmon.shown.time"], language)
    if event["netmon.shown.time"] is None:
        shown = say("the packet was not recorded")
    yield say(_SAID[evidence], name=event["destination.domain"] or event.name, shown=shown)
    matched = event["netmon.matched"]
    if matched is not None and event["destination.domain"] is not None:
        yield say(
            "What matches is {name}, of which it is an alias in DNS, or which is another name of it.",
            name=matched,
        )
    yield _answer(event, language)
    issuer = event["tls.server.x509.issuer.distinguished_name"]
    if issuer is not None:
        yield say(
            "The server showed a certificate issued by {issuer}; netmon does not verify it.", issuer=issuer
        )
    others = event["netmon.candidates"]
    if others:
        yield say("The same evidence allows these names as well: {names}.", names=", ".join(others))
    if event["netmon.ambiguous"]:
        yield say(
            "DNS shows names of different vendors, or of one and of none, for the address: it is ambiguous."
        )
    unnamed = event["netmon.unnamed_reason"]
    if unnamed is not None:
        yield say("Why there is no name: {why}.", why=say(UNNAMED.get(unnamed, unnamed)))
    yield say(_GROUNDS[event.grounds])
    yield say("What could be forged: {what}", what=say(_FORGED[evidence]))


def _answer(event: FlowEvent, language: Language) -> str:
    """The DNS answer that has the name and the address."""
    say = language.say
    if event["netmon.dns_answer.time"] is None:
        return say("No DNS answer with such a name and this address was seen.")
    told = say(
        "A DNS answer with the name and this address came from {sender} ({packet}).",
        sender=event["netmon.dns_answer.from"] or say("the client itself, which is not shown"),
        packet=packet_text(event["netmon.dns_answer.packet"], event["netmon.dns_answer.time"], language),
    )
    if event["netmon.dns_answer.time"] > event["event.start"]:
        told += " " + say("The flow had begun before that answer.")
    if event["netmon.dns_answer.resolved"]:
        return f"{told} {say('The client, or a resolver of the site, was seen to ask for it.')}"
    return f"{told} {say('Neither the client nor a resolver of the site was seen to ask for it.')}"
