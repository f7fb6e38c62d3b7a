"""Dates of sources: whether each has one, and how old the entries are that rest on them."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from netmon.signatures.model import UNKNOWN_DATE, SignatureSet, Source
from netmon.yaml_nodes import Problem

Age = Literal["up to 1 year", "1 to 3 years", "over 3 years", "unknown"]
AGES: tuple[Age, ...] = ("up to 1 year", "1 to 3 years", "over 3 years", "unknown")
_YEAR = datetime.timedelta(days=365)


@dataclass(frozen=True, slots=True)
class DateReport:
    """How many sources of all files have a date, and what is wrong with the others."""

    dated: int
    unknown: int  # their date is given as unknown
    problems: tuple[Problem, ...]


def check_dates(signatures: SignatureSet, today: datetime.date) -> DateReport:
    """Every source needs a date that is not in the future, or the word that it is unknown."""
    problems: list[Problem] = []
    dated = unknown = 0
    for file, source in _all_sources(signatures):
        if source.date is None:
            message = f"source '{source.key}' has no date: add the day on which it was published"
            problems.append(Problem(file, source.line, f"{message}, or 'date: {UNKNOWN_DATE}'"))
        elif source.date == UNKNOWN_DATE:
            unknown += 1
        elif _first_day(source.date) > today:
            message = f"source '{source.key}' has a date in the future: {source.date}"
            problems.append(Problem(file, source.line, message))
        else:
            dated += 1
    return DateReport(dated, unknown, tuple(sorted(problems)))


def age_of(sources: Iterable[Source], today: datetime.date) -> Age:
    """The age of the newest source with a known date; a month or a year counts from its first day."""
    days = [_first_day(date) for date in map(known_date, sources) if date]
    if not days:
        return "unknown"
    age = today - max(days)
    if age <= _YEAR:
        return "up to 1 year"
    return "1 to 3 years" if age <= 3 * _YEAR else "over 3 years"


def known_date(source: Source) -> str | None:
    """The date of the source, or None if it is not known or not given."""
    return None if source.date == UNKNOWN_DATE else source.date


def _all_sources(signatures: SignatureSet) -> Iterator[tuple[str, Source]]:
    """The sources of all files, each with its file."""
    files = [(vendor.file, vendor.sources) for vendor in signatures.vendors.values()]
    files.append((signatures.public_names.file, signatures.public_names.sources))
    files.append((signatures.resolvers.file, signatures.resolvers.sources))
    for file, sources in files:
        for source in sources.values():
            yield file, source


def _first_day(date: str) -> datetime.date:
    """The first day of a known date: of a month or a year, if it is no more precise than that."""
    year, month, day = f"{date}-01-01".split("-")[:3]
    return datetime.date(int(year), int(month), int(day))
