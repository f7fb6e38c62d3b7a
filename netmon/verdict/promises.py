"""A vendor's promises: which of them apply, to whom, on which day, to which component.

A promise applies within its own terms only: for the users to whom it was made, for the data that it
covers (the signatures list the components, and whether it covers them certainly or possibly), from the day on
which it takes effect until it ends, and only if the vendor itself is the source. It ends on its own last day,
or when the vendor ends it for certain users by a later statement, such as that the service is no longer
available to them. A promise that does not apply has a reason for that.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct

from netmon.language.language import ENGLISH, Language
from netmon.language.marking import _
from netmon.signatures.model import Coverage, Promise, Vendor

_FIRST_DAY = {4: "-01-01", 7: "-01", 10: ""}
"""Length of an ISO date, of which only the year or the month may be known → suffix of its first day."""


class Subject(Struct, frozen=True):
    """The user whose traffic is observed, because promises are made to certain users.

    Only the country matters. Groups such as the EU are resolved when the signatures are loaded (`groups` in
    locations.yaml).
    """

    country: str | None = None  # ISO 3166-1 alpha-2


class AppliedPromise(Struct, frozen=True):
    """A promise that the signatures apply to a component, and how sure it is that it covers what it sends."""

    promise: Promise
    coverage: Coverage


def applied_promises(vendor: Vendor, component: str) -> list[AppliedPromise]:
    """The promises that the signatures apply to this component, in the order of its expectations."""
    known = vendor.components.get(component)
    return [
        AppliedPromise(vendor.promises[one.promise], one.coverage)
        for one in (known.expectations if known else ())
        if one.basis == "promise" and one.promise is not None
    ]


ObstacleCode = Literal[
    "no_place",  # it names no place
    "not_official",  # the vendor itself is not its source; value: its trust status
    "no_first_day",  # its first day is unknown
    "not_yet",  # value: the day on which it takes effect
    "over",  # value: its last day
    "ended",  # another statement ended it; value: which one, and from which day on
    "users_unknown",  # it was made to users in certain countries, and that of the users is not configured
    "other_users",  # it was not made to users in this country; value: the country
]


class Obstacle(Struct, frozen=True):
    """Why a promise does not apply."""

    code: ObstacleCode
    value: str = ""
    since: str = ""


_IN_TIME: Mapping[ObstacleCode, str] = {
    "no_place": _("it names no place"),
    "not_official": _("the vendor itself is not its source ({value})"),
    "no_first_day": _("its first day is unknown"),
    "not_yet": _("it takes effect on {value}"),
    "over": _("it was in force until {value}"),
}


def why_not_in_force(promise: Promise, day: str) -> str | None:
    """Why a promise is not in force on this ISO day, in words; None if it is in force."""
    found = _obstacle_in_time(promise, day)
    return None if found is None else _IN_TIME[found.code].format(value=found.value)


def _obstacle_in_time(promise: Promise, day: str) -> Obstacle | None:
    """Why a promise is not in force on this ISO day; None if it is in force.

    A promise without a first day is an announcement. If only a month or a year is known, the promise is in
    force on those days only on which it certainly is.
    """
    start, end = promise.effective_from, promise.effective_to or "9999-12-31"
    if not promise.locations:
        return Obstacle("no_place")
    if promise.status != "official":
        return Obstacle("not_official", promise.status)
    if start is None:
        return Obstacle("no_first_day")
    if day < _last_day(start):
        return Obstacle("not_yet", start)
    if day > end + _FIRST_DAY[len(end)]:
        return Obstacle("over", end)
    return None


def _last_day(date: str) -> str:
    """The last day of an ISO date, of which only the year or the month may be known."""
    if len(date) == 4:
        return f"{date}-12-31"
    if len(date) == 7:
        _weekday, days = monthrange(int(date[:4]), int(date[5:]))
        return f"{date}-{days}"
    return date


def is_made_to(promise: Promise, subject: Subject) -> bool:
    """True if the promise was made to this subject; a promise without subjects is made to every user."""
    return not promise.subjects or subject.country in promise.subjects


def find_end(promise: Promise, statements: Iterable[Promise], subject: Subject, day: str) -> Promise | None:
    """The vendor's statement that has ended a promise for this subject by this ISO day; None if none has.

    If only a month or a year of the end is known, a promise does not apply within it, because that is no
    longer certain.
    """
    for one in statements:
        start = one.effective_from
        is_ending = promise.id in one.ends and one.status == "official" and is_made_to(one, subject)
        if is_ending and start is not None and day >= start + _FIRST_DAY[len(start)]:
            return one
    return None


def find_obstacle(
    promise: Promise, statements: Iterable[Promise], subject: Subject, day: str
) -> Obstacle | None:
    """Why a promise does not apply to this subject on this ISO day; None if it applies.

    `statements` are all statements of the vendor, some of which may end the promise.
    """
    in_time = _obstacle_in_time(promise, day)
    if in_time is not None:
        return in_time
    if is_made_to(promise, subject):
        end = find_end(promise, statements, subject, day)
        return None if end is None else Obstacle("ended", end.id, end.effective_from or "")
    if subject.country is None:
        return Obstacle("users_unknown")
    return Obstacle("other_users", subject.country)


def describe_application(
    promise: Promise, statements: Iterable[Promise], subject: Subject, day: str, language: Language = ENGLISH
) -> str:
    """Whether a promise applies to this subject on this ISO day, and if not, why, in words."""
    say, obstacle = language.say, find_obstacle(promise, statements, subject, day)
    whom = say(" to users in {country}", country=subject.country) if promise.subjects else ""
    if obstacle is None:
        return say("applies on {day}{whom}", day=day, whom=whom)
    if obstacle.code == "ended":
        return say(
            "does not apply on {day}{whom}: ended by {statement}, from {since}",
            day=day,
            whom=whom,
            statement=obstacle.value,
            since=obstacle.since,
        )
    if obstacle.code == "users_unknown":
        return say("in force on {day}, but the users' country is not configured (subject.country)", day=day)
    if obstacle.code == "other_users":
        return say("in force on {day}, but not made to users in {country}", day=day, country=obstacle.value)
    why = say(_IN_TIME[obstacle.code], value=obstacle.value)
    return say("does not apply on {day}: {why}", day=day, why=why)
