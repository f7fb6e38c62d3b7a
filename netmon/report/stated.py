"""Promises, concerns and measures, word for word as the signatures quote them, with sources and dates."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from netmon.report.model import ConcernText, MeasureText, PromiseText, Reference
from netmon.signatures.model import Concern, Promise, Vendor
from netmon.verdict.promises import Subject, applied_promises, describe_application


def promises_of(
    vendor: Vendor, components: Collection[str], countries: Collection[str], day: str
) -> Iterator[PromiseText]:
    """The vendor's promises. `components` were seen, `countries` are those of the users."""
    about = {one.promise.id for component in components for one in applied_promises(vendor, component)}
    for promise in vendor.promises.values():
        texts = [
            describe_application(promise, vendor.promises.values(), subject, day)
            for subject in [Subject(country) for country in sorted(countries)] or [Subject()]
        ]
        is_in_force = any(text.startswith("applies") for text in texts)
        why = None if is_in_force else "; ".join(dict.fromkeys(texts))
        if is_in_force and promise.id not in about:
            why = "it covers no component that was seen"
        yield _promise(vendor, promise, why)


def _promise(vendor: Vendor, promise: Promise, why: str | None) -> PromiseText:
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
        is_applied=why is None,
        why_not=why,
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
