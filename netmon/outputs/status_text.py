"""What a running sensor does at the moment, in one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netmon.language.language import ENGLISH, Language
from netmon.quality import by_interface


class StatusText:
    """Makes the line from the counters; the rate is that since the last call."""

    def __init__(self, language: Language = ENGLISH) -> None:
        self._language = language
        self._packets = 0
        self._at_s: float | None = None

    def text(self, stats: Mapping[str, Any], findings: int, now_s: float) -> str:
        """Packets per second, drops, flows in progress, findings, and problems of the view.

        `stats`: the engine's, with `degraded` of the quality's watch. `now_s`: a monotonic clock.
        """
        interfaces = by_interface(stats)
        keys = ("dropped", "interface_dropped")
        drops = sum(counters.get(key, 0) for counters in interfaces.values() for key in keys)
        flows = stats["live_flows"]
        say, number = self._language.say, self._language.number
        return " · ".join(
            (
                say("{count} packets/s", count=number(self._rate(stats["packets"], now_s))),
                say("{count} dropped", count=number(drops)),
                self._language.say_count(flows, "{count} active flow", "{count} active flows"),
                self._language.say_count(findings, "{count} finding", "{count} findings"),
                say("view: {view}", view=_view(stats, self._language)),
            )
        )

    def _rate(self, packets: int, now_s: float) -> int:
        span_s = 0.0 if self._at_s is None else now_s - self._at_s
        rate = round((packets - self._packets) / span_s) if span_s > 0 else 0
        self._packets, self._at_s = packets, now_s
        return rate


def _view(stats: Mapping[str, Any], language: Language) -> str:
    """What is wrong with the view at the moment: "good", or the problems, as their metric has them."""
    down = [language.say("{name} not captured", name=name) for name in stats.get("interface_problems", {})]
    poor = sorted({problem for (_, problem), is_poor in stats["degraded"].items() if is_poor})
    return ", ".join([*down, *(one.replace("_", " ") for one in poor)]) or language.say("good")
