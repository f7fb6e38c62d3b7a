"""When something that is done at intervals is due again."""

from __future__ import annotations

import math


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
