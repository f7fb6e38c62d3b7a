"""Periods in which distinct clients are counted, by UTC."""

from __future__ import annotations

from datetime import date
from typing import Literal, get_args

from netmon.days import iso_day

Period = Literal["day", "week", "month", "quarter", "year"]
PERIODS: tuple[Period, ...] = get_args(Period)
"""`privacy.count_period`: a closed set, shortest first."""


def period_name(period: Period, when_ns: int) -> str:
    """The period that contains a time: 2026-11-28, 2026-W48, 2026-11, 2026-Q4 or 2026."""
    day = date.fromisoformat(iso_day(when_ns))
    if period == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    if period == "quarter":
        return f"{day.year}-Q{(day.month + 2) // 3}"
    return {"day": day.isoformat(), "month": f"{day:%Y-%m}", "year": f"{day:%Y}"}[period]
