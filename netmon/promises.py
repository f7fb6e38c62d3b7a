"""What a vendor has promised: which of its promises bind for whom, on which day, for which component.

A promise binds what it names, and no more: those to whom it was made, the data that it is about (the
signatures say to which components that applies), from the day on which it is in force, and only on the
vendor's own word. That nothing binds is an answer, with a reason for each promise that does not.
"""

from __future__ import annotations

from dataclasses import dataclass

from netmon.signatures.model import Promise, Vendor

LAST_DAY = {4: "-12-31", 7: "-31", 10: ""}
FIRST_DAY = {4: "-01-01", 7: "-01", 10: ""}
"""What makes an ISO day of a year, a month or a day. Days are compared as text, so "-31" ends any month."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose traffic it is, for promises are made to somebody.

    The country is enough: groups such as the EU are resolved where promises name them (`groups` in
    locations.yaml).
    """

    country: str | None = None  # ISO 3166-1 alpha-2


def applied_promises(vendor: Vendor, component: str) -> list[Promise]:
    """Promises that the signatures apply to this component, in their order."""
    known = vendor.components.get(component)
    expectations = known.expectations if known else ()
    applied = [one.promise for one in expectations if one.basis == "promise" and one.promise is not None]
    return [vendor.promises[one] for one in applied]


def find_obstacle(promise: Promise, day: str) -> str | None:
    """Why a promise binds the vendor to nobody on this ISO day, in words; None when it does to its subjects.

    Without a day from which it holds it is an announcement. Where only a month or a year is known, the days
    within it are in doubt, which counts for the vendor.
    """
    start, end = promise.effective_from, promise.effective_to or "9999-12-31"
    if not promise.locations:
        return "it names no place"
    if promise.status != "official":
        return f"it is not known from the vendor itself ({promise.status})"
    if start is None:
        return "no day is known from which it holds"
    if day < start + LAST_DAY[len(start)]:
        return f"it holds from {start} on"
    if day > end + FIRST_DAY[len(end)]:
        return f"it held until {end}"
    return None


def is_made_to(promise: Promise, subject: Subject) -> bool:
    """True when the subject is one of those to whom the promise was made; without any, it is everybody."""
    return not promise.subjects or subject.country in promise.subjects


def tell_binding(promise: Promise, subject: Subject, day: str) -> str:
    """Whether a promise binds for this subject on this ISO day, and if not, why, in words."""
    obstacle = find_obstacle(promise, day)
    if obstacle is not None:
        return f"binds nobody on {day}: {obstacle}"
    if is_made_to(promise, subject):
        return f"binds on {day}" + (f" for users in {subject.country}" if promise.subjects else "")
    if subject.country is None:
        return f"in force on {day}, but whose traffic it is is not configured (subject.country)"
    return f"in force on {day}, but not made to users in {subject.country}"
