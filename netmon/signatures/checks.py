"""Checks across values and files: duplicates, rules that never match, conflicts between vendors."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from netmon._engine import Matcher
from netmon.signatures.model import NameRule, NetworkRule, PayloadMagic, Vendor
from netmon.signatures.read_values import literal_domain
from netmon.yaml_nodes import Problem


def find_conflicts(vendors: Sequence[Vendor]) -> list[Problem]:
    """All conflicts in and between files whose values are valid."""
    problems: list[Problem] = []
    for vendor in vendors:
        problems.extend(_duplicate_names(vendor))
        problems.extend(_duplicate_networks(vendor))
        problems.extend(_duplicate_magic(vendor))
    if not problems:  # with duplicates, the engine would not compile the matchers of the following checks
        for vendor in vendors:
            problems.extend(_denied_rules(vendor))
        for one, other in combinations(vendors, 2):
            problems.extend(_claimed_names(one, other))
            problems.extend(_claimed_names(other, one))
            problems.extend(_claimed_certificates(one, other))
            problems.extend(_claimed_certificates(other, one))
            problems.extend(_claimed_payloads(one, other))
            problems.extend(_claimed_networks(one, other))
    return problems


def names_of(vendor: Vendor) -> Iterator[NameRule]:
    """All name rules of a vendor, in the order of the file."""
    for component in vendor.components.values():
        yield from component.names


def is_below(name: str, domain: str) -> bool:
    """True for the domain itself and for all names below it, compared by label."""
    return name == domain or name.endswith(f".{domain}")


def domain_of(rule: NameRule) -> str:
    """The domain that every name matching the rule equals or is below."""
    return literal_domain(rule.text) if rule.kind == "pattern" else rule.text


def _duplicate_names(vendor: Vendor) -> Iterator[Problem]:
    seen: dict[tuple[str, str], NameRule] = {}
    for rule in names_of(vendor):
        first = seen.setdefault((rule.kind, rule.text), rule)
        if first is not rule:
            where = f"first in line {first.line}, component '{first.component}'"
            yield Problem(rule.file, rule.line, f"{rule.kind} '{rule.text}' is given twice ({where})")


def _duplicate_networks(vendor: Vendor) -> Iterator[Problem]:
    seen: dict[str, NetworkRule] = {}
    for rule in vendor.networks:
        first = seen.setdefault(rule.prefix, rule)
        if first is not rule:
            message = f"network {rule.prefix} is given twice (first in line {first.line})"
            yield Problem(rule.file, rule.line, message)


def _duplicate_magic(vendor: Vendor) -> Iterator[Problem]:
    seen: dict[tuple[str, int, bytes, int | None], PayloadMagic] = {}
    for rule in _magic_of(vendor):
        first = seen.setdefault(_magic_key(rule), rule)
        if first is not rule:
            where = f"first in line {first.line}, component '{first.component}'"
            yield Problem(rule.file, rule.line, f"{rule} are given twice ({where})")


def _magic_of(vendor: Vendor) -> Iterator[PayloadMagic]:
    for component in vendor.components.values():
        yield from component.magic


def _magic_key(rule: PayloadMagic) -> tuple[str, int, bytes, int | None]:
    return rule.transport, rule.port, rule.prefix, rule.length


def _denied_rules(vendor: Vendor) -> Iterator[Problem]:
    """Rules below a look-alike, which never match, and rules that match an unconfirmed domain."""
    for rule in names_of(vendor):
        for domain in vendor.lookalikes:
            if is_below(domain_of(rule), domain):
                message = f"'{rule.text}' never matches: it lies in the look-alike '{domain}'"
                yield Problem(rule.file, rule.line, message)
    for certificate in vendor.certificates:
        for name in certificate.names:
            for domain in vendor.lookalikes:
                if is_below(name, domain):
                    message = f"certificate name '{name}' lies in the look-alike '{domain}'"
                    yield Problem(certificate.file, certificate.line, message)
    matcher = _matcher(names_of(vendor))
    for unconfirmed in vendor.unconfirmed:
        if matcher.find_name(unconfirmed.name) is not None:
            message = f"unconfirmed '{unconfirmed.name}' is matched by a rule; remove one of the two"
            yield Problem(vendor.file, unconfirmed.line, message)


def _claimed_names(one: Vendor, other: Vendor) -> Iterator[Problem]:
    """Names of one vendor that the other's rules match, or that are look-alikes of the other."""
    rules = {rule.number: rule for rule in names_of(other)}
    matcher = _matcher(rules.values())
    for rule in names_of(one):
        number = matcher.find_name(domain_of(rule))
        if number is not None:
            found = rules[number]
            where = f"{found.kind} '{found.text}' of vendor '{other.id}' ({found.file}:{found.line})"
            yield Problem(rule.file, rule.line, f"'{rule.text}' is also matched by {where}")
        for domain in other.lookalikes:
            if is_below(domain_of(rule), domain):
                where = f"look-alike '{domain}' of vendor '{other.id}' ({other.file})"
                yield Problem(rule.file, rule.line, f"'{rule.text}' lies in the {where}")


def _claimed_certificates(one: Vendor, other: Vendor) -> Iterator[Problem]:
    """Certificate names of one vendor that the other has as well, or that are look-alikes of the other."""
    theirs = {name for certificate in other.certificates for name in certificate.names}
    for certificate in one.certificates:
        for name in certificate.names:
            if name in theirs or any(is_below(name, domain) for domain in other.lookalikes):
                message = (
                    f"certificate name '{name}' is claimed or denied by vendor '{other.id}' ({other.file})"
                )
                yield Problem(certificate.file, certificate.line, message)


def _claimed_payloads(one: Vendor, other: Vendor) -> Iterator[Problem]:
    """First payload bytes that both vendors claim."""
    theirs = {_magic_key(rule): rule for rule in _magic_of(other)}
    for rule in _magic_of(one):
        found = theirs.get(_magic_key(rule))
        if found is not None:
            where = f"vendor '{other.id}' ({found.file}:{found.line})"
            yield Problem(rule.file, rule.line, f"{rule} are also given by {where}")


def _claimed_networks(one: Vendor, other: Vendor) -> Iterator[Problem]:
    """Networks that both vendors claim. A third party's network may carry both vendors' traffic."""
    for rule in one.networks:
        for found in other.networks:
            if "carrier" not in (rule.role, found.role) and _overlap(rule.prefix, found.prefix):
                where = f"{found.prefix} of vendor '{other.id}' ({found.file}:{found.line})"
                yield Problem(rule.file, rule.line, f"network {rule.prefix} overlaps with {where}")


def _overlap(one: str, other: str) -> bool:
    a, b = ipaddress.ip_network(one), ipaddress.ip_network(other)
    return a.version == b.version and a.overlaps(b)


def _matcher(rules: Iterable[NameRule]) -> Matcher:
    return Matcher([(rule.number, rule.kind, rule.text) for rule in rules], [], [])
