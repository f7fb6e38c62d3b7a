"""When something that is done at intervals is due again, and whether the clock can be believed."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime

STEADY_FOR_S = 3600.0
"""How long the system's clock must have run before anything is removed for its age."""
_STEP_S = 60.0
"""The time by which the clocks may have drifted apart between two looks: more is a step."""


class Timer:
    """Is due first at `first_s`, and then at intervals. Times are seconds of a monotonic clock."""

    def __init__(self, every_s: float, first_s: float) -> None:
        self._every_s = every_s
        self._next_s = first_s

    def is_due(self, now_s: float) -> bool:
        """True once per interval."""
        if now_s < self._next_s:
            return False
        self._next_s = now_s + self._every_s
        return True

    def expire(self) -> None:
        """Makes it due at once."""
        self._next_s = -math.inf


def has_passed(end_s: float, now_s: float, wait_s: float) -> bool:
    """True if a wait of so long that ends then is over, or if the clock was set back since it began."""
    return not end_s - wait_s <= now_s < end_s


class SteadyClock:
    """Tells the time by which things are too old, once the system's clock has run for an hour without a step.

    By a clock that was set wrong, everything is too old at once: it has that long to be set right.
    """

    def __init__(
        self, clock: Callable[[], float], monotonic: Callable[[], float], log: Callable[[str], None]
    ) -> None:
        """`clock`: seconds since 1970. `log` is called with a line for each step that is noticed."""
        self._clock = clock
        self._monotonic = monotonic
        self._log = log
        self._since_s = monotonic()
        self._ahead_s = clock() - self._since_s

    def time_s(self) -> float | None:
        """Seconds since 1970; None while nothing may be removed for its age."""
        now_s, running_s = self._clock(), self._monotonic()
        due_s, self._ahead_s = running_s + self._ahead_s, now_s - running_s
        if abs(now_s - due_s) > _STEP_S:
            self._since_s = running_s
            self._log(
                f"the system's clock was set from {_text(due_s)} to {_text(now_s)}, or the machine slept; "
                "nothing is removed for its age until the clock has run for an hour without a step"
            )
        return now_s if running_s - self._since_s >= STEADY_FOR_S else None


def _text(time_s: float) -> str:
    return f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%dT%H:%M:%SZ}"
