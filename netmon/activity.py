"""When interfaces last showed traffic, and which have become silent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from netmon.quality import UNDECODED, by_interface, exceeds, undecoded_text


class Activity:
    """When each interface last showed a packet of a flow; LLDP or STP alone are no traffic."""

    SILENT_S = 300.0
    """The time without such a packet after which an interface is reported."""

    def __init__(self, before: Mapping[str, float] | None = None) -> None:
        """`before`: what `last_s` was when the sensor was stopped."""
        self._before = before or {}
        self.last_s: dict[str, float] = {}
        """Interface → seconds since 1970; the first start of the sensor if there was no packet since."""
        self.changes = 0
        """Increases once a minute when there is something new to remember."""
        self._counts: dict[str, int] = {}
        self._down_s: dict[str, float] = {}
        self._silent: set[str] = set()

    def lines(self) -> list[str]:
        """When each interface last showed a packet of a flow, for people."""
        return [
            f"{name}: last packet of a flow at {datetime.fromtimestamp(time_s, UTC):%Y-%m-%dT%H:%M:%SZ}"
            for name, time_s in dict(self.last_s).items()
        ]

    def check(self, stats: Mapping[str, Any], time_s: float) -> list[str]:
        """New warnings, one line for each interface that has become silent, or shows packets again."""
        lines = []
        for name, counters in by_interface(stats).items():
            self._clip(name, time_s)
            if not counters.get("up", 1):
                self._down_s[name] = time_s  # that it is silent is no news
            if name not in self.last_s:
                self._down_s[name] = time_s
                self._saw(name, min(self._before.get(name, time_s), time_s))
            count = counters.get("flow_packets", 0)
            if count != self._counts.get(name, 0):
                self._counts[name] = count
                self._saw(name, time_s)
                if name in self._silent:
                    self._silent.remove(name)
                    lines.append(f"{name}: packets of flows are seen again")
            elif time_s - self._last_change_s(name) >= self.SILENT_S and name not in self._silent:
                self._silent.add(name)
                minutes = f"{name}: no packet of a flow for {self.SILENT_S / 60:.0f} minutes"
                if exceeds(UNDECODED, counters):
                    lines.append(f"{minutes}, and packets could not be decoded: {undecoded_text(counters)}")
                else:
                    lines.append(f"{minutes}: check the mirror session, the cable and the filter")
        return lines

    def _clip(self, name: str, time_s: float) -> None:
        """Takes times that are still to come as now: the clock was ahead."""
        if self.last_s.get(name, time_s) > time_s:
            self._saw(name, time_s)
        self._down_s[name] = min(self._down_s.get(name, 0.0), time_s)

    def _saw(self, name: str, time_s: float) -> None:
        self.changes += time_s // 60 != self.last_s.get(name, 0.0) // 60
        self.last_s[name] = time_s

    def _last_change_s(self, name: str) -> float:
        """When it showed such a packet, came up or was first captured, whichever was latest."""
        return max(self.last_s[name], self._down_s.get(name, 0.0))
