"""The fifth part of the chain: the promises, the policy and the concerns with which the place is compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netmon.countries import country_name
from netmon.explain.event import FlowEvent
from netmon.explain.matched import NOTE, source_lines
from netmon.explain.promises import expectation_text, promise_texts
from netmon.signatures.model import Concern, SignatureSet, Vendor
from netmon.verdict.concerns import find_concerns
from netmon.verdict.policy import Policy
from netmon.verdict.promises import Subject

_STANDING: Mapping[str, str] = {
    "located": "the server is located there: independent sources, or your own declaration, agree on it",
    "excluded": "the server cannot be there: it answered faster than light could return from there",
    "possible": "it is not excluded that the server is there, and a source says that it is",
    "unknown": "it is not excluded that the server is there, and no source says that it is",
}
_UNCOUNTED: Mapping[str, str] = {
    "not_shown": "nothing shows that it is a flow of the vendor",
    "redirected": "its address is not global",
    "unseen": "what the client sent was not seen",
    "no_data": "no data was exchanged",
}


def tell_concerns(
    event: FlowEvent, signatures: SignatureSet, policy: Policy, subject: Subject
) -> Iterator[str]:
    """Whether the flow ended in a country of concern, and why that country is one."""
    vendor = signatures.vendors[event.vendor]
    stated: list[Mapping[str, str]] = event["netmon.concerns"] or []
    why = event["netmon.concerns_uncounted"]
    if why is not None:
        yield f"The flow does not count in the statement about countries of concern: {_UNCOUNTED[why]}."
    elif not stated:
        yield "No country was one of concern for this flow when it was judged."
    for one in stated:
        yield f"{country_name(one['country'])}: {_STANDING[one['standing']]}."
    for active in find_concerns(vendor, policy, subject, event.day):
        if active.concern is None:
            yield f"{country_name(active.country)} is a country of concern by the policy."
        else:
            yield from _tell_concern(active.concern, vendor)


def _tell_concern(concern: Concern, vendor: Vendor) -> Iterator[str]:
    addressees = ", ".join(sorted(map(country_name, concern.addressed_to)))
    whom = f"addressed to users in {addressees}" if addressees else "addressed to everyone"
    until = f" until {concern.until}" if concern.until else ""
    yield (
        f"{country_name(concern.country)} is a country of concern because of {concern.basis}, from "
        f"{concern.since}{until} ({concern.status}), {whom}; it is about {concern.about}, not about a "
        "server. Applying it to other users is netmon's default."
    )
    yield from source_lines(concern.sources, vendor)


def tell_references(
    event: FlowEvent, signatures: SignatureSet, policy: Policy, subject: Subject
) -> Iterator[str]:
    """What the policy allows, and which promises apply on the flow's day."""
    vendor, component = signatures.vendors[event.vendor], event["netmon.component"]
    yield from _tell_policy(event, policy)
    country = "not configured" if subject.country is None else country_name(subject.country)
    yield f"The users' country, as configured for this explanation: {country}."
    known = vendor.components.get(component)
    expectations = known.expectations if known is not None else ()
    for expectation in expectations:
        yield _ended(f"The signatures have an {expectation_text(expectation)}")
    promises = dict.fromkeys(one.promise for one in expectations if one.promise)
    if not promises:
        yield f"No promise of the vendor names a place for {component}."
    for number in promises:
        promise = vendor.promises[number]
        used = "This was applied: " if number == event["netmon.promise"] else "The signatures have "
        first, *others = promise_texts(promise, vendor.promises.values(), (subject,), event.day)
        yield _ended(f"{used}{first}")
        yield from (f"{NOTE}{_ended(text[0].upper() + text[1:])}" for text in others)
        yield from source_lines(promise.sources, vendor)


def _ended(text: str) -> str:
    """The text with one full stop at its end; texts of the signatures may have one."""
    return f"{text.rstrip('.')}."


def _tell_policy(event: FlowEvent, policy: Policy) -> Iterator[str]:
    vendor, component = event.vendor, event["netmon.component"]
    if vendor in policy.forbidden_vendors:
        yield f"The policy forbids contact with {vendor}."
    if policy.is_forbidden(vendor, component):
        yield f"The policy forbids {component} of {vendor}, wherever it ends."
    allowed = policy.allowed_places(vendor, component)
    if allowed is None:
        yield f"The policy does not mention {component} of {vendor}, so promises are the reference."
    else:
        places = ", ".join(sorted(allowed)) or "none"
        yield f"The policy allows these places for {component} of {vendor}: {places}."
    tolerated = policy.tolerated.get(vendor, policy.tolerated.get("*", frozenset()))
    if tolerated:
        yield f"Places that the policy tolerates, so a finding is a notice: {', '.join(sorted(tolerated))}."
    relays = [one for one in policy.relays if one.vendor == vendor]
    if relays:
        yield f"By the policy, clients are to reach {vendor} through relays; it names {len(relays)}."
    lifted = event["netmon.exception.lifts"]
    if lifted is not None:
        until = event["netmon.exception.until"]
        yield f"An exception of the policy, valid until {until}, replaces the reason {lifted}."
