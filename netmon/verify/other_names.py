"""Names outside of ClientHellos, as tshark reads them: the hosts of requests, and server certificates."""

from __future__ import annotations

from collections.abc import Iterable

from netmon.verify.compare import Comparison
from netmon.verify.facts import Endpoints, Fact, certificate_fact, name_fact, reverse
from netmon.verify.trees import Record
from netmon.verify.tshark_facts import endpoints_of, packets_of

_Stream = tuple[Endpoints, int]


class OtherNames:
    """Keeps the records of a capture that may name a flow; `expect` adds those that do.

    A request names a flow that has no name in a ClientHello: the first request, or the one inside CONNECT. A
    certificate counts only if the client sends no name at all.
    """

    def __init__(self) -> None:
        self._clients: set[Endpoints] = set()
        self._requests: dict[_Stream, Record] = {}
        self._certificates: dict[_Stream, Record] = {}

    def add_hellos(self, hellos: Iterable[Record]) -> None:
        """Records which endpoints are clients: the certificate of a client does not name the server."""
        self._clients.update(endpoints_of(hello) for hello in hellos if hello.get("proto") == "tcp")

    def add_requests(self, requests: Iterable[Record]) -> None:
        """Adds HTTP requests, which come in the order of their packets."""
        for request in filter(_is_in_clear, requests):
            first = self._requests.setdefault(_stream(request), request)
            if first["method"] == "CONNECT" and _host(request) is not None:
                self._requests[_stream(request)] = request

    def add_certificates(self, certificates: Iterable[Record]) -> None:
        """Adds certificates, which come in the order of their packets."""
        for certificate in filter(_is_in_clear, certificates):
            self._certificates.setdefault(_stream(certificate), certificate)

    def has_of(self, fact: Fact) -> bool:
        """True if there is a request of this client, or a certificate of this server, whatever it names."""
        if fact.over == "x509":
            return self.has(fact)
        return any(endpoints == fact.endpoints for endpoints, _ in self._requests)

    def has(self, fact: Fact) -> bool:
        """True if a request shows this host, or if there is a certificate of this server."""
        if fact.over == "x509":
            return any(source == reverse(fact.endpoints) for source, _ in self._certificates)
        return any(
            name_fact("http", endpoints, _host(request) or "") == fact
            for (endpoints, _), request in self._requests.items()
        )

    def expect(self, comparison: Comparison) -> None:
        """Adds the facts. The names in ClientHellos have to be known by then."""
        named = {fact.endpoints for fact in comparison.expected if fact.over == "tcp"}
        for (endpoints, _), request in self._requests.items():
            host = _host(request)
            if host is not None and endpoints not in named:
                fact = name_fact("http", endpoints, host)
                comparison.expected[fact] = 1
                comparison.packets.setdefault(fact, packets_of(request))
        named |= {fact.endpoints for fact in comparison.expected if fact.over == "http"}
        for (source, _), certificate in self._certificates.items():
            endpoints = reverse(source)
            if source not in self._clients and endpoints not in named:
                what = certificate["subject"], certificate["issuer"], certificate["names"]
                fact = certificate_fact(endpoints, *what)
                comparison.expected[fact] = 1
                comparison.packets.setdefault(fact, packets_of(certificate))


def _is_in_clear(record: Record) -> bool:
    return record.get("proto") == "tcp" and not record.get("quoted") and not record.get("decrypted")


def _stream(record: Record) -> _Stream:
    return endpoints_of(record), record["stream"]


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
    name = str(authority.partition(":")[0].removesuffix("."))
    is_address = authority.startswith("[") or name.rpartition(".")[2].isdecimal()
    return None if is_address or not name else name
