"""The judgement on one flow: a pure function, one table (`ROWS`), read from top to bottom.

A flow is held against one yardstick: what the organisation's own policy allows for this vendor and component;
where the policy is silent, what the vendor has promised for this component, this subject and this day
(`promises`). A location database can be wrong, so contradicting or single sources give "undecided", never an
alarm. A spoiled view takes back "expected", never "unexpected": what was seen to go elsewhere went elsewhere.

Verdicts are of two strengths: "undecided" is weaker than the other three, and none of these is weaker than
another. One more source that says what the others say makes a verdict stronger or leaves it as it is.

A policy's exception for a client is the organisation's own word, so what it lifts is "expected", not
"undecided": nothing is in doubt. It lifts alarms alone, and the verdict says so: with a reason of its own,
with the reason that it lifts (`Verdict.lifts`), and until when.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from netmon.days import iso_day
from netmon.places.rule import is_sure
from netmon.policy import Policy
from netmon.promises import Subject, applied_promises, is_made_to, why_not_in_force
from netmon.records import Outcome, Place, Verdict
from netmon.signatures.model import Location, Vendor

REASONS: Mapping[str, str] = {
    "unverified_signature": "not sure that this is the vendor's at all",
    "policy_exception": "the policy makes an exception for these clients until a day",
    "policy_forbids_vendor": "the policy forbids any contact with this vendor",
    "subject_unknown": "promises are made to some countries; ours is not configured",
    "no_promise": "no promise covers this",
    "behind_proxy": "the flow goes to a proxy, and where the proxy sends it is not seen",
    "rtt_excludes_promise": "a server answered sooner than light could be back from the promised place",
    "databases_disagree": "the sources contradict each other on the country",
    "no_location": "no source locates the address",
    "single_source": "one source alone locates the address",
    "policy_forbids": "the policy does not allow this place",
    "place_elsewhere": "the sources agree on another country than the vendor promised",
    "city_unproven": "the right country, but the sources do not show that it is the right city",
    "insufficient_view": "the right place, but the sensor saw the flow only in part",
    "policy_allows": "the policy allows this place",
    "place_as_promised": "the vendor promised this place, and the sources agree on it",
}
"""Every reason that a verdict can have, with its meaning: a closed set, used as a metric label."""

SPOILED = frozenset({"one_way", "gap", "unseen"})
"""View flags with which a flow is not called "expected": packets of it were not seen.

- "one_way": one direction was not seen; nothing shows that the server took part.
- "gap": segments of the opening are missing, so the name may be another.
- "unseen": more than 1 % of the bytes were acknowledged and not seen, so the count is no statement.

Not among them: "cut" (headers and lengths are whole), "no_start" (what was seen went there), "duplicates"
(recognised, and counted once) and "proxied" (a row of its own)."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of one flow when it is judged."""

    vendor: Vendor
    component: str
    status: str  # of the signature entry that matched
    place: Place
    view: tuple[str, ...]  # FlowRecord.view
    time_ns: int  # when the flow began
    locations: Mapping[str, Location]
    client: str | None = None  # its address; None: nobody's flow, so no exception of the policy holds


Kind = Literal["policy", "promise", "subject_unknown", "none"]
Fit = Literal["inside", "city_unproven", "elsewhere"]


