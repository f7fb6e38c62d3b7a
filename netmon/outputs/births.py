"""The birth of a series: its first minute at 0, so that Prometheus sees all of its growth.

`increase` does not count the first value of a series. A counter that appears together with its first flow
would lose that flow, and one that starts again at more than its last value would hide the restart. So every
counter that comes into being with what it counts is shown as 0 at first, and takes its value a stated time
after a scrape has shown the 0. Whatever was counted in the meantime is then an increase.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

Labels = tuple[str, ...]
Value = TypeVar("Value")


class Birth(NamedTuple):
    """When a series was first scraped: on the monotonic clock, and in seconds since 1970."""

    at_s: float
    created_s: float


class Births:
    """Knows since when each series is shown, and which are still shown as 0."""

    def __init__(self, hold_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        """A series is shown as 0 for `hold_s` after its first scrape; 0: never."""
        self._hold_s = hold_s
        self._clock = clock
        self._born: dict[str, dict[Labels, Birth]] = {}

    def shown(self, name: str, series: Mapping[Labels, Value], zero: Value) -> dict[Labels, Value]:
        """What a scrape shows of a metric: the value of each series, or `zero` while it is new."""
        now_s = self._clock()
        born = self._born.setdefault(name, {})
        new = Birth(now_s, time.time())
        latest_s = now_s - self._hold_s
        return {
            labels: zero if born.setdefault(labels, new).at_s > latest_s else value
            for labels, value in series.items()
        }

    def created_s(self, name: str, labels: Labels) -> float:
        """When a series that was shown was born, in seconds since 1970."""
        return self._born[name][labels].created_s
