"""What a report quotes from the signatures: promises, concerns and measures, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from netmon.verdict.promises import ObstacleCode


@dataclass(frozen=True, slots=True)
class Reference:
    """A source of a promise, a concern or a measure."""

    text: str
    about: str
    date: str | None
    trust: str


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why a promise does not apply: a code, and the day, country or statement that it is about."""

    code: ObstacleCode | Literal["not_seen"]  # not_seen: it covers no component that was seen
    value: str = ""
    since: str = ""


@dataclass(frozen=True, slots=True)
class PromiseText:
    """A promise, word for word, and whether it applied."""

    vendor: str
    id: str
    statement: str
    data: str
    status: str
    effective_from: str | None
    effective_to: str | None
    announced: str | None
    places: tuple[str, ...]
    subjects: tuple[str, ...]
    other_subjects: int  # of these, in which there are no users of yours
    is_applied: bool  # to a component that was seen, in the country and on the last day of the period
    why_not: tuple[WhyNot, ...]
    sources: tuple[Reference, ...]
    note: str | None


@dataclass(frozen=True, slots=True)
class ConcernText:
    """Why a country is of concern, word for word."""

    vendor: str
    country: str
    basis: str | None  # None: the organisation's policy
    about: str | None
    since: str | None
    until: str | None
    status: str | None
    addressed_to: tuple[str, ...]
    sources: tuple[Reference, ...]
    note: str | None


@dataclass(frozen=True, slots=True)
class MeasureText:
    """A measure of an authority."""

    vendor: str
    date: str
    who: str
    what: str
    sources: tuple[Reference, ...]
