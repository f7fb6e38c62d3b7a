"""The verdict on one flow: a pure function and one table (`ROWS`), read from top to bottom.

The place of a flow is compared with the places that the organisation's policy allows for this vendor and
component, or, if the policy does not mention them, with the places that the vendor has promised for this
component, this subject and this day (`promises`). Location databases can be wrong, so contradicting sources
or a single source give "undecided", never an alarm. A limited view turns "expected" into "undecided", but
does not change "unexpected": packets that were seen going elsewhere did go elsewhere.

A finding needs a contact: a flow without data in both directions (`FlowRecord.contact`), or to an address
that is not reachable over the Internet, is "undecided", because firewalls and DNS sinkholes cause such flows.

A finding also needs evidence that this client meant the name (`FlowRecord.grounds`): its own hello or
look-up, or that of its resolver, made before the flow. An address of the vendor shows contact with the
vendor, but not with which component. What other DNS traffic shows may be forged, so it accuses nobody, and a
flow that only an unsolicited answer matches is not judged at all.

"undecided" is weaker than the other three verdicts, which are equally strong. An additional source that
agrees with the others makes a verdict stronger or leaves it unchanged.

An exception in the policy is a decision of the organisation, so a flow that it covers is "expected", not
"undecided". It applies only where there would be an alarm, and the verdict shows it: with a reason of its
own, the reason that it replaces (`Verdict.lifts`), and its last day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from netmon.days import iso_day
from netmon.places.decision import is_sure
from netmon.policy import Policy
from netmon.promises import Subject, applied_promises, is_made_to, why_not_in_force
from netmon.records import Contact, Grounds, Outcome, Place, Verdict
from netmon.signatures.model import Location, Vendor

REASONS: Mapping[str, str] = {
    "unverified_signature": "the signature is unverified, so the flow may not be the vendor's",
    "sinkholed": "the address is not reachable over the Internet, so the flow was probably redirected",
    "no_contact": "no data was exchanged with the server",
    "name_unsolicited": "only a DNS answer that no query was seen for gives the vendor's name",
    "name_unproven": "DNS does not show that this client meant the vendor's name",
    "policy_exception": "the policy has an exception for this client until a certain day",
    "policy_forbids_vendor": "the policy forbids any contact with this vendor",
    "subject_unknown": "promises apply to certain countries, and ours is not configured",
    "no_promise": "no promise applies",
    "behind_proxy": "the flow goes to a proxy, and the destination behind it is not visible",
    "rtt_excludes_promise": "the server answered faster than light could return from the promised place",
    "databases_disagree": "the sources contradict each other on the country",
    "no_location": "no source locates the address",
    "single_source": "only one source locates the address",
    "policy_forbids": "the policy does not allow this place",
    "place_elsewhere": "the sources agree on a country other than the promised one",
    "city_unproven": "the country is right, but the sources do not confirm the city",
    "insufficient_view": "the place is right, but the sensor saw only part of the flow",
    "policy_allows": "the policy allows this place",
    "place_as_promised": "the sources agree on the place that the vendor promised",
}
"""The reasons for verdicts and their meanings: a closed set, used as a metric label."""

LIMITING = frozenset({"one_way", "gap", "unseen"})
"""Visibility limitations with which a flow is not "expected", because packets of it were not seen.

- "one_way": one direction was not seen; nothing shows that the server answered.
- "gap": segments of the opening are missing, so the name may be another one.
- "unseen": more than 1 % of the bytes were acknowledged but not seen, so the byte counts are too small.

The others have no influence: "cut" (headers and lengths are complete), "no_start" (the packets that were seen
went there) and "duplicates" (detected, and counted once); "proxied" has a row of its own."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is known about one flow when it is judged."""

    vendor: Vendor
    component: str
    status: str  # trust status of the matching signature
    place: Place
    view: tuple[str, ...]  # FlowRecord.view
    time_ns: int  # when the flow began
    locations: Mapping[str, Location]
    client: str | None = None  # its address; None: no client, so no exception applies
    contact: Contact = "data"
    grounds: Grounds = "own"
    sinkholed: bool = False  # the address is not global, and no source locates it (`netmon.places.sinkhole`)


