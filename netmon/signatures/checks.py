"""Checks across values and files: duplicates, rules that never match, conflicts between vendors."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
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
        claims = [_Claims(vendor) for vendor in vendors]
        for one in claims:
            problems.extend(_denied_rules(one))
        for one, other in combinations(claims, 2):
            problems.extend(_claimed_names(one, other))
            problems.extend(_claimed_names(other, one))
            problems.extend(_claimed_certificates(one.vendor, other.vendor))
            problems.extend(_claimed_certificates(other.vendor, one.vendor))
            problems.extend(_claimed_payloads(one.vendor, other.vendor))
        problems.extend(_claimed_networks(vendors))
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


class _Claims:
    """The names of a vendor, compiled once for all comparisons with others."""

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        self._rules = {rule.number: rule for rule in names_of(vendor)}
        self._names = Matcher([(rule.number, rule.kind, rule.text) for rule in self._rules.values()], [], [])
        self._lookalikes = list(dict.fromkeys(vendor.lookalikes))
        self._denied = Matcher([(at, "suffix", one) for at, one in enumerate(self._lookalikes)], [], [])

    def find(self, name: str) -> NameRule | None:
        """The rule that matches a name."""
        number = self._names.find_name(name)
        return None if number is None else self._rules[number]

    def find_lookalike(self, name: str) -> str | None:
        """The look-alike in which a name lies."""
        number = self._denied.find_name(name)
        return None if number is None else self._lookalikes[number]

    def domains(self) -> Iterator[tuple[NameRule, str]]:
        """All rules with their domains."""
        return ((rule, domain_of(rule)) for rule in self._rules.values())


def _denied_rules(claims: _Claims) -> Iterator[Problem]:
    """Rules below a look-alike, which never match, and rules that match an unconfirmed domain."""
    for rule, name in claims.domains():
        domain = claims.find_lookalike(name)
        if domain is not None:
            message = f"'{rule.text}' never matches: it lies in the look-alike '{domain}'"
            yield Problem(rule.file, rule.line, message)
    for certificate in claims.vendor.certificates:
        for name in certificate.names:
            for domain in claims.vendor.lookalikes:
                if is_below(name, domain):
                    message = f"certificate name '{name}' lies in the look-alike '{domain}'"
                    yield Problem(certificate.file, certificate.line, message)
    for unconfirmed in claims.vendor.unconfirmed:
        if claims.find(unconfirmed.name) is not None:
            message = f"unconfirmed '{unconfirmed.name}' is matched by a rule; remove one of the two"
            yield Problem(claims.vendor.file, unconfirmed.line, message)


def _claimed_names(one: _Claims, other: _Claims) -> Iterator[Problem]:
    """Names of one vendor that the other's rules match, or that are look-alikes of the other."""
    for rule, name in one.domains():
        found = other.find(name)
        if found is not None:
            where = f"{found.kind} '{found.text}' of vendor '{other.vendor.id}' ({found.file}:{found.line})"
            yield Problem(rule.file, rule.line, f"'{rule.text}' is also matched by {where}")
        domain = other.find_lookalike(name)
        if domain is not None:
            where = f"look-alike '{domain}' of vendor '{other.vendor.id}' ({other.vendor.file})"
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


def _claimed_networks(vendors: Sequence[Vendor]) -> Iterator[Problem]:
    """Networks that two vendors claim. A third party's network may carry both vendors' traffic."""
    claimed = [
        (*_span(rule.prefix), place, rule)
        for place, vendor in enumerate(vendors)
        for rule in vendor.networks
        if rule.role != "carrier"
    ]
    claimed.sort(key=lambda one: (one[0], one[1], -one[2], one[3]))
    around: list[tuple[int, int, int, int, NetworkRule]] = []  # those that contain the current one
    for one in claimed:
        while around and (around[-1][0] != one[0] or around[-1][2] < one[1]):
            around.pop()
        for other in around:
            if other[3] != one[3]:
                (*_, rule), (*_, found) = sorted((one, other), key=lambda each: each[3])
                where = f"{found.prefix} of vendor '{found.vendor}' ({found.file}:{found.line})"
                yield Problem(rule.file, rule.line, f"network {rule.prefix} overlaps with {where}")
        around.append(one)


def _span(prefix: str) -> tuple[int, int, int]:
    """Bits of an address, and the first and the last address of a network."""
    address, _, length = prefix.partition("/")
    packed = socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    bits, first = 8 * len(packed), int.from_bytes(packed)
    return bits, first, first | ((1 << (bits - int(length))) - 1)
