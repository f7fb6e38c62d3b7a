"""The flows of a period as a common table expression: what each of them had on each of its days.

A row of `flows` has the totals of a flow up to the end of its day. What is new on that day is the difference
from the row before. Most flows are over on the day on which they began, and have no row before: only the
others are sorted, so that a million flows are added up in a second.
"""

from __future__ import annotations

from collections.abc import Iterable

from netmon.days import DAY_NS

SUMS = ("sent_bytes", "received_bytes", "sent_packets", "received_packets")
"""Columns of `flows` that grow while a flow lasts."""

IN_SCOPE = """(:since_day IS NULL OR day >= :since_day) AND (:until_day IS NULL OR day < :until_day)
    AND (:sensor IS NULL OR sensor = :sensor)
    AND (:vendor IS NULL OR vendor = :vendor) AND vendor IS NOT NULL"""
"""The condition for rows of `flows` in a scope."""

_KEY = ("sensor", "run", "flow", "day")
_BEGAN_BEFORE = f"start_ns < day * {DAY_NS}"


def in_order(columns: Iterable[str]) -> str:
    """The terms of ORDER BY: databases differ in where NULL stands."""
    return ", ".join(f"{name} NULLS FIRST" for name in columns)


def period(columns: Iterable[str], *, only_findings: bool = False) -> str:
    """The CTE `period`, with these columns of `flows`, the columns `new_…` for SUMS, and `is_first`.

    `is_first` is 1 on the first day of a flow in the period, so that it is counted once.
    """
    chosen = ", ".join(dict.fromkeys([*_KEY, "start_ns", "vendor", *columns]))
    of_flow = "PARTITION BY sensor, run, flow ORDER BY day"
    new = ", ".join(f"{one} - lag({one}, 1, 0) OVER ({of_flow}) AS new_{one}" for one in SUMS)
    # The table of findings leads to the few flows that have one.
    among = "(sensor, run, flow) IN (SELECT sensor, run, flow FROM findings)" if only_findings else "1 = 1"
    condition = "severity IS NOT NULL" if only_findings else "1 = 1"
    return f"""WITH lasting AS (
  SELECT DISTINCT sensor, run, flow FROM flows WHERE {_BEGAN_BEFORE} AND {among}
), days AS (
  SELECT {chosen}, {new} FROM lasting JOIN flows USING (sensor, run, flow)
), numbered AS (
  SELECT *, row_number() OVER ({of_flow}) = 1 AS is_first FROM days WHERE {IN_SCOPE}
), period AS (
  SELECT {chosen}, {", ".join(f"{one} AS new_{one}" for one in SUMS)}, 1 AS is_first
  FROM flows WHERE NOT {_BEGAN_BEFORE} AND {IN_SCOPE} AND {condition} AND {among}
  UNION ALL
  SELECT {chosen}, {", ".join(f"new_{one}" for one in SUMS)}, is_first
  FROM numbered WHERE {_BEGAN_BEFORE} AND {condition}
)"""
