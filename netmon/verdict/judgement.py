"""The verdict on one flow: a pure function that puts it in the terms of one table (`table`).

The place of a flow is compared with the places that the organisation's policy allows for this vendor and
component, or, if the policy does not mention them, with the places that the vendor has promised for this
component, this subject and this day (`promises`). Location databases can be wrong, so a single source gives
"undecided", and so do sources that contradict each other, if one of them may name the right country. A
limited view turns "expected" into "undecided", but does not change "unexpected": packets that were seen going
elsewhere did go elsewhere. "expected" also needs evidence that the vendor answers at the address (`holders`),
for a client may send any name anywhere.

A verdict needs a contact: a flow without data in both directions (`FlowRecord.contact`), or to an address
that is not reachable over the Internet, is "undecided", because firewalls and DNS sinkholes cause such flows.
So is one of which only the server's packets were seen: they do not show what the client sent, and anyone may
send in the server's name. Of a client that was seen alone, an attempt is no contact; more may be one.

It also needs evidence that this client meant the name (`FlowRecord.grounds`): its own hello or look-up, or
that of its resolver, made before the flow. Without it the flow is "undecided", wherever it ended. An address
in a network of the vendor shows contact with the vendor, but not with which component, so such a flow is
judged as one of the component "network".

"undecided" is weaker than the other three verdicts, which are equally strong. An additional source that
agrees with the others makes a verdict stronger or leaves it unchanged.

The order is: forbidden, allowed, concern, promise, tolerated. A country of concern (`concerns`) needs no
promise: a place there on which two sources agree is "unexpected", unless the policy or a promise allows it.
If the sources disagree on the country, but at least two independent ones name a country and none names a
promised or allowed one, the flow is "unexpected" all the same (`nowhere_promised`). What the organisation
tolerates changes only how much a finding matters (`severity`).

A client that contacts the vendor itself although the policy names relays is "unexpected" wherever the flow
ends, after a country of concern, which weighs more.

An exception in the policy is a decision of the organisation. It lifts only what it names: a contact that is
forbidden, whose place is then judged like that of any other, or the place of a flow, unless a source names a
country of concern that neither policy nor a promise allows. A flow that would be a
finding without it and is not one with it is "expected" with a reason of its own, and every verdict that an
exception changes shows the reason that it replaces (`Verdict.lifts`) and its last day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from netmon.records import Contact, Grounds, Verdict
from netmon.signatures.model import CountryGroup, Location, Vendor
from netmon.verdict.concerns import ActiveConcern, find_concern
from netmon.verdict.place_facts import PlaceFacts
from netmon.verdict.policy import LIFTS, Policy, PolicyException
from netmon.verdict.promises import (
    AppliedPromise,
    Subject,
    applied_promises,
    find_end,
    is_made_to,
    why_not_in_force,
)
from netmon.verdict.severity import find_severity
from netmon.verdict.table import Exchange, Facts, Fit, Forbidden, Kind, find_lack, find_row
from netmon.verdict.wording import Words, explain_verdict

LIMITING = frozenset({"one_way", "gap", "unseen"})
"""Visibility limitations with which a flow is not "expected", because packets of it were not seen.

- "one_way": one direction was not seen; nothing shows that the server answered.
- "gap": segments of the opening are missing, so the name may be another one.
- "unseen": more than 1 % of the bytes were acknowledged but not seen, so the byte counts are too small.

