"""A signature set as the engine wants it."""

from __future__ import annotations

from netmon._engine import Matcher
from netmon.signatures.model import Certificate, NameRule, NetworkRule, PayloadMagic, SignatureSet


def compile_matcher(signatures: SignatureSet, day: str | None = None) -> Matcher:
    """The engine's matcher; a signature that it finds is an index of `signatures.rules`.

    Networks tag by address alone, so only those of role `service` go in, and of these only the ones that
    the vendor holds: on the ISO `day` if given, else those of which no source has seen the end.
    """
    names = [(rule.number, rule.kind, rule.text) for rule in signatures.rules if isinstance(rule, NameRule)]
    networks = [
        (rule.number, rule.prefix)
        for rule in signatures.rules
        if isinstance(rule, NetworkRule) and tags_alone(rule, day)
    ]
    denied = [domain for vendor in signatures.vendors.values() for domain in vendor.lookalikes]
    # A front that one weak source names must not silence a name.
    fronts = [one.name for one in signatures.public_names.names if one.status != "unverified"]
    certificates = [
        (rule.number, name)
        for rule in signatures.rules
        if isinstance(rule, Certificate)
        for name in rule.names
    ]
    payloads = [
        (rule.number, rule.transport, rule.port, rule.prefix, rule.length)
        for rule in signatures.rules
        if isinstance(rule, PayloadMagic)
    ]
    known = [
        (number, one.addresses, one.names)
        for number, one in enumerate(signatures.resolvers.entries)
        if one.status != "unverified"
    ]
    fallbacks = {one.address for vendor in signatures.vendors.values() for one in vendor.resolvers}
    return Matcher(
        names,
        networks,
        denied,
        public_names=fronts,
        certificates=certificates,
        payloads=payloads,
        resolvers=known,
        fallbacks=sorted(fallbacks),
    )


def tags_alone(rule: NetworkRule, day: str | None = None) -> bool:
    """True when an address in the network is enough to name the vendor."""
    if rule.role != "service":
        return False
    if day is None:
        return rule.valid_to is None
    return (rule.valid_from or day) <= day <= (rule.valid_to or day)
