"""The judgement on a flow: one pure table, read from the top; the first row that holds decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from netmon.records import Outcome, Place, Verdict
from netmon.signatures.model import Component, Promise

REASONS: Mapping[str, str] = {
    "policy_forbids_vendor": "the policy forbids any contact with this vendor",
    "policy_allows": "the policy allows this place",
    "policy_forbids": "the policy does not allow this place",
    "no_location": "no source locates the address",
    "databases_disagree": "the sources disagree on the country",
    "single_source": "one source alone locates the address",
    "no_promise": "no promise covers this",
    "place_as_promised": "as the vendor promised",
    "city_unknown": "the promised country, but no source names the city",
    "unverified_signature": "the signature is unverified",
    "place_elsewhere": "the vendor promised another place",
}
"""Every reason a verdict can have, with its meaning: a closed set, used as a metric label."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose traffic it is: promises bind for some countries only."""

    country: str | None = None  # ISO 3166-1 alpha-2


@dataclass(frozen=True, slots=True)
class Policy:
    """What the organisation itself allows, apart from any promise."""

    forbidden_vendors: frozenset[str] = frozenset()
    allowed: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    """Vendor → component (or "*" for all) → countries in upper case and location ids."""

    def allowed_places(self, vendor: str, component: str) -> frozenset[str] | None:
        """The places allowed for a component; None: the policy says nothing about it."""
        components = self.allowed.get(vendor, {})
        return components.get(component, components.get("*"))


@dataclass(frozen=True, slots=True)
class Case:
    """All that a verdict depends on."""

    vendor: str
    component: str
    status: str  # trust of the signature entry
    place: Place
    promise: Promise | None  # the one that binds, see `binding_promise`
    promised_countries: frozenset[str]
    policy: Policy

    @property
    def allowed(self) -> frozenset[str] | None:
        """The places that the policy allows here."""
        return self.policy.allowed_places(self.vendor, self.component)

    @property
    def is_allowed(self) -> bool:
        """The place is one that the policy allows."""
        return self.allowed is not None and bool({self.place.location, self.place.country} & self.allowed)


Row = tuple[str, Callable[[Case], bool], Outcome]

TABLE: tuple[Row, ...] = (
    # reason, condition, outcome
    ("policy_forbids_vendor", lambda c: c.vendor in c.policy.forbidden_vendors, "forbidden"),
    ("no_location", lambda c: c.place.confidence == "unknown", "undecided"),
    ("databases_disagree", lambda c: c.place.confidence == "disputed", "undecided"),
    ("single_source", lambda c: c.place.confidence == "single", "undecided"),
    ("policy_allows", lambda c: c.is_allowed, "expected"),
    ("unverified_signature", lambda c: c.allowed is not None and c.status == "unverified", "undecided"),
    ("policy_forbids", lambda c: c.allowed is not None, "unexpected"),
    ("no_promise", lambda c: c.promise is None, "undecided"),
    (
        "place_as_promised",
        lambda c: c.promise is not None and c.place.location in c.promise.locations,
        "expected",
    ),
    (
        "city_unknown",
        lambda c: c.place.location == "unknown" and c.place.country in c.promised_countries,
        "undecided",
    ),
    ("unverified_signature", lambda c: c.status == "unverified", "undecided"),
    ("place_elsewhere", lambda _: True, "unexpected"),
)
"""The rows, in order. The last one always holds, so there is no case without a verdict."""


def judge(case: Case) -> Verdict:
    """The verdict on a case."""
    reason, _, outcome = next(row for row in TABLE if row[1](case))
    applied = reason in ("place_as_promised", "place_elsewhere", "city_unknown")
    return Verdict(outcome, reason, case.promise.id if applied and case.promise else None)


def binding_promise(
    component: Component | None, promises: Mapping[str, Promise], subject: Subject, when_ns: int
) -> Promise | None:
    """The promise that binds for a component, a subject and a day; the best trusted one of several.

    Only a component's own expectations apply a promise to it, so one about shared files is not stretched
    to updates. A promise known from the press alone, or weaker, does not bind. Nor does any promise bind
    where the subject's country is not configured.
    """
    day = datetime.fromtimestamp(when_ns // 1_000_000_000, UTC).date().isoformat()
    for expectation in component.expectations if component else ():
        promise = promises.get(expectation.promise or "")
        if (
            promise is not None
            and expectation.basis == "promise"
            and promise.status == "official"
            and promise.locations
            and subject.country in promise.subjects
            and _covers(promise, day)
        ):
            return promise
    return None


def _covers(promise: Promise, day: str) -> bool:
    """True if a promise is in force on an ISO day; months and years count from their first day on."""
    if promise.effective_from is None or day < promise.effective_from:
        return False
    return promise.effective_to is None or day[: len(promise.effective_to)] <= promise.effective_to
