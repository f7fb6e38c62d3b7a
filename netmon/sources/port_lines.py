"""Log lines about the interfaces of a live capture: which are captured, and why the others are not."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any


class PortLines:
    """Makes a line of each change, but few of an interface that changes all the time.

    The counters are `interfaces`, `interface_problems` and `unsieved_interfaces` of `stats()`
    (`netmon/_engine.pyi`).
    """

    PERIOD_S = 60.0
    """The time between two lines about an interface that changes all the time."""
    BURST = 6
    """Lines about an interface within a period, after which it changes all the time."""

    def __init__(self) -> None:
        self._ports: dict[str, _Port] = {}
        self._unmonitored = 0
        self._unsieved: set[str] = set()
        self._has_begun = False

    def check(self, stats: Mapping[str, Any], now_s: float) -> list[str]:
        """The lines about what has changed since the last call. `now_s`: a monotonic clock."""
        lines = list(self._further(stats.get("unmonitored_interfaces", 0)))
        lines += self._newly_unsieved(stats.get("unsieved_interfaces", {}))
        problems = stats.get("interface_problems", {})
        for name, counters in stats.get("interfaces", {}).items():
            if name not in self._ports:
                # An interface that is captured from the start on is in the sensor's first line.
                self._ports[name] = _Port(name, is_expected=not self._has_begun)
            lines += self._ports[name].check(problems.get(name), counters["interruptions"], now_s)
        self._has_begun = True
        return lines

    def _further(self, count: int) -> Iterable[str]:
        if count > self._unmonitored:
            yield (
                f"{count:,} more interfaces match a pattern, but as many as patterns may have are captured "
                "already: give narrower patterns, or names, which are not limited"
            )
            self._unmonitored = count

    def _newly_unsieved(self, reasons: Mapping[str, str]) -> Iterable[str]:
        """A line for each reason why the kernel sieve is not used, with the interfaces, each said once."""
        new = {name: reason for name, reason in reasons.items() if name not in self._unsieved}
        self._unsieved.update(new)
        for reason in dict.fromkeys(new.values()):
            names = ", ".join(name for name in new if new[name] == reason)
            yield f"offload: the kernel drops no data on {names}, so every packet there is read: {reason}"


class _Port:
    """What was logged about one interface."""

    def __init__(self, name: str, *, is_expected: bool) -> None:
        self._name = name
        self._problem: str | None = None if is_expected else ""  # "": nothing was logged yet
        self._interruptions = 0
        self._times: deque[float] = deque(maxlen=PortLines.BURST)
        self._silent_until_s = 0.0

    def check(self, problem: str | None, interruptions: int, now_s: float) -> Iterable[str]:
        """The lines about it."""
        if now_s < self._silent_until_s:
            return
        if (problem, interruptions) == (self._problem, self._interruptions):
            self._silent_until_s = 0.0
            return
        text = self._changed(problem, interruptions)
        self._problem, self._interruptions = problem, interruptions
        self._times.append(now_s)
        is_often = len(self._times) == PortLines.BURST and now_s - self._times[0] < PortLines.PERIOD_S
        if is_often or self._silent_until_s:
            self._silent_until_s = now_s + PortLines.PERIOD_S
            text += " (it changes often: the next line follows in a minute)"
        yield f"{self._name}: {text}"

    def _changed(self, problem: str | None, interruptions: int) -> str:
        state = "captured again" if interruptions else "captured"
        if problem is not None:
            state = f"not captured: {problem}"
        new = interruptions - self._interruptions
        if new > 1:
            return f"interrupted {new:,} times, {state}"
        return f"interrupted, {state}" if new and problem == self._problem else state
