"""Counts, bytes and time spans as text for people."""

from __future__ import annotations

from netmon.days import DAY_S


def plural(count: int, noun: str) -> str:
    """The noun in the form that the count needs: "flow" or "flows"."""
    return noun if count == 1 else noun + "s"


def bytes_text(number: int) -> str:
    """Bytes with a decimal prefix: "1.2 MB"."""
    value, unit = float(number), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{number} B" if unit == "B" else f"{value:.1f} {unit}"


def duration_text(seconds: float) -> str:
    """A time span with three significant digits, in a suitable unit: "2.78 h"."""
    if seconds == 0:
        return "0 s"
    units = ((0.001, 1e-6, "µs"), (0.1, 0.001, "ms"), (120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h"))
    for limit, divisor, unit in units:
        if seconds < limit:
            return f"{seconds / divisor:.3g} {unit}"
    days = seconds / DAY_S
    return f"{days:.3g} days" if days < 999.5 else f"{days:,.0f} days"
