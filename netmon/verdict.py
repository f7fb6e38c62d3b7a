"""The judgement on one flow: a pure function, one table (`ROWS`), read from top to bottom.

A flow is held against one yardstick: what the organisation's own policy allows for this vendor and component;
where the policy is silent, what the vendor has promised for this component, this subject and this day.
A promise binds what it names: one about uploaded files is no yardstick for updates. A location database can
be wrong, so contradicting or single sources give "undecided", never an alarm. A spoiled view takes back
"expected", never "unexpected": what was seen to go elsewhere went elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from netmon.places.locator import iso_day
from netmon.places.rule import DECLARED
from netmon.records import Outcome, Place, Verdict
from netmon.signatures.model import Location, Promise, Vendor

REASONS: Mapping[str, str] = {
    "unverified_signature": "not sure that this is the vendor's at all",
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
class Policy:
    """What the organisation itself allows, from netmon.yaml."""

    forbidden_vendors: frozenset[str] = frozenset()
    allowed: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    """Vendor → component, or "*" for every other → ISO countries (upper case) and location ids."""

    def allowed_places(self, vendor: str, component: str) -> frozenset[str] | None:
        """The places allowed for a component; None: the policy says nothing about it."""
        components = self.allowed.get(vendor, {})
        return components.get(component, components.get("*"))


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose traffic it is, for promises are made to somebody."""

    country: str | None = None  # ISO 3166-1 alpha-2


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


Kind = Literal["policy", "promise", "subject_unknown", "none"]
Fit = Literal["inside", "city_unproven", "elsewhere"]

LAST_DAY = {4: "-12-31", 7: "-31", 10: ""}
FIRST_DAY = {4: "-01-01", 7: "-01", 10: ""}
"""What makes an ISO day of a year, a month or a day. Days are compared as text, so "-31" ends any month."""


@dataclass(frozen=True, slots=True)
class _Yardstick:
    """What a flow is held against."""

    kind: Kind
    places: frozenset[str] = frozenset()  # ISO countries and location ids
    promise: str | None = None


@dataclass(frozen=True, slots=True)
class _Facts:
    """A case as the table asks for it."""

    unverified: bool
    forbidden: bool
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

    holds: Callable[[_Facts], bool]
    outcome: Outcome
    reason: str


ROWS = (
    # Not sure to be the vendor's: not judged, whatever else is known.
    Row(lambda case: case.unverified, "undecided", "unverified_signature"),
    # "This vendor is not to be contacted at all": the place does not matter.
    Row(lambda case: case.forbidden, "forbidden", "policy_forbids_vendor"),
    # Without a yardstick there is nothing to hold the place against.
    Row(lambda case: case.yardstick == "subject_unknown", "undecided", "subject_unknown"),
    Row(lambda case: case.yardstick == "none", "undecided", "no_promise"),
    # The address is the proxy's, so nothing is known of the place.
    Row(lambda case: case.proxied, "undecided", "behind_proxy"),
    # Physics says "not there", and no two sources agree on where else. It refutes and proves nothing, and it
    # rests on the configured position and on nobody answering in the server's name: told, not an alarm.
    Row(lambda case: case.refuted and not case.settled_elsewhere, "undecided", "rtt_excludes_promise"),
    # Without a place that two sources agree on, or that the organisation declared, nothing is alleged.
    Row(lambda case: case.disputed, "undecided", "databases_disagree"),
    Row(lambda case: case.unknown, "undecided", "no_location"),
    Row(lambda case: case.single, "undecided", "single_source"),
    # In another country. The view may be spoiled: what was seen of the flow went there.
    Row(lambda case: case.fit == "elsewhere" and case.yardstick == "policy", "unexpected", "policy_forbids"),
    Row(lambda case: case.fit == "elsewhere", "unexpected", "place_elsewhere"),
    # In the right country, without proof of the city. Cities are what databases know worst: no alarm.
    Row(lambda case: case.fit == "city_unproven", "undecided", "city_unproven"),
    # In the right place. Only a flow that was seen whole is called expected.
    Row(lambda case: case.spoiled, "undecided", "insufficient_view"),
    Row(lambda case: case.yardstick == "policy", "expected", "policy_allows"),
    Row(lambda _case: True, "expected", "place_as_promised"),
)


def judge(case: Case, policy: Policy, subject: Subject) -> Verdict:
    """The verdict on a flow: the first row of `ROWS` that holds; pure, and complete for every input."""
    yardstick = _find_yardstick(case, policy, subject)
    facts = _Facts(
        unverified=case.status == "unverified",
        forbidden=case.vendor.id in policy.forbidden_vendors,
        yardstick=yardstick.kind,
        proxied="proxied" in case.view,
        refuted=bool(yardstick.places) and yardstick.places.issubset(case.place.excluded),
        disputed=case.place.confidence == "disputed",
        unknown=case.place.confidence == "unknown",
        single=case.place.confidence == "single" and not _is_declared(case.place),
        fit=_fit(case.place, yardstick.places, case.locations),
        spoiled=not SPOILED.isdisjoint(case.view),
    )
    row = next(row for row in ROWS if row.holds(facts))
    is_held_against = not (facts.unverified or facts.forbidden)
    return Verdict(row.outcome, row.reason, yardstick.promise if is_held_against else None)


def _find_yardstick(case: Case, policy: Policy, subject: Subject) -> _Yardstick:
    """The policy where it speaks, else the promises that bind: any one of their places keeps them.

    The promise that is named is the one kept, or the first.
    """
    allowed = policy.allowed_places(case.vendor.id, case.component)
    if allowed is not None:
        return _Yardstick("policy", allowed)
    day = iso_day(case.time_ns)
    in_force = [one for one in _promises(case) if _is_in_force(one, day)]
    # Without subjects a promise is made to everybody.
    binding = [one for one in in_force if not one.subjects or subject.country in one.subjects]
    if binding:
        places = frozenset(place for one in binding for place in one.locations)
        kept = (one for one in binding if case.place.location in one.locations)
        return _Yardstick("promise", places, next(kept, binding[0]).id)
    return _Yardstick("subject_unknown" if in_force and subject.country is None else "none")


def _promises(case: Case) -> list[Promise]:
    """Promises about places that the signatures apply to this component, in their order.

    Only the vendor's own word binds it: what the press or others report of a promise does not.
    """
    component = case.vendor.components.get(case.component)
    expectations = component.expectations if component else ()
    applied = [one.promise for one in expectations if one.basis == "promise" and one.promise is not None]
    promises = [case.vendor.promises[one] for one in applied]
    return [one for one in promises if one.status == "official" and one.locations]


def _is_in_force(promise: Promise, day: str) -> bool:
    """True on a day on which the promise is in force beyond doubt.

    Without a day from which it holds it is an announcement. Where only a month or a year is known, the days
    within it are in doubt, which counts for the vendor.
    """
    start, end = promise.effective_from, promise.effective_to or "9999-12-31"
    if start is None:
        return False
    return start + LAST_DAY[len(start)] <= day <= end + FIRST_DAY[len(end)]


def _is_declared(place: Place) -> bool:
    return any(vote.source == DECLARED for vote in place.votes)


def _fit(place: Place, wanted: frozenset[str], locations: Mapping[str, Location]) -> Fit:
    """How a known place lies to the wanted countries and locations."""
    if place.location in wanted or place.country in wanted:
        return "inside"
    countries = {locations[one].country for one in wanted if one in locations}
    return "city_unproven" if place.country in countries else "elsewhere"
