"""Names beside those of hellos, as tshark sees them: hosts of requests, and servers' certificates."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from netmon.verify.answers import ends_of, packets_of
from netmon.verify.compare import Comparison
from netmon.verify.facts import Ends, certificate_fact, name_fact, turned
from netmon.verify.trees import Record

_Stream = tuple[Ends, int]


class Stated:
    """Keeps the records of a capture that may name a flow; `expect` adds those that do.

    A request names a flow that has no name in a hello: the first one, or that behind CONNECT. A certificate
    is read only where the client states no name at all.
    """

    def __init__(self) -> None:
        self._clients: set[Ends] = set()
        self._requests: dict[_Stream, Record] = {}
        self._certificates: dict[_Stream, Record] = {}

    def take_hellos(self, hellos: Iterable[Record]) -> None:
        """Notes who is a client: what certificate it sends is its own, not the server's."""
        self._clients.update(ends_of(hello) for hello in hellos if hello.get("proto") == "tcp")

    def take_requests(self, requests: Iterable[Record]) -> None:
        """Takes HTTP requests in the order of their packets."""
        for request in filter(_is_in_clear, requests):
            first = self._requests.setdefault(_stream(request), request)
            if first["method"] == "CONNECT" and _host(request) is not None:
                self._requests[_stream(request)] = request

    def take_certificates(self, certificates: Iterable[Record]) -> None:
        """Takes certificates in the order of their packets."""
        for certificate in filter(_is_in_clear, certificates):
            self._certificates.setdefault(_stream(certificate), certificate)

    def expect(self, comparison: Comparison) -> None:
        """Adds the facts, once the hellos' names are known."""
        named = {fact.ends for fact in comparison.expected if fact.over == "tcp"}
        for (ends, _), request in self._requests.items():
            host = _host(request)
            if host is not None and ends not in named:
                fact = name_fact("http", ends, host)
                comparison.expected[fact] = 1
                comparison.packets.setdefault(fact, packets_of(request))
        named |= {fact.ends for fact in comparison.expected if fact.over == "http"}
        for (source, _), certificate in self._certificates.items():
            ends = turned(source)
            if source not in self._clients and ends not in named:
                what = certificate["subject"], certificate["issuer"], certificate["names"]
                fact = certificate_fact(ends, *what)
                comparison.expected[fact] = 1
                comparison.packets.setdefault(fact, packets_of(certificate))


def _is_in_clear(record: Record) -> bool:
    return record.get("proto") == "tcp" and not record.get("quoted") and not record.get("decrypted")


def _stream(record: Record) -> _Stream:
    return ends_of(record), record["stream"]


def _host(request: Record) -> str | None:
    """The name in the target of a request to a proxy, else in Host (RFC 9112, section 3.2); no address."""
    scheme, is_absolute, rest = request["uri"].partition("://")
    if request["method"] == "CONNECT":
        authority = request["uri"]
    elif is_absolute and scheme.isalnum():
        authority = rest.partition("/")[0].partition("?")[0]
    else:
        authority = request["host"] or ""
    authority = authority.strip().rpartition("@")[2]
    name = authority.partition(":")[0].removesuffix(".")
    if not name or authority.startswith("["):
        return None
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return str(name)
    return None
