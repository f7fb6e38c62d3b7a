"""What the signatures say about one name or one address, and why."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from netmon._engine import Matcher
from netmon.records import Vote
from netmon.signatures.checks import is_below
from netmon.signatures.desk import is_within
from netmon.signatures.match import compile_matcher, tags_alone
from netmon.signatures.model import (
    Certificate,
    Component,
    Expectation,
    NameRule,
    NetworkRule,
    Observed,
    Promise,
    PublicResolver,
    Rule,
    SignatureSet,
    Source,
)


@dataclass(frozen=True, slots=True)
class Competitor:
    """A rule that holds for the question too, but does not decide it."""

    rule: Rule
    why_not: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer on one name or address. `reason` is one sentence on what decided, match or not."""

    asked: str  # as understood: a lower-case name without its final dot, or an address
    kind: Literal["name", "address"]
    rule: Rule | None  # what decides; None: no rule holds
    reason: str
    tags: bool  # a flow is tagged by this rule
    component: Component | None
    competitors: tuple[Competitor, ...]
    sources: tuple[Source, ...]  # of the deciding rule and of the promises, spelled out
    expectations: tuple[Expectation, ...]
    promises: tuple[Promise, ...]  # those that the expectations apply
    votes: tuple[Vote, ...]  # address only
    observed: tuple[Observed, ...]  # address only: names seen at exactly this address
    remarks: tuple[str, ...]  # fallback resolver, unconfirmed domain, what could mislead


def explain(signatures: SignatureSet, text: str) -> Explanation:
    """Everything the signatures say about a name or an IPv4 or IPv6 address."""
    asked = text.strip().lower().removesuffix(".")
    try:
        address = ipaddress.ip_address(asked)
    except ValueError:
        return _explain_name(signatures, asked)
    # A mapped address is the IPv4 address that it maps (RFC 4291, 2.5.5.2), for the engine as well.
    return _explain_address(signatures, getattr(address, "ipv4_mapped", None) or address)


def _explain_name(signatures: SignatureSet, name: str) -> Explanation:
    entry = compile_matcher(signatures).find_name(name)
    rule: Rule | None = None if entry is None else signatures.entries[entry]
    holding = [one for one in signatures.entries if isinstance(one, NameRule) and _holds(one, name)]
    certificates = [one for one in signatures.entries if isinstance(one, Certificate) and name in one.names]
    denied = list(_denials(signatures, name))
    if isinstance(rule, NameRule):
        reason = f"{KIND_WORDS[rule.kind]} '{rule.text}' holds"
        competitors = [Competitor(one, _why_not(one, rule)) for one in holding if one is not rule]
        competitors += [Competitor(one, "a name rule wins over a certificate") for one in certificates]
    elif denied:
        reason = denied[0]
        competitors = [Competitor(one, "a look-alike wins over every rule") for one in holding]
    elif certificates:
        rule, competitors = certificates[0], []
        reason = "no rule holds for this name, but a certificate that was seen has it"
    else:
        reason, competitors = "no rule holds for this name", []
    remarks = [
        f"'{one.name}' is an unconfirmed domain of {vendor.title}: {one.why}"
        for vendor in signatures.vendors.values()
        for one in vendor.unconfirmed
        if is_below(name, one.name)
    ]
    remarks += [
        f"the public name of an ECH front of {one.operator}: hellos that show it hide their own name"
        for one in signatures.public_names.names
        if one.name == name
    ]
    remarks += [
        _resolver_remark(one)
        for one in signatures.resolvers.entries
        if any(is_below(name, domain) for domain in one.names)
    ]
    return _answer(
        signatures,
        asked=name,
        kind="name",
        rule=rule,
        reason=reason,
        competitors=competitors,
        remarks=remarks,
    )


def _holds(rule: NameRule, name: str) -> bool:
    return Matcher([(rule.entry, rule.kind, rule.text)], [], []).find_name(name) is not None


