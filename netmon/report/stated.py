"""Promises, concerns and measures, word for word as the signatures quote them, with sources and dates."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from msgspec.structs import astuple

from netmon.report.quotations import ConcernText, MeasureText, PromiseText, Reference, WhyNot
from netmon.signatures.model import Concern, Promise, Vendor
from netmon.verdict.promises import Subject, applied_promises, find_obstacle


def promises_of(
    vendor: Vendor,
    components: Collection[str],
    countries: Collection[str],
    day: str,
    applied: Collection[str | None],
) -> Iterator[PromiseText]:
    """The vendor's promises. `components` were seen, `countries` are those of the users.

    `applied` to flows for certain, also where the country of the users is not recorded.
    """
    about = {one.promise.id for component in components for one in applied_promises(vendor, component)}
    for promise in vendor.promises.values():
        found = [
            find_obstacle(promise, vendor.promises.values(), subject, day)
            for subject in [Subject(country) for country in sorted(countries)] or [Subject()]
        ]
        obstacles = dict.fromkeys(one for one in found if one is not None)
        why_not = tuple(WhyNot(*astuple(one)) for one in obstacles) if None not in found else ()
        if None in found and promise.id not in about:
            why_not = (WhyNot("not_seen"),)
        yield _promise(vendor, promise, frozenset(countries), () if promise.id in applied else why_not)


def _promise(
    vendor: Vendor, promise: Promise, countries: frozenset[str], why_not: tuple[WhyNot, ...]
) -> PromiseText:
    return PromiseText(
        vendor=vendor.id,
        id=promise.id,
        statement=promise.statement,
        data=promise.data,
        status=promise.status,
        effective_from=promise.effective_from,
        effective_to=promise.effective_to,
        announced=promise.announced,
        places=promise.locations,
        subjects=tuple(sorted(promise.subjects)),
        other_subjects=len(promise.subjects - countries),
        is_applied=not why_not,
        why_not=why_not,
        sources=_references(vendor, promise.sources),
        note=promise.note,
    )


def concerns_of(vendor: Vendor, countries: Collection[str]) -> Iterator[ConcernText]:
    """The concerns about these countries; one without a statement is the organisation's policy."""
    for country in sorted(countries):
        stated = [one for one in vendor.concerns if one.country == country]
        for one in stated:
            yield _concern(vendor, one)
        if not stated:
            yield ConcernText(vendor.id, country, None, None, None, None, None, (), (), None)


def _concern(vendor: Vendor, one: Concern) -> ConcernText:
    return ConcernText(
        vendor=vendor.id,
        country=one.country,
        basis=one.basis,
        about=one.about,
        since=one.since,
        until=one.until,
        status=one.status,
        addressed_to=tuple(sorted(one.addressed_to)),
        sources=_references(vendor, one.sources),
        note=one.note,
    )


def measures_of(vendor: Vendor) -> Iterator[MeasureText]:
    """The measures that authorities took against the vendor."""
    for one in vendor.measures:
        yield MeasureText(vendor.id, one.date, one.who, one.what, _references(vendor, one.sources))


def _references(vendor: Vendor, keys: Collection[str]) -> tuple[Reference, ...]:
    found = (vendor.sources[key] for key in keys if key in vendor.sources)
    return tuple(Reference(one.ref, one.about, one.date, one.trust) for one in found)