@dataclass(frozen=True, slots=True)
class _Yardstick:
    """What a flow is held against."""

    kind: Kind
    places: frozenset[str] = frozenset()  # ISO countries and location ids
    promise: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """A case as the table asks for it."""

    unverified: bool
    forbidden: bool
    excepted: bool  # an exception of the policy holds for this client on this day
    yardstick: Kind
    proxied: bool
    refuted: bool  # every place that is wanted is excluded by the round trip
    disputed: bool
    unknown: bool
    single: bool  # one source, and not the organisation's own declaration
    fit: Fit
    spoiled: bool

    @property
    def settled_elsewhere(self) -> bool:
        """Two sources agree on another country, or the organisation declares one."""
        return self.fit == "elsewhere" and not (self.disputed or self.unknown or self.single)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: when it holds and no earlier one does, this is the verdict."""

    when: str  # the condition in words
    holds: Callable[[Facts], bool]
    outcome: Outcome
    reason: str


ROWS = (
    # Not sure to be the vendor's: not judged, whatever else is known.
    Row(
        "the signature that matched is unverified",
        lambda case: case.unverified,
        "undecided",
        "unverified_signature",
    ),
    # "This vendor is not to be contacted at all": the place does not matter.
    Row(
        "the policy forbids the vendor, with an exception for this client that day",
        lambda case: case.forbidden and case.excepted,
        "expected",
        "policy_exception",
    ),
    Row("the policy forbids the vendor", lambda case: case.forbidden, "forbidden", "policy_forbids_vendor"),
    # Without a yardstick there is nothing to hold the place against.
    Row(
        "no place is allowed by policy; one is promised, to some countries, and ours is not configured",
        lambda case: case.yardstick == "subject_unknown",
        "undecided",
        "subject_unknown",
    ),
    Row(
        "no place is allowed by policy, and no promise binds for this component, country and day",
        lambda case: case.yardstick == "none",
        "undecided",
        "no_promise",
    ),
    # The address is the proxy's, so nothing is known of the place.
    Row("the flow goes to a proxy", lambda case: case.proxied, "undecided", "behind_proxy"),
    # Physics says "not there", and no two sources agree on where else. It refutes and proves nothing, and it
    # rests on the configured position and on nobody answering in the server's name: told, not an alarm.
    Row(
        "round trips exclude every place that is allowed or promised, and no two sources agree on another "
        "country",
        lambda case: case.refuted and not case.settled_elsewhere,
        "undecided",
        "rtt_excludes_promise",
    ),
    # Without a place that two sources agree on, or that the organisation declared, nothing is alleged.
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
    # In another country. The view may be spoiled: what was seen of the flow went there.
    Row(
        "the place is in another country, with an exception of the policy for this client that day",
        lambda case: case.fit == "elsewhere" and case.excepted,
        "expected",
        "policy_exception",
    ),
    Row(
        "the place is in another country than the policy allows",
        lambda case: case.fit == "elsewhere" and case.yardstick == "policy",
        "unexpected",
        "policy_forbids",
    ),
    Row(
        "the place is in another country than was promised",
        lambda case: case.fit == "elsewhere",
        "unexpected",
        "place_elsewhere",
    ),
    # In the right country, without proof of the city. Cities are what databases know worst: no alarm.
    Row(
        "the country is right, and the sources do not show that the city is",
        lambda case: case.fit == "city_unproven",
        "undecided",
        "city_unproven",
    ),
    # In the right place. Only a flow that was seen whole is called expected.
    Row(
        "the place is right, and packets of the flow were not seen (`one_way`, `gap`, `unseen`)",
        lambda case: case.spoiled,
        "undecided",
        "insufficient_view",
    ),
    Row(
        "the place is one that the policy allows",
        lambda case: case.yardstick == "policy",
        "expected",
        "policy_allows",
    ),
    Row("the place is one that was promised", lambda _case: True, "expected", "place_as_promised"),
)


def judge(case: Case, policy: Policy, subject: Subject) -> Verdict:
    """The verdict on a flow: the first row of `ROWS` that holds; pure, and complete for every input."""
    day = iso_day(case.time_ns)
    yardstick = _find_yardstick(case, policy, subject, day)
    exception = policy.find_exception(case.vendor.id, case.component, case.client, day)
    facts = Facts(
        unverified=case.status == "unverified",
        forbidden=case.vendor.id in policy.forbidden_vendors,
        excepted=exception is not None,
        yardstick=yardstick.kind,
        proxied="proxied" in case.view,
        refuted=bool(yardstick.places) and yardstick.places.issubset(case.place.excluded),
        disputed=case.place.confidence == "disputed",
        unknown=case.place.confidence == "unknown",
        single=case.place.confidence == "single" and not is_sure(case.place),
        fit=_fit(case.place, yardstick.places, case.locations),
        spoiled=not SPOILED.isdisjoint(case.view),
    )
    row = find_row(facts)
    promise = None if facts.unverified or facts.forbidden else yardstick.promise
    if row.reason != "policy_exception" or exception is None:
        return Verdict(row.outcome, row.reason, promise)
    lifted = find_row(replace(facts, excepted=False))
    return Verdict(row.outcome, row.reason, promise, lifts=lifted.reason, until=exception.until)


def find_row(facts: Facts) -> Row:
    """The row that decides."""
    return next(row for row in ROWS if row.holds(facts))


def _find_yardstick(case: Case, policy: Policy, subject: Subject, day: str) -> _Yardstick:
    """The policy where it speaks, else the promises that bind: any one of their places keeps them.

    The promise that is named is the one kept, or the first.
    """
    allowed = policy.allowed_places(case.vendor.id, case.component)
    if allowed is not None:
        return _Yardstick("policy", allowed)
    applied = applied_promises(case.vendor, case.component)
    in_force = [one for one in applied if why_not_in_force(one, day) is None]
    binding = [one for one in in_force if is_made_to(one, subject)]
    if binding:
        places = frozenset(place for one in binding for place in one.locations)
        kept = (one for one in binding if case.place.location in one.locations)
        return _Yardstick("promise", places, next(kept, binding[0]).id)
    return _Yardstick("subject_unknown" if in_force and subject.country is None else "none")


def _fit(place: Place, wanted: frozenset[str], locations: Mapping[str, Location]) -> Fit:
    """How a known place lies to the wanted countries and locations."""
    if place.location in wanted or place.country in wanted:
        return "inside"
    countries = {locations[one].country for one in wanted if one in locations}
    return "city_unproven" if place.country in countries else "elsewhere"
