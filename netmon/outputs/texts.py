"""Counts, bytes and time spans as text for people."""

from __future__ import annotations

from netmon.days import DAY_S
from netmon.language.language import ENGLISH, NARROW, Language


def plural(count: int, noun: str) -> str:
    """The noun in the form that the count needs: "flow" or "flows"."""
    return noun if count == 1 else noun + "s"


def bytes_text(number: int, language: Language = ENGLISH) -> str:
    """Bytes with a decimal prefix and a plain space, for a terminal: "1.2 MB"."""
    return language.bytes(number).replace(NARROW, " ")


def duration_text(seconds: float, language: Language = ENGLISH) -> str:
    """A time span with three significant digits, in a suitable unit: "2.78 h"."""
    if seconds == 0:
        return "0 s"
    units = ((0.001, 1e-6, "µs"), (0.1, 0.001, "ms"), (120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h"))
    for limit, divisor, unit in units:
        if seconds < limit:
            return f"{language.localised(f'{seconds / divisor:.3g}')} {unit}"
    days = seconds / DAY_S
    count = f"{days:.3g}" if days < 999.5 else f"{days:,.0f}"
    return language.say("{count} days", count=language.localised(count))


def flows_text(count: int, language: Language = ENGLISH) -> str:
    """A number of flows: "1 flow", "1,234 flows"."""
    return language.say_count(count, "{count} flow", "{count} flows")
