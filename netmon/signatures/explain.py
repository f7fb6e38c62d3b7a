"""What the signatures say about one name or one address, and why."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from netmon._engine import Matcher
from netmon.language.marking import _
from netmon.records import Vote
from netmon.signatures.checks import is_below
from netmon.signatures.match import compile_matcher, tags_alone
from netmon.signatures.model import (
    CertificateRule,
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
    Vendor,
)
from netmon.signatures.read_values import is_within

KIND_WORDS = {"exact": _("the exact name"), "pattern": _("the pattern"), "suffix": _("the suffix")}
_MATCHES = _("{kind} '{text}' matches")
_BY_CERTIFICATE = _("no name rule matches, but a certificate that was seen has this name")
_NO_NAME = _("no rule matches this name")
_LOOKALIKE = _("'{domain}' is a look-alike of {vendor}: it never matches")
_LOOKALIKE_BECAUSE = _("'{domain}' is a look-alike of {vendor} ({why}): it never matches")
_OVER_CERTIFICATE = _("a name rule wins over a certificate")
_OVER_ALL = _("a look-alike wins over every rule")
_LONGER_SUFFIX = _("a longer suffix wins")
_PATTERN_BELOW = _("the pattern below the longer domain, or the first one, wins")
_KIND_OVER_KIND = _("{winner} wins over {loser}")
_NO_NETWORK = _("no network of a vendor covers this address")
_LONGER_PREFIX = _("a longer prefix wins")
_COVERED = _("network {prefix} covers it; its role 'service' matches by address alone")
_COVERED_BUT = _("network {prefix} covers it, but {why}")
_ROLE = _("its role '{role}' does not match by address alone")
_NOT_SEEN_SINCE = _("no source has seen it with the vendor after {day}")
REASONS = (
    *(_MATCHES, _BY_CERTIFICATE, _NO_NAME, _LOOKALIKE, _LOOKALIKE_BECAUSE, _OVER_CERTIFICATE, _OVER_ALL),
    *(_LONGER_SUFFIX, _PATTERN_BELOW, _KIND_OVER_KIND),
    *(_NO_NETWORK, _LONGER_PREFIX, _COVERED, _COVERED_BUT, _ROLE, _NOT_SEEN_SINCE),
)
"""From which the reasons are made, of decisions and of rules that did not decide."""


@dataclass(frozen=True, slots=True)
class Competitor:
    """A matching rule that is not the deciding one."""

    rule: Rule
    why_not: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer for one name or address. `reason` is one sentence about the decision, match or no match.

    Without a matching rule everything from `tags` to `observed` is empty.
    """

    queried: str  # normalised: a lower-case name without its final dot, or an address
    kind: Literal["name", "address"]
    rule: Rule | None  # the deciding rule; None: no rule matches
    reason: str
    competitors: tuple[Competitor, ...]
    tags: bool = False  # the rule tags flows
    component: Component | None = None
    sources: tuple[Source, ...] = ()  # of the deciding rule and of the promises
    expectations: tuple[Expectation, ...] = ()
    promises: tuple[Promise, ...] = ()  # those that the expectations refer to
    votes: tuple[Vote, ...] = ()  # address only
    observed: tuple[Observed, ...] = ()  # address only: names seen at this very address
    remarks: tuple[str, ...] = ()  # notes of the rule, fallback resolver, unconfirmed domain, ...


@dataclass(frozen=True, slots=True)
class _Decision:
    """The deciding rule and the reason; without a rule, the reason why there is none."""

    rule: Rule | None
    reason: str
    competitors: tuple[Competitor, ...] = ()


def explain(signatures: SignatureSet, text: str) -> Explanation:
    """Everything that the signatures contain about a name or an IPv4 or IPv6 address."""
    queried = text.strip().lower().removesuffix(".")
    try:
        address = ipaddress.ip_address(queried)
    except ValueError:
        decision = _decide_name(signatures, queried)
        return _answer(signatures, queried, "name", decision, _name_remarks(signatures, queried))
    # An IPv4-mapped address (RFC 4291, 2.5.5.2) is treated as IPv4, as in the engine.
    queried = str(getattr(address, "ipv4_mapped", None) or address)
    decision = _decide_address(signatures, queried)
    return _answer(signatures, queried, "address", decision, _address_remarks(signatures, queried))


def _decide_name(signatures: SignatureSet, name: str) -> _Decision:
    """Follows the engine's precedence: look-alikes, then name rules, then certificates."""
    found = compile_matcher(signatures).find_name(name)
    matching = [rule for rule in signatures.rules_of(NameRule) if _matches(rule, name)]
    certificates = [rule for rule in signatures.rules_of(CertificateRule) if name in rule.names]
    winner = None if found is None else signatures.rules[found]
    if isinstance(winner, NameRule):
        others = [Competitor(one, _why_not(one, winner)) for one in matching if one is not winner]
        others += [Competitor(one, _OVER_CERTIFICATE) for one in certificates]
        return _Decision(
            winner, _MATCHES.format(kind=KIND_WORDS[winner.kind], text=winner.text), tuple(others)
        )
    denial = next(_denials(signatures, name), None)
    if denial is not None:
        overruled = (Competitor(one, _OVER_ALL) for one in matching)
        return _Decision(None, denial, tuple(overruled))
    if certificates:
        return _Decision(certificates[0], _BY_CERTIFICATE)
    return _Decision(None, _NO_NAME)