Kind = Literal["policy", "promise", "subject_unknown", "none"]
Fit = Literal["inside", "city_unproven", "elsewhere"]


@dataclass(frozen=True, slots=True)
class _Reference:
    """The places with which that of a flow is compared."""

    kind: Kind
    places: frozenset[str] = frozenset()  # ISO countries and location ids
    promise: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """A case in the terms of the table."""

    unverified: bool
    sinkholed: bool
    met: bool  # data was exchanged with the server
    grounds: Grounds
    forbidden: bool
    excepted: bool  # an exception of the policy applies to this client on this day
    reference: Kind
    proxied: bool
    refuted: bool  # the round trip excludes every place of the reference
    disputed: bool
    unknown: bool
    single: bool  # one source, which is not the organisation's own declaration
    fit: Fit
    limited: bool

    @property
    def settled_elsewhere(self) -> bool:
        """Two sources agree on another country, or the organisation declared one."""
        return self.fit == "elsewhere" and not (self.disputed or self.unknown or self.single)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. The first row whose condition holds gives the verdict."""

    when: str  # the condition in words
    holds: Callable[[Facts], bool]
    outcome: Outcome
    reason: str


ROWS = (
    # The flow may not be the vendor's, so it is not judged at all.
    Row(
        "the signature that matched is unverified",
        lambda case: case.unverified,
        "undecided",
        "unverified_signature",
    ),
    # Nothing reached the vendor, so there is nothing to accuse anybody of.
    Row(
        "the address is not global, and no source locates it",
        lambda case: case.sinkholed,
        "undecided",
        "sinkholed",
    ),
    Row("no data was exchanged", lambda case: not case.met, "undecided", "no_contact"),
    # Anyone who can send packets to the site can forge what these flows rest on.
    Row(
        "only an unsolicited DNS answer gives the name",
        lambda case: case.grounds == "unsolicited",
        "undecided",
        "name_unsolicited",
    ),
    Row(
        "the policy forbids the vendor, and DNS does not show that this client meant the name",
        lambda case: case.forbidden and case.grounds == "hearsay",
        "undecided",
        "name_unproven",
    ),
    # The vendor must not be contacted at all: the place is irrelevant.
    Row(
        "the policy forbids the vendor, with an exception for this client that day",
        lambda case: case.forbidden and case.excepted,
        "expected",
        "policy_exception",
    ),
    Row("the policy forbids the vendor", lambda case: case.forbidden, "forbidden", "policy_forbids_vendor"),
    # Without a reference there is nothing to compare the place with.
    Row(
        "no place is allowed by policy; one is promised, to some countries, and ours is not configured",
        lambda case: case.reference == "subject_unknown",
        "undecided",
        "subject_unknown",
    ),
    Row(
        "no place is allowed by policy, and no promise binds for this component, country and day",
        lambda case: case.reference == "none",
        "undecided",
        "no_promise",
    ),
    # The address is that of the proxy, so the place is not known.
    Row("the flow goes to a proxy", lambda case: case.proxied, "undecided", "behind_proxy"),
    # A round trip refutes a place but proves none, and it relies on the configured position and on no
    # middlebox answering for the server: reported, but not an alarm.
    Row(
        "round trips exclude every place that is allowed or promised, and no two sources agree on another "
        "country",
        lambda case: case.refuted and not case.settled_elsewhere,
        "undecided",
        "rtt_excludes_promise",
    ),
    # No alarm without a place on which two sources agree, or which the organisation declared.
    Row(
        "the sources contradict each other on the country",
        lambda case: case.disputed,
        "undecided",
        "databases_disagree",
    ),
    Row("no source locates the address", lambda case: case.unknown, "undecided", "no_location"),
    Row(
        "one source alone locates it, and it is not your declaration",
        lambda case: case.single,
        "undecided",
        "single_source",
    ),
    Row(
        "the place is in another country, and DNS does not show that this client meant the name",
        lambda case: case.fit == "elsewhere" and case.grounds != "own",
        "undecided",
        "name_unproven",
    ),
    # In another country. A limited view does not matter: the packets that were seen went there.
    Row(
        "the place is in another country, with an exception of the policy for this client that day",
        lambda case: case.fit == "elsewhere" and case.excepted,
        "expected",
        "policy_exception",
    ),
    Row(
        "the place is in another country than the policy allows",
        lambda case: case.fit == "elsewhere" and case.reference == "policy",
        "unexpected",
        "policy_forbids",
    ),
    Row(
        "the place is in another country than was promised",
        lambda case: case.fit == "elsewhere",
        "unexpected",
        "place_elsewhere",
    ),
    # In the right country, but the city is not confirmed. Databases are least reliable for cities: no alarm.
    Row(
        "the country is right, and the sources do not show that the city is",
        lambda case: case.fit == "city_unproven",
        "undecided",
        "city_unproven",
    ),
    # In the right place. Only a flow that was seen completely is expected.
    Row(
        "the place is right, and packets of the flow were not seen (`one_way`, `gap`, `unseen`)",
        lambda case: case.limited,
        "undecided",
        "insufficient_view",
    ),
    Row(
        "the place is one that the policy allows",
        lambda case: case.reference == "policy",
        "expected",
        "policy_allows",
    ),
    Row("the place is one that was promised", lambda _case: True, "expected", "place_as_promised"),
)


def judge(case: Case, policy: Policy, subject: Subject) -> Verdict:
    """The verdict on a flow: that of the first row of `ROWS` whose condition holds. Every input has one."""
    day = iso_day(case.time_ns)
    reference = _find_reference(case, policy, subject, day)
    exception = policy.find_exception(case.vendor.id, case.component, case.client, day)
    facts = Facts(
        unverified=case.status == "unverified",
        sinkholed=case.sinkholed,
        met=case.contact == "data",
        grounds=case.grounds,
        forbidden=case.vendor.id in policy.forbidden_vendors,
        excepted=exception is not None,
        reference=reference.kind,
        proxied="proxied" in case.view,
        refuted=bool(reference.places) and reference.places.issubset(case.place.excluded),
        disputed=case.place.confidence == "disputed",
        unknown=case.place.confidence == "unknown",
        single=case.place.confidence == "single" and not is_sure(case.place),
        fit=_fit(case.place, reference.places, case.locations),
        limited=not LIMITING.isdisjoint(case.view),
    )
    row = find_row(facts)
    is_unsolicited = facts.grounds == "unsolicited"
    is_unjudged = facts.unverified or facts.sinkholed or not facts.met or is_unsolicited
    promise = None if is_unjudged or facts.forbidden else reference.promise
    if row.reason != "policy_exception" or exception is None:
        return Verdict(row.outcome, row.reason, promise)
    lifted = find_row(replace(facts, excepted=False))
    return Verdict(row.outcome, row.reason, promise, lifts=lifted.reason, until=exception.until)


def find_row(facts: Facts) -> Row:
    """The first row whose condition holds."""
    return next(row for row in ROWS if row.holds(facts))


def _find_reference(case: Case, policy: Policy, subject: Subject, day: str) -> _Reference:
    """The policy if it mentions the component, else the binding promises: any place of theirs is as promised.

    The promise in the verdict is the one that is kept, else the first.
    """
    allowed = policy.allowed_places(case.vendor.id, case.component)
    if allowed is not None:
        return _Reference("policy", allowed)
    applied = applied_promises(case.vendor, case.component)
    in_force = [one for one in applied if why_not_in_force(one, day) is None]
    binding = [one for one in in_force if is_made_to(one, subject)]
    if binding:
        places = frozenset(place for one in binding for place in one.locations)
        kept = (one for one in binding if case.place.location in one.locations)
        return _Reference("promise", places, next(kept, binding[0]).id)
    return _Reference("subject_unknown" if in_force and subject.country is None else "none")


def _fit(place: Place, wanted: frozenset[str], locations: Mapping[str, Location]) -> Fit:
    """How a known place relates to the wanted countries and locations."""
    if place.location in wanted or place.country in wanted:
        return "inside"
    countries = {locations[one].country for one in wanted if one in locations}
    return "city_unproven" if place.country in countries else "elsewhere"
