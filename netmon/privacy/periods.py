"""Periods in which distinct clients are counted, by UTC."""

from __future__ import annotations

import re
from datetime import date, timedelta
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


def period_days(name: str) -> tuple[date, date]:
    """The first and the last day of a period. Raises ValueError for a name that is none."""
    if re.fullmatch(r"\d{4}-W\d\d", name):
        first = date.fromisocalendar(int(name[:4]), int(name[6:]), 1)
        return first, first + timedelta(days=6)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", name):
        return date.fromisoformat(name), date.fromisoformat(name)
    if re.fullmatch(r"\d{4}-\d\d", name):
        return _months(int(name[:4]), int(name[5:]), 1)
    if re.fullmatch(r"\d{4}-Q[1-4]", name):
        return _months(int(name[:4]), 3 * int(name[6]) - 2, 3)
    if re.fullmatch(r"\d{4}", name):
        return _months(int(name), 1, 12)
    raise ValueError(f"'{name:.40}' is no period")


def period_kind(name: str) -> str:
    """What periods of one length have in common: the form of their names."""
    return re.sub(r"\d", "0", name)


def _months(year: int, month: int, count: int) -> tuple[date, date]:
    after = year * 12 + month - 1 + count
    return date(year, month, 1), date(after // 12, after % 12 + 1, 1) - timedelta(days=1)
