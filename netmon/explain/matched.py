"""The third part of the chain: the statement in the signatures that gives the flow to the vendor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from netmon.explain.event import FlowEvent
from netmon.signatures.explain import explain
from netmon.signatures.model import NETWORK, NetworkRule, Rule, SignatureSet, Source, Vendor
from netmon.signatures.source_dates import known_date

NOTE = "  "
"""Begins a line that belongs to the sentence before it."""

_TRUST = {
    "official": "the vendor itself, or a registry, says so",
    "measured": "it was measured",
    "press": "the press says so",
    "community": "a community project says so",
    "unverified": "only a weak source says so, so it never makes a finding",
}


def tell_signature(event: FlowEvent, signatures: SignatureSet) -> Iterator[str]:
    """The statement by its file and line, what it rests on, and whether it is still there."""
    vendor = signatures.vendors[event.vendor]
    where = event["netmon.signature"]
    status = event["netmon.signature_status"]
    yield (
        f"{where} gives the flow to {vendor.title} ({vendor.id}), component {event['netmon.component']}. "
        f"Trust: {status}{f', which means that {_TRUST[status]}' if status in _TRUST else ''}."
    )
    rule = _find_rule(event, signatures)
    if rule is None:
        yield (
            "The signatures in use now have no such statement in that line: they have changed since, so its "
            "sources cannot be shown. `--signatures` reads another version."
        )
    else:
        yield from _tell_rule(rule, signatures)
    if event.name is not None:
        answer = explain(signatures, event.name)
        yield f"The signatures in use now say of {answer.queried}: {answer.reason}."
        for other in answer.competitors:
            yield f"It also matches {other.rule}, but {other.why_not}."
    yield from _tell_network(event, signatures)
    reviewed = f"; this vendor's were last reviewed on {vendor.reviewed}" if vendor.reviewed else ""
    yield f"Signatures in use now: sha256 {signatures.sha256} of all files{reviewed}."


def _tell_network(event: FlowEvent, signatures: SignatureSet) -> Iterator[str]:
    """What the signatures say about the address: whether it is in a network of the vendor."""
    address = event.server
    answer = explain(signatures, address)
    rule = answer.rule
    yield f"The signatures in use now say of {address}: {answer.reason}."
    if isinstance(rule, NetworkRule):
        holder = f"registered to {rule.holder}" if rule.holder else "whose holder is not recorded"
        days = f"from {rule.valid_from or 'an unknown day'} to {rule.valid_to or 'today, as far as known'}"
        yield f"{NOTE}It is a network of {rule.vendor} (trust: {rule.status}), {holder}, {days}."
        yield from source_lines(rule.sources, signatures.vendors[rule.vendor])


def source_lines(keys: Iterable[str], vendor: Vendor) -> Iterator[str]:
    """The sources with these keys: their trust, where they are, and what they are about; as notes."""
    for key in keys:
        source: Source = vendor.sources[key]
        date = known_date(source) or "of unknown date"
        yield f"{NOTE}Source {source.key} ({source.trust}, {date}): {source.ref} ({source.about})"


def _find_rule(event: FlowEvent, signatures: SignatureSet) -> Rule | None:
    """The rule at the event's file and line, if it is one of the same vendor and component."""
    for rule in signatures.rules:
        if (
            f"{Path(rule.file).name}:{rule.line}" == event["netmon.signature"]
            and rule.vendor == event.vendor
            and event["netmon.component"] in (rule.component, NETWORK)
            and rule.status == event["netmon.signature_status"]
        ):
            return rule
    return None


def _tell_rule(rule: Rule, signatures: SignatureSet) -> Iterator[str]:
    vendor = signatures.vendors[rule.vendor]
    yield f"The statement: {rule}.{f' Note: {rule.note}' if rule.note else ''}"
    component = signatures.component(rule)
    if component is not None:
        yield f"The component: {component.title}; {component.function}; data: {component.data_category}."
        if component.false_positive:
            yield f"What else may match: {component.false_positive}"
    yield from source_lines(rule.sources, vendor)
