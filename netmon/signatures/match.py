"""A signature set as the engine wants it."""

from __future__ import annotations

from netmon._engine import Matcher
from netmon.signatures.model import Certificate, NameRule, NetworkRule, PayloadMagic, SignatureSet


def compile_matcher(signatures: SignatureSet, day: str | None = None) -> Matcher:
    """The engine's matcher; what it finds are indexes into `signatures.entries`.

    Networks tag by address alone, so only those of role `service` go in, and of these only the ones that
    the vendor holds: on the ISO `day` if given, else those of which no source has seen the end.
    """
    return Matcher(
        [(rule.entry, rule.kind, rule.text) for rule in signatures.rules(NameRule)],
        [(rule.entry, rule.prefix) for rule in signatures.rules(NetworkRule) if tags_alone(rule, day)],
        [domain for vendor in signatures.vendors.values() for domain in vendor.lookalikes],
        public_names=_public_names(signatures),
        certificates=[(rule.entry, name) for rule in signatures.rules(Certificate) for name in rule.names],
        payloads=[
            (rule.entry, rule.transport, rule.port, rule.prefix, rule.length)
            for rule in signatures.rules(PayloadMagic)
        ],
        resolvers=_public_resolvers(signatures),
        fallbacks=_fallback_addresses(signatures),
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
    """True when an address in the network is enough to name the vendor."""
    if rule.role != "service":
        return False
    if day is None:
        return rule.valid_to is None
    return (rule.valid_from or day) <= day <= (rule.valid_to or day)