The others have no influence once data was exchanged: "cut" (headers and lengths are complete), "no_start"
(the packets that were seen went there) and "duplicates" (detected, and counted once); "proxied" has a row of
its own."""


_NOT_BY_PLACE = frozenset(
    {
        "unverified_signature",
        "sinkholed",
        "no_contact",
        "name_unsolicited",
        "policy_forbids_vendor",
        "policy_forbids_component",
        "bypasses_relay",
    }
)
"""Reasons of verdicts for which no place, and so no promise, was looked at."""


class Case(Struct, frozen=True):
    """What is known about one flow when it is judged. Equal cases are judged alike."""

    vendor: Vendor
    component: str
    status: str  # trust status of the matching signature
    place: PlaceFacts
    view: tuple[str, ...]  # FlowRecord.view
    day: str  # on which the flow began
    locations: Mapping[str, Location]
    client: str | None = None  # its address; None: no client, so no exception applies
    holder_shown: bool = False  # there is evidence that the vendor answers at the address (`holders`)
    contact: Contact = "data"
    client_seen: bool = True  # a packet of the client was seen
    grounds: Grounds = "own"
    sinkholed: bool = False  # the address is not global, and no source locates it (`netmon.places.sinkhole`)
    groups: Mapping[str, CountryGroup] = field(default_factory=dict)
    """Groups of countries, for what is tolerated."""

    def __hash__(self) -> int:
        """By that in which most cases differ; what few differ in, or has no hash, is compared only."""
        return hash((self.component, self.place, self.view, self.day, self.client))


class _Reference(Struct, frozen=True):
    """The places with which that of a flow is compared."""

    kind: Kind
    places: frozenset[str] = frozenset()  # ISO countries and location ids
    promise: str | None = None
    certain: frozenset[str] = frozenset()  # those of promises that certainly cover the component


def judge(case: Case, policy: Policy, subject: Subject) -> Verdict:
    """The verdict on a flow: that of the first row of `ROWS` whose condition holds. Every input has one."""
    day = case.day
    reference = _find_reference(case, policy, subject, day)
    who = (case.vendor.id, case.component, case.client, day)
    contact, where = (policy.find_exception(*who, lifts=lifts) for lifts in LIFTS)
    concerns = [find_concern(case.vendor, policy, subject, one, day) for one in case.place.claims]
    facts = _find_facts(case, policy, reference, concerns, day)
    is_lifted = where is not None and not any(concerns)  # no exception lifts a concern, however unsure
    facts = replace(facts, contact_excepted=contact is not None, place_excepted=is_lifted)
    row = find_row(facts)
    is_apart_from_place = row.reason in _NOT_BY_PLACE or facts.exchange != "seen"
    verdict = Verdict(
        row.outcome,
        row.reason,
        promise=None if is_apart_from_place or facts.is_forbidden else reference.promise,
        lacks=find_lack(facts),
        severity=find_severity(facts, row, policy.forbidden_severity),
        row=row.when,
    )
    verdict = _show_exceptions(verdict, facts, contact, where)
    active = tuple(concern for concern in concerns if concern is not None)
    seen = (case.contact, case.client_seen, "no_start" not in case.view)
    words = Words(facts, case.place, reference.places, case.locations, active, subject, *seen)
    return replace(verdict, meaning=tuple(explain_verdict(verdict, words)))


def _find_facts(
    case: Case, policy: Policy, reference: _Reference, concerns: list[ActiveConcern | None], day: str
) -> Facts:
    """The case in the terms of the table, apart from exceptions."""
    vendor, place = case.vendor, case.place
    component = vendor.components.get(case.component)
    fit = _fit(place, reference.places, case.locations)
    doubtful = reference.kind == "promise" and _is_doubtful(case, reference, fit)
    disputed = place.confidence == "disputed"
    return Facts(
        unverified=case.status == "unverified",
        sinkholed=case.sinkholed,
        exchange=find_exchange(case),
        grounds=case.grounds,
        forbidden=_find_forbidden(case, policy),
        visited=component is not None and component.visited,
        concern=bool(concerns) and None not in concerns,
        tolerated=_are_tolerated(case, policy, concerns, day),
        contact_excepted=False,
        place_excepted=False,
        bypassing=_is_bypassing(case, policy, day),
        reference=reference.kind,
        doubtful=doubtful,
        proxied="proxied" in case.view,
        refuted=bool(reference.places) and all(_is_excluded(one, case) for one in reference.places),
        disputed=disputed,
        nowhere=disputed and not doubtful and _is_nowhere(case, reference),
        unknown=place.confidence == "unknown",
        single=place.confidence == "single" and not place.is_sure,
        fit=fit,
        holder_shown=case.holder_shown,
        limited=not LIMITING.isdisjoint(case.view),
    )


def find_exchange(case: Case) -> Exchange:
    """Whether data was exchanged with the server, as far as the client's packets show it."""
    if case.client_seen and case.contact == "data":
        return "seen"
    # An attempt that nothing answered is one in a one-way view as well; what was answered may be anything.
    is_half = case.contact == "answered" and "one_way" in case.view
    return "unclear" if not case.client_seen or "no_start" in case.view or is_half else "none"


