"""The third part of the chain: the statement in the signatures that gives the flow to the vendor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from netmon.explain.event import FlowEvent
from netmon.language.language import Language
from netmon.language.marking import _
from netmon.language.recorded import Recorded
from netmon.signatures.explain import REASONS, Explanation, explain
from netmon.signatures.model import NETWORK, NetworkRule, Rule, SignatureSet, Source, Vendor
from netmon.signatures.source_dates import known_date

NOTE = "  "
"""Begins a line that belongs to the sentence before it."""

_TRUST = {
    "official": _("the vendor itself, or a registry, says so"),
    "measured": _("it was measured"),
    "press": _("the press says so"),
    "community": _("a community project says so"),
    "unverified": _("only a weak source says so, so it never makes a finding"),
}


def tell_signature(event: FlowEvent, signatures: SignatureSet, language: Language) -> Iterator[str]:
    """The statement by its file and line, what it rests on, and whether it is still there."""
    say, vendor = language.say, signatures.vendors[event.vendor]
    status = event["netmon.signature_status"]
    given = say(
        "{where} gives the flow to {vendor} ({id}), component {component}.",
        where=event["netmon.signature"],
        vendor=vendor.title,
        id=vendor.id,
        component=event["netmon.component"],
    )
    if status in _TRUST:
        meaning = say(_TRUST[status])
        yield f"{given} {say('Trust: {status}, which means that {meaning}.', status=status, meaning=meaning)}"
    else:
        yield f"{given} {say('Trust: {status}.', status=status)}"
    rule = _find_rule(event, signatures)
    if rule is None:
        yield say(
            "The signatures in use now have no such statement in that line: they have changed since, so its "
            "sources cannot be shown. `--signatures` reads another version."
        )
    else:
        yield from _tell_rule(rule, signatures, language)
    if event.name is not None:
        answer = explain(signatures, event.name)
        yield _stated(answer, language)
        for other in answer.competitors:
            why_not = Recorded(REASONS, language).say(other.why_not)
            yield say("It also matches {rule}, but {why_not}.", rule=other.rule, why_not=why_not)
    yield from _tell_network(event, signatures, language)
    files = say("Signatures in use now: sha256 {sha256} of all files", sha256=signatures.sha256)
    if vendor.reviewed:
        reviewed = say("this vendor's were last reviewed on {day}.", day=vendor.reviewed)
        yield f"{files}; {reviewed}"
    else:
        yield f"{files}."


def _stated(answer: Explanation, language: Language) -> str:
    """What the signatures say about a name or an address."""
    return language.say(
        "The signatures in use now say of {queried}: {reason}.",
        queried=answer.queried,
        reason=Recorded(REASONS, language).say(answer.reason),
    )


def _tell_network(event: FlowEvent, signatures: SignatureSet, language: Language) -> Iterator[str]:
    """What the signatures say about the address: whether it is in a network of the vendor."""
    say, answer = language.say, explain(signatures, event.server)
    rule = answer.rule
    yield _stated(answer, language)
    if isinstance(rule, NetworkRule):
        holder = (
            say("registered to {holder}", holder=rule.holder)
            if rule.holder
            else say("whose holder is not recorded")
        )
        yield NOTE + say(
            "It is a network of {vendor} (trust: {status}), {holder}, from {first} to {last}.",
            vendor=rule.vendor,
            status=rule.status,
            holder=holder,
            first=rule.valid_from or say("an unknown day"),
            last=rule.valid_to or say("today, as far as known"),
        )
        yield from source_lines(rule.sources, signatures.vendors[rule.vendor], language)


def source_lines(keys: Iterable[str], vendor: Vendor, language: Language) -> Iterator[str]:
    """The sources with these keys: their trust, where they are, and what they are about; as notes."""
    for key in keys:
        source: Source = vendor.sources[key]
        yield NOTE + language.say(
            "Source {key} ({trust}, {date}): {where} ({about})",
            key=source.key,
            trust=source.trust,
            date=known_date(source) or language.say("of unknown date"),
            where=source.ref,
            about=source.about,
        )


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


def _tell_rule(rule: Rule, signatures: SignatureSet, language: Language) -> Iterator[str]:
    say, vendor = language.say, signatures.vendors[rule.vendor]
    note = f" {say('Note: {note}', note=rule.note)}" if rule.note else ""
    yield say("The statement: {rule}.", rule=rule) + note
    component = signatures.component(rule)
    if component is not None:
        yield say(
            "The component: {title}; {function}; data: {data}.",
            title=component.title,
            function=component.function,
            data=component.data_category,
        )
        if component.false_positive:
            yield say("What else may match: {what}", what=component.false_positive)
    yield from source_lines(rule.sources, vendor, language)
