"""Compiles a signature set for the engine."""

from __future__ import annotations

from netmon._engine import Matcher
from netmon.signatures.model import CertificateRule, NameRule, NetworkRule, PayloadMagic, SignatureSet


def compile_matcher(signatures: SignatureSet, day: str | None = None) -> Matcher:
    """The engine's matcher; a signature that it finds is an index of `signatures.rules`.

    Networks identify a vendor by the address alone, so only those with the role `service` are included, and
    only while the vendor holds them: on the ISO `day` if given, else if no source has seen the end.
    """
    vendors = {vendor: number for number, vendor in enumerate(signatures.vendors)}
    return Matcher(
        [(rule.number, rule.kind, rule.text) for rule in signatures.rules_of(NameRule)],
        [(rule.number, rule.prefix) for rule in signatures.rules_of(NetworkRule) if tags_alone(rule, day)],
        [domain for vendor in signatures.vendors.values() for domain in vendor.lookalikes],
        public_names=_public_names(signatures),
        certificates=[
            (rule.number, name) for rule in signatures.rules_of(CertificateRule) for name in rule.names
        ],
        payloads=[
            (rule.number, rule.transport, rule.port, rule.prefix, rule.length)
            for rule in signatures.rules_of(PayloadMagic)
        ],
        resolvers=_public_resolvers(signatures),
        fallbacks=_fallback_addresses(signatures),
        vendors=[vendors[rule.vendor] for rule in signatures.rules],
        vendor_ids=list(vendors),
    )


def _public_names(signatures: SignatureSet) -> list[str]:
    """Public names of ECH; a name with one weak source only must not hide the name of a flow."""
    return [one.name for one in signatures.public_names.names if one.status != "unverified"]


def _public_resolvers(signatures: SignatureSet) -> list[tuple[int, tuple[str, ...], tuple[str, ...]]]:
    """Public resolvers as (index, addresses, names); unverified ones are not used."""
    return [
        (index, one.addresses, one.names)
        for index, one in enumerate(signatures.resolvers.entries)
        if one.status != "unverified"
    ]


def _fallback_addresses(signatures: SignatureSet) -> list[str]:
    return sorted({one.address for vendor in signatures.vendors.values() for one in vendor.resolvers})


def tags_alone(rule: NetworkRule, day: str | None = None) -> bool:
    """True if an address in the network is enough to identify the vendor, on the ISO `day` if given."""
    if rule.role != "service":
        return False
    if day is None:
        return rule.valid_to is None
    return (rule.valid_from or day) <= day <= (rule.valid_to or day)