def _find_forbidden(case: Case, policy: Policy) -> Forbidden:
    if policy.is_forbidden(case.vendor.id, case.component):
        return "component"
    return "vendor" if case.vendor.id in policy.forbidden_vendors else "no"


def _are_tolerated(case: Case, policy: Policy, concerns: list[ActiveConcern | None], day: str) -> bool:
    """True if the organisation tolerates every country that the sources leave, and none is of concern."""
    return bool(concerns) and all(
        concern is None and policy.is_tolerated(case.vendor.id, country, case.groups, day)
        for country, concern in zip(case.place.claims, concerns, strict=True)
    )


def _is_nowhere(case: Case, reference: _Reference) -> bool:
    """True if independent sources name countries for a place, and none is one of the reference."""
    countries = _countries(reference.places, case.locations)
    return bool(case.place.claims and countries) and countries.isdisjoint(case.place.claims)


def _show_exceptions(
    verdict: Verdict, facts: Facts, contact: PolicyException | None, place: PolicyException | None
) -> Verdict:
    """The verdict with the reason that the exceptions replace, and the day until which they do."""
    row = find_row(facts)
    used = []
    if contact is not None and find_row(replace(facts, contact_excepted=False)) is not row:
        used.append(contact.until)
    if place is not None and find_row(replace(facts, place_excepted=False)) is not row:
        used.append(place.until)
    if not used:
        return verdict
    lifted = find_row(replace(facts, contact_excepted=False, place_excepted=False))
    return replace(verdict, lifts=lifted.reason, until=min(used))


def _is_bypassing(case: Case, policy: Policy, day: str) -> bool:
    component = case.vendor.components.get(case.component)
    visited = component is not None and component.visited
    return policy.is_bypassed(case.vendor.id, case.component, case.client, day, visited=visited)


def _find_reference(case: Case, policy: Policy, subject: Subject, day: str) -> _Reference:
    """The policy if it mentions the component, else the promises that apply, each place of which is right.

    The promise in the verdict is the one that is kept, else the first.
    """
    allowed = policy.allowed_places(case.vendor.id, case.component)
    if allowed:  # none at all: the component is forbidden
        return _Reference("policy", allowed)
    known = applied_promises(case.vendor, case.component)
    in_force = [one for one in known if why_not_in_force(one.promise, day) is None]
    made = [one for one in in_force if is_made_to(one.promise, subject)]
    statements = case.vendor.promises.values()
    applied = [one for one in made if find_end(one.promise, statements, subject, day) is None]
    if applied:
        applied.sort(key=lambda one: one.coverage != "certain")
        kept = (one for one in applied if case.place.location in one.promise.locations)
        certain = [one for one in applied if one.coverage == "certain"]
        return _Reference(
            "promise", _places(applied), next(kept, applied[0]).promise.id, certain=_places(certain)
        )
    if made:
        return _Reference("ended")
    return _Reference("subject_unknown" if in_force and subject.country is None else "none")


def _places(promises: Iterable[AppliedPromise]) -> frozenset[str]:
    return frozenset(place for one in promises for place in one.promise.locations)


def _is_doubtful(case: Case, reference: _Reference, fit: Fit) -> bool:
    """True if no promise certainly covers the component, or only a possible one has this place."""
    if not reference.certain:
        return True
    return fit == "inside" and _fit(case.place, reference.certain, case.locations) != "inside"


def _is_excluded(wanted: str, case: Case) -> bool:
    """True if the round trip excludes a country or location."""
    location = case.locations.get(wanted)
    country = wanted if location is None else location.country
    return wanted in case.place.excluded or country in case.place.not_in


def _fit(place: PlaceFacts, wanted: frozenset[str], locations: Mapping[str, Location]) -> Fit:
    """How a known place relates to the wanted countries and locations."""
    if place.location in wanted or place.country in wanted:
        return "inside"
    return "city_unproven" if place.country in _countries(wanted, locations) else "elsewhere"


def _countries(places: frozenset[str], locations: Mapping[str, Location]) -> frozenset[str]:
    """The countries of places, which are countries themselves or locations."""
    return frozenset(locations[one].country if one in locations else one for one in places)
