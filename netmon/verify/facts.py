"""What a capture holds, in one form for both programs, so that what is equal compares equal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dns.rdatatype import RdataType

Ends = tuple[str, int, str, int]
"""Source and destination: address, port, address, port."""

Counts = tuple[int, int]
"""Packets and IP bytes of one direction."""

ANSWER_TYPES = {1, 5, 28, 64, 65}
"""Records of an answer section that are compared: A, CNAME, AAAA, SVCB, HTTPS."""


class Fact(NamedTuple):
    """One thing that was seen.

    `over` is tcp, quic, gquic, dtls for a server name; hello for what else a hello says; http for the host of
    a request; x509 for the server's certificate; dns, mdns, llmnr (with `_tcp`) for what a message says; flow
    for what one flow amounts to.
    """

    over: str
    ends: Ends
    text: str


class Message(NamedTuple):
    """A DNS message as both programs can tell it."""

    kind: str  # "dns", "mdns", "llmnr"
    transport: str
    ends: Ends
    message_id: int
    response: bool
    opcode: int
    rcode: int
    truncated: bool
    questions: Iterable[tuple[str, int]]  # (name, type)
    answers: Iterable[tuple[str, int, int, str]]  # (name, TTL, type, data)


def turned(ends: Ends) -> Ends:
    """The other direction."""
    return ends[2:] + ends[:2]


def name_fact(over: str, ends: Ends, name: str) -> Fact:
    """A server name in a ClientHello, or the host of a request."""
    return Fact(over, ends, name.lower())


def hello_fact(over: str, ends: Ends, protocols: Iterable[str], *, is_ech: bool) -> Fact:
    """What else a ClientHello says: the protocols of ALPN, and whether it encrypts a name or seems to."""
    return Fact("hello", ends, f"{over} alpn {','.join(protocols) or '-'}{' ech' if is_ech else ''}")


def certificate_fact(ends: Ends, subject: str | None, issuer: str, names: Iterable[str]) -> Fact:
    """The server's certificate: subject's common name, issuer, and its DNS names, sorted."""
    listed = ",".join(sorted(name.lower().removesuffix(".") for name in names))
    return Fact("x509", ends, f"subject {subject or '-'} issuer {issuer or '-'} names {listed or '-'}")


def flow_fact(transport: str, ends: Ends, forth: Counts, back: Counts) -> Fact:
    """What went to and fro between two ends in the whole capture: ports are used again."""
    sent = f"{forth[0]} packets {forth[1]} bytes"
    return Fact("flow", ends, f"{transport} {sent}, back {back[0]} packets {back[1]} bytes")


def message_facts(message: Message) -> Iterator[Fact]:
    """A message's header, and one fact for each question and each answer of a type that is compared."""
    over = message.kind if message.transport == "udp" else message.kind + "_tcp"
    who = f"{message.message_id:#06x} {'response' if message.response else 'query'}"
    if message.kind == "dns":  # mDNS and LLMNR give the other header bits another meaning
        rcode = f" rcode {message.rcode}" if message.response else ""
        header = f"{who} opcode {message.opcode} tc {int(message.truncated)}{rcode}"
        yield Fact(over, message.ends, header)
    for name, rtype in message.questions:
        yield Fact(over, message.ends, f"{who} asks {name} {type_text(rtype)}")
    for name, ttl_s, rtype, data in message.answers:
        if rtype in ANSWER_TYPES:
            yield Fact(over, message.ends, f"{who} says {name} {ttl_s} {type_text(rtype)} {data}")


def type_text(number: int) -> str:
    """A record type by its name."""
    return RdataType.to_text(RdataType.make(number))
