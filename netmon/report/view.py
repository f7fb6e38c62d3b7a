"""What the sensors could see, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from netmon.store.undivided import UndividedViews

ViewGrade = Literal["good", "limited", "poor", "partly_unread", "unread", "empty", "none"]
"""How much the sensors saw. unread: most packets could not be decoded, partly_unread: those of an
interface; empty: no packet; none: unknown."""


@dataclass(frozen=True, slots=True)
class Detail:
    """One kind of what could not be seen."""

    what: str
    count: int


@dataclass(frozen=True, slots=True)
class Blind:
    """Something that the sensors could not see: how much, and out of how much."""

    kind: str
    count: int
    of: int | None
    share: float | None  # count / of
    is_poor: bool
    details: tuple[Detail, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportView:
    """What the sensors saw of the traffic."""

    grade: ViewGrade
    packets: int
    blinds: tuple[Blind, ...]
    undivided: UndividedViews
