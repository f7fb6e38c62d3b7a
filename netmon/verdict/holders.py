"""Who answers at the address of a flow: the vendor, or a third party that carries its service.

A name in a client's hello is no evidence for the vendor.

Anyone may put any name into a ClientHello or a Host header, and send it to any address. What shows that the
vendor is there: the address is in a network that the signatures show to be the vendor's on that day; a DNS
answer for the name has this address; or the server presented a certificate with a name of the vendor.

Of DNS answers only those count that this client or a resolver of the site asked for (`FlowRecord.resolved`),
as for the grounds of a match: what another host looks up shows as little as what nobody asked for.
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from netmon.days import iso_day
from netmon.places.prefixes import PrefixTable, parse_address
from netmon.records import FlowRecord
from netmon.signatures.match import compile_matcher
from netmon.signatures.model import NetworkRule, SignatureSet

KEPT = 16_384
"""Addresses whose networks are kept, by vendor and day; the one used least recently is evicted first."""


class Holders:
    """Which vendor answers where, according to the signatures and to what a flow shows."""

    def __init__(self, signatures: SignatureSet) -> None:
        self._signatures = signatures
        self._matcher = compile_matcher(signatures)
        self._networks: PrefixTable[NetworkRule] = PrefixTable()
        self._edges: PrefixTable[NetworkRule] = PrefixTable()
        for rule in signatures.rules_of(NetworkRule):
            if rule.status != "unverified":  # a carrier holds its network itself
                (self._edges if rule.role == "carrier" else self._networks).add(rule.prefix, rule)
        self.find = lru_cache(KEPT)(self._find)
        """Who is at an address on a day, as far as networks of a vendor show it: see `_find`."""

    def is_shown(self, flow: FlowRecord, vendor: str) -> bool:
        """True if something other than the client's own words shows that the vendor answers there."""
        return (
            flow.resolved
            or self.find(flow.destination, vendor, iso_day(flow.start_ns)).is_own
            or any(self._is_certificate_of(name, vendor) for name in self._certified(flow))
        )

    def _find(self, address: str, vendor: str, day: str) -> Holder:
        """By the longest networks of each kind that contain the address on the day."""
        own = _find_network(self._networks, address, vendor, day)
        edge = _find_network(self._edges, address, vendor, day)
        return Holder(own is not None, None if edge is None else edge.holder or "a third party")

    def _certified(self, flow: FlowRecord) -> tuple[str, ...]:
        """The names in the server's certificate: the alternative ones, or the common name without any."""
        if flow.certificate_names or flow.certificate_subject is None:
            return flow.certificate_names
        return (flow.certificate_subject,)

    def _is_certificate_of(self, name: str, vendor: str) -> bool:
        name = name.lower()
        found = self._matcher.find_certificate(name)
        if found is None and not name.startswith("*."):
            found = self._matcher.find_name(name)
        return found is not None and self._signatures.rules[found].vendor == vendor


class Holder(Struct, frozen=True):
    """Who is at an address, of a vendor and of third parties that carry its service."""

    is_own: bool  # the address is in a network of the vendor
    edge: str | None
    """The third party at whose address the vendor's service was seen; None if the address is no such one.
    Where its servers have the data from, and where they pass it on to, is not visible."""


def _find_network(
    networks: PrefixTable[NetworkRule], address: str, vendor: str, day: str
) -> NetworkRule | None:
    """The longest of the vendor's networks that contains the address on the day."""
    for rule in networks.find(parse_address(address)):
        if rule.vendor == vendor and (rule.valid_from or day) <= day <= (rule.valid_to or day):
            return rule
    return None