def _matches(rule: NameRule, name: str) -> bool:
    return Matcher([(rule.number, rule.kind, rule.text)], [], []).find_name(name) is not None


def _denials(signatures: SignatureSet, name: str) -> Iterator[str]:
    for vendor in signatures.vendors.values():
        for domain in vendor.lookalikes:
            if is_below(name, domain):
                text = _LOOKALIKE_BECAUSE if vendor.denial else _LOOKALIKE
                why = vendor.denial.why if vendor.denial else ""
                yield text.format(domain=domain, vendor=vendor.title, why=why)


def _why_not(rule: NameRule, winner: NameRule) -> str:
    if rule.kind == winner.kind == "suffix":
        return _LONGER_SUFFIX
    if rule.kind == winner.kind:
        return _PATTERN_BELOW
    return _KIND_OVER_KIND.format(winner=KIND_WORDS[winner.kind], loser=KIND_WORDS[rule.kind])


def _name_remarks(signatures: SignatureSet, name: str) -> Iterator[str]:
    for vendor in signatures.vendors.values():
        for one in vendor.unconfirmed:
            if is_below(name, one.name):
                yield f"'{one.name}' is an unconfirmed domain of {vendor.title}: {one.why}"
    for public in signatures.public_names.names:
        if public.name == name:
            yield (
                f"the public name of an ECH client-facing server of {public.operator}: "
                "hellos with this name encrypt the real one"
            )
    for resolver in signatures.resolvers.entries:
        if any(is_below(name, domain) for domain in resolver.names):
            yield _resolver_remark(resolver)


def _decide_address(signatures: SignatureSet, address: str) -> _Decision:
    """Follows the engine's precedence: networks that tag first, then longer prefixes."""
    matching = [rule for rule in signatures.rules_of(NetworkRule) if is_within(address, rule.prefix)]
    if not matching:
        return _Decision(None, _NO_NETWORK)
    matching.sort(key=lambda rule: (not tags_alone(rule), -int(rule.prefix.partition("/")[2])))
    winner, *others = matching
    competitors = tuple(Competitor(one, _why_untagged(one) or _LONGER_PREFIX) for one in others)
    untagged = _why_untagged(winner)
    if untagged is None:
        reason = _COVERED.format(prefix=winner.prefix)
    else:
        reason = _COVERED_BUT.format(prefix=winner.prefix, why=untagged)
    return _Decision(winner, reason, competitors)


def _why_untagged(rule: NetworkRule) -> str | None:
    """Why an address in the network does not tag a flow; None if it does."""
    if tags_alone(rule):
        return None
    if rule.role != "service":
        return _ROLE.format(role=rule.role)
    return _NOT_SEEN_SINCE.format(day=rule.valid_to)


def _address_remarks(signatures: SignatureSet, address: str) -> Iterator[str]:
    for vendor in signatures.vendors.values():
        for one in vendor.resolvers:
            if one.address == address:
                yield f"{one.operator}: a public resolver that products of {vendor.title} fall back to"
    for resolver in signatures.resolvers.entries:
        if address in resolver.addresses:
            yield _resolver_remark(resolver)


def _resolver_remark(resolver: PublicResolver) -> str:
    return f"{resolver.operator} ({resolver.id}): a public resolver; encrypted queries to it cannot be read"


def _answer(
    signatures: SignatureSet,
    queried: str,
    kind: Literal["name", "address"],
    decision: _Decision,
    remarks: Iterator[str],
) -> Explanation:
    """The decision, with all that the signatures contain about its rule."""
    rule = decision.rule
    if rule is None:
        return Explanation(queried, kind, None, decision.reason, decision.competitors, remarks=tuple(remarks))
    vendor = signatures.vendors[rule.vendor]
    component = signatures.component(rule)
    expectations = component.expectations if component else ()
    promises = tuple(vendor.promises[one.promise] for one in expectations if one.promise)
    network = rule if isinstance(rule, NetworkRule) else None
    return Explanation(
        queried=queried,
        kind=kind,
        rule=rule,
        reason=decision.reason,
        competitors=decision.competitors,
        tags=network is None or tags_alone(network),
        component=component,
        sources=_sources(vendor, rule, promises),
        expectations=expectations,
        promises=promises,
        votes=network.votes if network else (),
        observed=tuple(one for one in network.observed if one.address == queried) if network else (),
        remarks=(*_rule_remarks(rule, component), *remarks),
    )


def _sources(vendor: Vendor, rule: Rule, promises: tuple[Promise, ...]) -> tuple[Source, ...]:
    """The sources of the rule and of the promises, without repetitions."""
    keys = dict.fromkeys([*rule.sources, *(key for one in promises for key in one.sources)])
    return tuple(vendor.sources[key] for key in keys)


def _rule_remarks(rule: Rule, component: Component | None) -> Iterator[str]:
    if rule.note:
        yield rule.note
    if component is None:
        return
    if component.visited:
        yield "people visit it with a browser, so a finding is a notice"
    if component.false_positive:
        yield component.false_positive
    if component.magic:
        patterns = "; ".join(magic.pattern for magic in component.magic)
        yield f"its flows are also recognised by their first payload bytes: {patterns}"