def _denials(signatures: SignatureSet, name: str) -> Iterator[str]:
    for vendor in signatures.vendors.values():
        for domain in vendor.lookalikes:
            if is_below(name, domain):
                why = f" ({vendor.denial.why})" if vendor.denial else ""
                yield f"'{domain}' is a look-alike of {vendor.title}{why}: it never matches"


def _why_not(rule: NameRule, winner: NameRule) -> str:
    if rule.kind == winner.kind == "suffix":
        return "a longer suffix wins"
    if rule.kind == winner.kind:
        return "the pattern under the longer domain, or the one given first, wins"
    return f"{KIND_WORDS[winner.kind]} wins over {KIND_WORDS[rule.kind]}"


def _explain_address(
    signatures: SignatureSet, address: ipaddress.IPv4Address | ipaddress.IPv6Address
) -> Explanation:
    networks = [rule for rule in signatures.entries if isinstance(rule, NetworkRule)]
    holding = [rule for rule in networks if is_within(str(address), rule.prefix)]
    # As the engine has it: what tags comes first, then the longer prefix.
    holding.sort(key=lambda rule: (not tags_alone(rule), -int(rule.prefix.partition("/")[2])))
    rule = holding[0] if holding else None
    competitors = [
        Competitor(one, "a longer prefix wins" if tags_alone(one) else _why_silent(one))
        for one in holding[1:]
    ]
    if rule is None:
        reason = "no network of a vendor holds this address"
    elif tags_alone(rule):
        reason = f"network {rule.prefix} holds it; its role service tags by the address alone"
    else:
        reason = f"network {rule.prefix} holds it, but {_why_silent(rule)}"
    remarks = [
        f"{one.operator}: a public resolver that products of {vendor.title} fall back to"
        for vendor in signatures.vendors.values()
        for one in vendor.resolvers
        if one.address == str(address)
    ]
    remarks += [
        _resolver_remark(one) for one in signatures.resolvers.entries if str(address) in one.addresses
    ]
    return _answer(
        signatures,
        asked=str(address),
        kind="address",
        rule=rule,
        reason=reason,
        competitors=competitors,
        remarks=remarks,
    )


def _resolver_remark(resolver: PublicResolver) -> str:
    return (
        f"{resolver.operator} ({resolver.id}): a public resolver; what is asked there encrypted is not read"
    )


def _why_silent(rule: NetworkRule) -> str:
    if rule.role != "service":
        return f"role {rule.role} never tags by the address alone"
    return f"no source has seen it with the vendor after {rule.valid_to}"


def _answer(
    signatures: SignatureSet,
    *,
    asked: str,
    kind: Literal["name", "address"],
    rule: Rule | None,
    reason: str,
    competitors: list[Competitor],
    remarks: list[str],
) -> Explanation:
    component = signatures.component(rule) if rule else None
    vendor = signatures.vendors[rule.vendor] if rule else None
    network = rule if isinstance(rule, NetworkRule) else None
    expectations = component.expectations if component else ()
    promises = tuple(vendor.promises[one.promise] for one in expectations if vendor and one.promise)
    promised = [key for one in promises for key in one.sources]
    keys = dict.fromkeys([*(rule.sources if rule else ()), *promised])
    notes = (rule.note if rule else None, component.false_positive if component else None)
    magic = "; ".join(str(one) for one in component.magic) if component else ""
    told = (f"its flows are also recognised by their {magic}",) if magic else ()
    return Explanation(
        asked=asked,
        kind=kind,
        rule=rule,
        reason=reason,
        tags=isinstance(rule, NameRule | Certificate) or (network is not None and tags_alone(network)),
        component=component,
        competitors=tuple(competitors),
        sources=tuple(vendor.sources[key] for key in keys) if vendor else (),
        expectations=expectations,
        promises=promises,
        votes=network.votes if network else (),
        observed=tuple(one for one in network.observed if one.address == asked) if network else (),
        remarks=(*(note for note in notes if note), *told, *remarks),
    )


KIND_WORDS = {"exact": "the exact name", "pattern": "the pattern", "suffix": "the suffix"}
