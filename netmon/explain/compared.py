"""The fifth part of the chain: the promises, the policy and the concerns with which the place is compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netmon.explain.event import FlowEvent
from netmon.explain.matched import NOTE, source_lines
from netmon.explain.promises import expectation_text, promise_texts
from netmon.language.language import Language
from netmon.language.marking import _
from netmon.signatures.model import Concern, SignatureSet, Vendor
from netmon.verdict.concerns import find_concerns
from netmon.verdict.policy import Policy
from netmon.verdict.promises import Subject

_STANDING: Mapping[str, str] = {
    "located": _("the server is located there: independent sources, or your own declaration, agree on it"),
    "excluded": _("the server cannot be there: it answered faster than light could return from there"),
    "possible": _("it is not excluded that the server is there, and a source says that it is"),
    "unknown": _("it is not excluded that the server is there, and no source says that it is"),
}
_UNCOUNTED: Mapping[str, str] = {
    "not_shown": _("nothing shows that it is a flow of the vendor"),
    "redirected": _("its address is not global"),
    "unseen": _("what the client sent was not seen"),
    "no_data": _("no data was exchanged"),
}


def tell_concerns(
    event: FlowEvent, signatures: SignatureSet, policy: Policy, subject: Subject, language: Language
) -> Iterator[str]:
    """Whether the flow ended in a country of concern, and why that country is one."""
    say, vendor = language.say, signatures.vendors[event.vendor]
    stated: list[Mapping[str, str]] = event["netmon.concerns"] or []
    why = event["netmon.concerns_uncounted"]
    if why is not None:
        yield say(
            "The flow does not count in the statement about countries of concern: {why}.",
            why=say(_UNCOUNTED[why]),
        )
    elif not stated:
        yield say("No country was one of concern for this flow when it was judged.")
    for one in stated:
        yield f"{language.country(one['country'])}: {say(_STANDING[one['standing']])}."
    for active in find_concerns(vendor, policy, subject, event.day):
        if active.concern is None:
            country = language.country(active.country)
            yield say("{country} is a country of concern by the policy.", country=country)
        else:
            yield from _tell_concern(active.concern, vendor, language)


def _tell_concern(concern: Concern, vendor: Vendor, language: Language) -> Iterator[str]:
    say = language.say
    addressees = ", ".join(sorted(map(language.country, concern.addressed_to)))
    values = {
        "country": language.country(concern.country),
        "basis": language.say_of("basis of a concern", concern.basis),
        "since": concern.since,
        "until": say(" until {day}", day=concern.until) if concern.until else "",
        "status": concern.status,
        "whom": (
            say("addressed to users in {countries}", countries=addressees)
            if addressees
            else say("addressed to everyone")
        ),
        "about": language.say_of("what a concern is about", concern.about),
    }
    yield say(
        "{country} is a country of concern because of {basis}, from {since}{until} ({status}), {whom}; it is "
        "about {about}, not about a server. Applying it to other users is netmon's default.",
        **values,
    )
    yield from source_lines(concern.sources, vendor, language)


def tell_references(
    event: FlowEvent, signatures: SignatureSet, policy: Policy, subject: Subject, language: Language
) -> Iterator[str]:
    """What the policy allows, and which promises apply on the flow's day."""
    say, vendor, component = language.say, signatures.vendors[event.vendor], event["netmon.component"]
    yield from _tell_policy(event, policy, language)
    country = say("not configured") if subject.country is None else language.country(subject.country)
    yield say("The users' country, as configured for this explanation: {country}.", country=country)
    known = vendor.components.get(component)
    expectations = known.expectations if known is not None else ()
    for expectation in expectations:
        stated = expectation_text(expectation, language)
        yield _ended(say("The signatures have an {expectation}", expectation=stated))
    promises = dict.fromkeys(one.promise for one in expectations if one.promise)
    if not promises:
        yield say("No promise of the vendor names a place for {component}.", component=component)
    for number in promises:
        promise = vendor.promises[number]
        texts = promise_texts(promise, vendor.promises.values(), (subject,), event.day, language)
        first, *others = texts
        if number == event["netmon.promise"]:
            yield _ended(say("This was applied: {promise}", promise=first))
        else:
            yield _ended(say("The signatures have {promise}", promise=first))
        yield from (f"{NOTE}{_ended(text[0].upper() + text[1:])}" for text in others)
        yield from source_lines(promise.sources, vendor, language)


def _ended(text: str) -> str:
    """The text with one full stop at its end; texts of the signatures may have one."""
    return f"{text.rstrip('.')}."


def _tell_policy(event: FlowEvent, policy: Policy, language: Language) -> Iterator[str]:
    say, names = language.say, {"vendor": event.vendor, "component": event["netmon.component"]}
    vendor, component = names.values()
    if vendor in policy.forbidden_vendors:
        yield say("The policy forbids contact with {vendor}.", vendor=vendor)
    if policy.is_forbidden(vendor, component):
        yield say("The policy forbids {component} of {vendor}, wherever it ends.", **names)
    allowed = policy.allowed_places(vendor, component)
    if allowed is None:
        yield say(
            "The policy does not mention {component} of {vendor}, so promises are the reference.", **names
        )
    else:
        places = ", ".join(sorted(allowed)) or say("none")
        yield say(
            "The policy allows these places for {component} of {vendor}: {places}.", places=places, **names
        )
    tolerated = policy.tolerated.get(vendor, policy.tolerated.get("*", frozenset()))
    if tolerated:
        places = ", ".join(sorted(tolerated))
        yield say("Places that the policy tolerates, so a finding is a notice: {places}.", places=places)
    relays = sum(one.vendor == vendor for one in policy.relays)
    if relays:
        yield say(
            "By the policy, clients are to reach {vendor} through relays; it names {count}.",
            vendor=vendor,
            count=language.number(relays),
        )
    lifted = event["netmon.exception.lifts"]
    if lifted is not None:
        yield say(
            "An exception of the policy, valid until {until}, replaces the reason {lifted}.",
            until=event["netmon.exception.until"],
            lifted=lifted,
        )
