"""The first part of the chain: the packets that the sensor saw, and those that it did not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netmon.explain.event import FlowEvent
from netmon.language.language import Language
from netmon.language.marking import _

_CONTACT: Mapping[str, str] = {
    "attempted": _("Only the client sent anything, and nothing shows that it was answered."),
    "refused": _("The only answer was a TCP reset: the attempt was refused."),
    "answered": _("The server answered, but payload of both sides was neither seen nor acknowledged."),
    "data": _(
        "Both sides sent payload, which was seen or acknowledged; or the client, seen alone, did so "
        "after an answer."
    ),
}
_VIEW: Mapping[str, str] = {
    "one_way": _("only one direction was seen"),
    "no_start": _("the start of the connection was not seen"),
    "cut": _("packets were truncated by the snap length"),
    "gap": _("segments of the opening are missing"),
    "proxied": _("the server is a proxy, and the destination behind it was not seen"),
    "unseen": _("more than 1 % of the bytes were acknowledged but not seen"),
    "undecoded": _("packets of its interface could not be decoded, and what is missing may be in them"),
    "duplicates": _("packets were seen more than once, and counted once"),
    "answers_only": _("DNS answers were seen without any query"),
    "malformed": _("what one side sent first is malformed, and a name in it is read up to the error"),
}

_WITHHELD: Mapping[str, str] = {
    "forwarded": _("its packets came through a router, so their frames show the router's"),
    "shared": _("that of its frames stands for many clients, as a router's does"),
}


def packet_text(number: int | None, time: str | None, language: Language) -> str:
    """A packet as "packet 12, 2026-…"; without a number, its time."""
    return f"{time}" if number is None else language.say("packet {number}, {time}", number=number, time=time)


def tell_packets(event: FlowEvent, language: Language) -> Iterator[str]:
    """Who sent what to whom, and when."""
    say = language.say
    yield _flow(event, language)
    yield from _tell_machine(event, language)
    if event["netmon.embedded_ip"] is not None:
        yield say(
            "The server's IPv6 address contains the IPv4 address {address}, which is meant by it.",
            address=event.server,
        )
    if event["netmon.continues"] is not None:
        yield say(
            "It continues the connection of flow {number} after a long silence or from another port; what "
            "that flow showed still applies.",
            number=event["netmon.continues"],
        )
    if event["netmon.first_packet"] is not None:
        yield say(
            "It begins with packet {number} of the capture, counted from 1.",
            number=event["netmon.first_packet"],
        )
    else:
        yield say("The event has times and no packet numbers: the packets did not come from a file.")
    yield say(
        "The client sent {sent}, the server {received}, IP headers included.",
        sent=_volume(event, "source", language),
        received=_volume(event, "destination", language),
    )
    yield say(_CONTACT[event["netmon.contact"]])
    limits = "; ".join(say(_VIEW.get(one, one)) for one in event.view)
    if limits:
        yield say("The view was limited: {limits}.", limits=limits)
    else:
        yield say("Nothing shows that packets of it were missed.")


def _flow(event: FlowEvent, language: Language) -> str:
    values = {
        "transport": event["network.transport"].upper(),
        "client": _client(event, language),
        "server": event["destination.ip"],
        "port": event["destination.port"],
        "start": event["event.start"],
    }
    if not event["event.end"]:
        return language.say(
            "A {transport} flow from {client} to {server}, port {port}, from {start}, and it had not ended.",
            **values,
        )
    return language.say(
        "A {transport} flow from {client} to {server}, port {port}, from {start} to {end}.",
        end=event["event.end"],
        **values,
    )


def _client(event: FlowEvent, language: Language) -> str:
    who = event["source.ip"] or event["source.address"]
    if who is None:
        return language.say("a client whose address is not shown")
    if event["source.port"] is None:
        return str(who)
    return language.say("client {address}, port {port},", address=who, port=event["source.port"])


def _tell_machine(event: FlowEvent, language: Language) -> Iterator[str]:
    """The machine of the client, where the event shows it."""
    say, host, mac = language.say, event["source.domain"], event["source.mac"]
    withheld = event["netmon.client.mac_withheld"]
    if host is not None:
        yield say("The client calls itself {name} in DHCP or multicast DNS, which nothing proves.", name=host)
    if mac is not None:
        yield say("Its hardware address is {address}.", address=mac)
    elif withheld is not None:
        yield say("Its hardware address is not known: {why}.", why=say(_WITHHELD[withheld]))


def _volume(event: FlowEvent, side: str, language: Language) -> str:
    packets, octets = language.number(event[f"{side}.packets"]), language.number(event[f"{side}.bytes"])
    return language.say("{packets} packets with {octets} bytes", packets=packets, octets=octets)
