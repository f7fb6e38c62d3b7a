"""Warnings about signature files that are valid but doubtful."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

from netmon._engine import Matcher
from netmon.signatures.checks import domain_of, names_of
from netmon.signatures.model import NameRule, PublicNames, SignatureSet, Source, Vendor
from netmon.yaml_nodes import Problem


class _HasSources(Protocol):
    @property
    def sources(self) -> tuple[str, ...]: ...


def lint(signatures: SignatureSet, today: datetime.date) -> list[Problem]:
    """All warnings, in the order of files and lines. `today` decides which networks have ended."""
    findings: list[Problem] = []
    for vendor in signatures.vendors.values():
        for check in CHECKS:
            findings.extend(check(vendor, today.isoformat()))
    findings.extend(_public_names(signatures.public_names))
    findings.extend(_resolvers(signatures))
    return sorted(findings)


def _components_without_examples(vendor: Vendor, _today: str) -> Iterator[Problem]:
    with_examples = set(vendor.examples.values())
    for component in vendor.components.values():
        if component.names and component.id not in with_examples:
            yield Problem(vendor.file, component.line, f"component '{component.id}' has no example")


def _weak_components(vendor: Vendor, _today: str) -> Iterator[Problem]:
    for component in vendor.components.values():
        if component.names and all(rule.status == "unverified" for rule in component.names):
            message = f"all names of component '{component.id}' are unverified: it never alerts"
            yield Problem(vendor.file, component.line, message)
        if not component.expectations:
            message = f"component '{component.id}' has no expectations, not even one with basis none"
            yield Problem(vendor.file, component.line, message)


def _unused_sources(vendor: Vendor, _today: str) -> Iterator[Problem]:
    yield from _unused(vendor.file, vendor.sources, set(_used_sources(vendor)))


def _unused(file: str, sources: Mapping[str, Source], used: Collection[str]) -> Iterator[Problem]:
    for source in sources.values():
        if source.key not in used:
            yield Problem(file, source.line, f"source '{source.key}' is not used")


def _public_names(known: PublicNames) -> Iterator[Problem]:
    yield from _unused(known.file, known.sources, {key for one in known.names for key in one.sources})
    for one in known.names:
        if one.status == "unverified":
            yield Problem(known.file, one.line, f"public name '{one.name}' is unverified: it is not used")


def _resolvers(signatures: SignatureSet) -> Iterator[Problem]:
    known = signatures.resolvers
    yield from _unused(known.file, known.sources, {key for one in known.entries for key in one.sources})
    for one in known.entries:
        if one.status == "unverified":
            yield Problem(known.file, one.line, f"resolver '{one.id}' is unverified: it is not used")
    addresses = {address for one in known.entries for address in one.addresses}
    for vendor in signatures.vendors.values():
        for resolver in vendor.resolvers:
            if known.entries and resolver.address not in addresses:
                message = f"resolver {resolver.address} is not in the list of public resolvers ({known.file})"
                yield Problem(vendor.file, resolver.line, message)


def _unused_or_undated_databases(vendor: Vendor, _today: str) -> Iterator[Problem]:
    used = {vote.source for network in vendor.networks for vote in network.votes}
    for database in vendor.databases.values():
        if database.id not in used:
            yield Problem(vendor.file, database.line, f"database '{database.id}' has no votes")
        elif database.date is None:
            message = f"database '{database.id}' has no date, and places change over time"
            yield Problem(vendor.file, database.line, message)


def _ended_networks(vendor: Vendor, today: str) -> Iterator[Problem]:
    for network in vendor.networks:
        if network.valid_to and network.valid_to < today and not network.note:
            message = f"network {network.prefix} ended {network.valid_to}, and no note says why it is kept"
            yield Problem(network.file, network.line, message)
        if network.valid_from and network.valid_from > today:
            message = f"network {network.prefix} starts in the future: {network.valid_from}"
            yield Problem(network.file, network.line, message)


def _networks_without_place(vendor: Vendor, _today: str) -> Iterator[Problem]:
    for network in vendor.networks:
        if network.role == "service" and not network.valid_to and not network.votes and not network.place:
            message = f"network {network.prefix} has neither votes nor a place: it locates nothing"
            yield Problem(network.file, network.line, message)


def _redundant_names(vendor: Vendor, _today: str) -> Iterator[Problem]:
    rules = {rule.number: rule for rule in names_of(vendor)}
    for rule in rules.values():
        others = [(one.number, one.kind, one.text) for one in rules.values() if one is not rule]
        number = Matcher(others, [], []).find_name(domain_of(rule))
        if number is not None and _adds_nothing(rule, rules[number]):
            wider = f"{rules[number].kind} '{rules[number].text}' (line {rules[number].line})"
            yield Problem(rule.file, rule.line, f"{rule.kind} '{rule.text}' is redundant with {wider}")


def _adds_nothing(rule: NameRule, wider: NameRule) -> bool:
    """True if the rule that would match instead has the same component, trust and sources."""
    return (
        (rule.component, rule.status, rule.family) == (wider.component, wider.status, wider.family)
        and set(rule.sources) <= set(wider.sources)
        and rule.note is None
    )


def _used_sources(vendor: Vendor) -> Iterator[str]:
    facts: list[_HasSources] = [*vendor.components.values(), *vendor.networks, *vendor.promises.values()]
    for component in vendor.components.values():
        facts += [*component.names, *component.ports, *component.magic, *component.expectations]
    for network in vendor.networks:
        facts += network.observed
    facts += [*vendor.databases.values(), *vendor.resolvers, *vendor.certificates, *vendor.concerns]
    facts += [
        *vendor.unconfirmed,
        *vendor.measures,
        *vendor.concerns,
        *((vendor.denial,) if vendor.denial else ()),
    ]
    for fact in facts:
        yield from fact.sources


CHECKS = (
    _components_without_examples,
    _weak_components,
    _unused_sources,
    _unused_or_undated_databases,
    _ended_networks,
    _networks_without_place,
    _redundant_names,
)
