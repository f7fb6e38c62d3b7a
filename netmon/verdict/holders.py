"""Evidence that a vendor answers at the address of a flow. A name in a client's hello is no such evidence.

Anyone may put any name into a ClientHello or a Host header, and send it to any address. What shows that the
vendor is there: the address is in a network that the signatures show to be the vendor's on that day; a DNS
answer for the name has this address; or the server presented a certificate with a name of the vendor.

Of DNS answers only those count that this client or a resolver of the site asked for (`FlowRecord.resolved`),
as for the grounds of a match: what another host looks up shows as little as what nobody asked for.
"""

from __future__ import annotations

import ipaddress

from netmon.days import iso_day
from netmon.places.prefixes import PrefixTable
from netmon.records import FlowRecord
from netmon.signatures.match import compile_matcher
from netmon.signatures.model import NetworkRule, SignatureSet


class Holders:
    """Which vendor answers where, according to the signatures and to what a flow shows."""

    def __init__(self, signatures: SignatureSet) -> None:
        self._signatures = signatures
        self._matcher = compile_matcher(signatures)
        self._networks: PrefixTable[NetworkRule] = PrefixTable()
        for rule in signatures.rules_of(NetworkRule):
            if rule.role != "carrier" and rule.status != "unverified":  # a carrier holds its network itself
                self._networks.add(rule.prefix, rule)

    def is_shown(self, flow: FlowRecord, vendor: str) -> bool:
        """True if something other than the client's own words shows that the vendor answers there."""
        return (
            flow.resolved
            or self._is_in_network(flow.server, vendor, iso_day(flow.start_ns))
            or any(self._is_certificate_of(name, vendor) for name in self._certified(flow))
        )

    def _is_in_network(self, address: str, vendor: str, day: str) -> bool:
        covering = self._networks.find(ipaddress.ip_address(address))
        return any(
            rule.vendor == vendor and (rule.valid_from or day) <= day <= (rule.valid_to or day)
            for rule in covering
        )

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
