"""Facts about a capture in one form for both programs, so that the same content compares equal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dns.rdatatype import RdataType

Endpoints = tuple[str, int, str, int]
"""Source and destination: address, port, address, port."""

Counts = tuple[int, int]
"""Packets and IP bytes in one direction."""

ANSWER_TYPES = {1, 5, 28, 64, 65}
"""The types of the answer records that are compared: A, CNAME, AAAA, SVCB, HTTPS."""


class Fact(NamedTuple):
    """One observation.

    `over` is tcp, quic, gquic or dtls for a server name, hello for the other contents of a ClientHello,
    http for the host of a request, x509 for the server's certificate, flow for the packets and bytes of a
    flow, and dns, mdns or llmnr (with `_tcp` over TCP) for the contents of a message.
    """

    over: str
    endpoints: Endpoints
    text: str


class Message(NamedTuple):
    """The parts of a DNS message that both programs read."""

    kind: str  # "dns", "mdns", "llmnr"
    transport: str
    endpoints: Endpoints
    message_id: int
    response: bool
    opcode: int
    rcode: int
    truncated: bool
    questions: Iterable[tuple[str, int]]  # (name, type)
    answers: Iterable[tuple[str, int, int, str]]  # (name, TTL, type, data)


def address(text: str) -> str:
    """An address as netmon writes it: one of IPv4 that is mapped into IPv6 is that of IPv4."""
    mapped = text.removeprefix("::ffff:")
    return mapped if "." in mapped else text


def reverse(endpoints: Endpoints) -> Endpoints:
    """The endpoints as seen from the other direction."""
    return endpoints[2:] + endpoints[:2]


def name_fact(over: str, endpoints: Endpoints, name: str) -> Fact:
    """The server name in a ClientHello, or the host of a request."""
    return Fact(over, endpoints, name.lower())


def hello_fact(over: str, endpoints: Endpoints, protocols: Iterable[str], *, is_ech: bool) -> Fact:
    """The ALPN protocols of a ClientHello, and whether it has an ECH extension (GREASE included)."""
    return Fact("hello", endpoints, f"{over} alpn {','.join(protocols) or '-'}{' ech' if is_ech else ''}")


def certificate_fact(endpoints: Endpoints, subject: str | None, issuer: str, names: Iterable[str]) -> Fact:
    """The server's certificate: the common name of the subject, the issuer, and the sorted DNS names."""
    listed = ",".join(sorted(name.lower().removesuffix(".") for name in names))
    return Fact("x509", endpoints, f"subject {subject or '-'} issuer {issuer or '-'} names {listed or '-'}")


def flow_fact(transport: str, endpoints: Endpoints, forward: Counts, backward: Counts) -> Fact:
    """Packets and bytes between two endpoints in the whole capture, added up, since ports are reused."""
    sent = f"{forward[0]} packets {forward[1]} bytes"
    return Fact("flow", endpoints, f"{transport} {sent}, back {backward[0]} packets {backward[1]} bytes")


def message_facts(message: Message) -> Iterator[Fact]:
    """One fact each for a message's header, its questions, and its answers of the types that are compared."""
    over = message.kind if message.transport == "udp" else message.kind + "_tcp"
    who = f"{message.message_id:#06x} {'response' if message.response else 'query'}"
    if message.kind == "dns":  # mDNS and LLMNR define the other header bits differently
        rcode = f" rcode {message.rcode}" if message.response else ""
        header = f"{who} opcode {message.opcode} tc {int(message.truncated)}{rcode}"
        yield Fact(over, message.endpoints, header)
    for name, rtype in message.questions:
        yield Fact(over, message.endpoints, f"{who} question {name} {type_text(rtype)}")
    for name, ttl_s, rtype, data in message.answers:
        if rtype in ANSWER_TYPES:
            yield Fact(over, message.endpoints, f"{who} answer {name} {ttl_s} {type_text(rtype)} {data}")


def type_text(number: int) -> str:
    """The name of a record type."""
    return RdataType.to_text(RdataType.make(number))
