"""The first part of the chain: the packets that the sensor saw, and those that it did not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netmon.explain.event import FlowEvent

_CONTACT: Mapping[str, str] = {
    "attempted": "Only the client sent anything, and nothing shows that it was answered.",
    "refused": "The only answer was a TCP reset: the attempt was refused.",
    "answered": "The server answered, but payload of both sides was neither seen nor acknowledged.",
    "data": "Both sides sent payload, which was seen or acknowledged; or the client, seen alone, did so "
    "after an answer.",
}
_VIEW: Mapping[str, str] = {
    "one_way": "only one direction was seen",
    "no_start": "the start of the connection was not seen",
    "cut": "packets were truncated by the snap length",
    "gap": "segments of the opening are missing",
    "proxied": "the server is a proxy, and the destination behind it was not seen",
    "unseen": "more than 1 % of the bytes were acknowledged but not seen",
    "undecoded": "packets of its interface could not be decoded, and what is missing may be in them",
    "duplicates": "packets were seen more than once, and counted once",
    "answers_only": "DNS answers were seen without any query",
    "malformed": "what one side sent first is malformed, and a name in it is read up to the error",
}

_WITHHELD: Mapping[str, str] = {
    "forwarded": "its packets came through a router, so their frames show the router's",
    "shared": "that of its frames stands for many clients, as a router's does",
}


def packet_text(number: int | None, time: str | None) -> str:
    """A packet as "packet 12, 2026-…"; without a number, its time."""
    return f"packet {number}, {time}" if number is not None else f"{time}"


def tell_packets(event: FlowEvent) -> Iterator[str]:
    """Who sent what to whom, and when."""
    transport = event["network.transport"].upper()
    until = f" to {event['event.end']}" if event["event.end"] else ", and it had not ended"
    yield (
        f"A {transport} flow from {_client(event)} to {event['destination.ip']}, port "
        f"{event['destination.port']}, from {event['event.start']}{until}."
    )
    yield from _tell_machine(event)
    if event["netmon.embedded_ip"] is not None:
        yield f"The server's IPv6 address contains the IPv4 address {event.server}, which is meant by it."
    if event["netmon.continues"] is not None:
        yield (
            f"It continues the connection of flow {event['netmon.continues']} after a long silence or from "
            "another port; what that flow showed still applies."
        )
    if event["netmon.first_packet"] is not None:
        yield f"It begins with packet {event['netmon.first_packet']} of the capture, counted from 1."
    else:
        yield "The event has times and no packet numbers: the packets did not come from a file."
    yield (
        f"The client sent {_volume(event, 'source')}, the server {_volume(event, 'destination')}, IP headers "
        "included."
    )
    yield _CONTACT[event["netmon.contact"]]
    limits = "; ".join(_VIEW.get(one, one) for one in event.view)
    yield f"The view was limited: {limits}." if limits else "Nothing shows that packets of it were missed."


def _client(event: FlowEvent) -> str:
    who = event["source.ip"] or event["source.address"]
    if who is None:
        return "a client whose address is not shown"
    return f"client {who}, port {event['source.port']}," if event["source.port"] is not None else str(who)


def _tell_machine(event: FlowEvent) -> Iterator[str]:
    """The machine of the client, where the event shows it."""
    host, mac = event["source.domain"], event["source.mac"]
    withheld = event["netmon.client.mac_withheld"]
    if host is not None:
        yield f"The client calls itself {host} in DHCP or multicast DNS, which nothing proves."
    if mac is not None:
        yield f"Its hardware address is {mac}."
    elif withheld is not None:
        yield f"Its hardware address is not known: {_WITHHELD[withheld]}."


def _volume(event: FlowEvent, side: str) -> str:
    packets, octets = event[f"{side}.packets"], event[f"{side}.bytes"]
    return f"{packets:,} packets with {octets:,} bytes"
