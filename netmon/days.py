"""Days and times in UTC: packets have times in nanoseconds, signatures and the policy have days."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

DAY_S = 86_400
DAY_NS = DAY_S * 1_000_000_000
LAST_S = 253_402_300_799
"""The last second of the year 9999, which later times of a hostile file are shown as."""

_DAYS_KEPT = 64
"""Days whose text is kept: those of packets follow each other."""


def day_start_ns(day: str) -> int:
    """The beginning of a UTC day, given as ISO text, in nanoseconds since 1970."""
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


def iso_day(when_ns: int) -> str:
    """The UTC day of a time in nanoseconds since 1970, as ISO text: "2026-06-17"."""
    return _iso_day(when_ns // DAY_NS)


@lru_cache(_DAYS_KEPT)
def _iso_day(days: int) -> str:
    """The ISO text of a number of days since 1970."""
    return datetime.fromtimestamp(days * DAY_S, UTC).date().isoformat()


def moment_of(when_ns: int) -> datetime:
    """A time in nanoseconds since 1970, to the second."""
    return datetime.fromtimestamp(min(when_ns // 1_000_000_000, LAST_S), UTC)
