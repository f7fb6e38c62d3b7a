"""The flows of a period: what each of them had on each of its days.

A row of `flows` has the totals of a flow up to the end of its day. What is new on that day is the difference
from the row before. Most flows are over on the day on which they began, and have no row before: only the
others are compared with one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from netmon.days import DAY_NS
from netmon.store.dialect import Dialect

SUMS = ("sent_bytes", "received_bytes", "sent_packets", "received_packets")
"""Columns of `flows` that grow while a flow lasts."""

BEGAN_BEFORE = f"flows.start_ns < flows.day * {DAY_NS}"
"""The condition for rows of `flows` that may have one before."""

_FLOW = ("sensor", "run", "flow")


Kept = Literal["vendors", "resolvers"]
"""Flows of vendors, or DNS to resolvers that a vendor's products fall back to, whichever vendor it is."""


def in_scope(rows: str = "flows", kept: Kept = "vendors") -> str:
    """The condition for rows of `flows`, under this name, in a scope. No index on days is of use for it."""
    chosen = f"(:vendor IS NULL OR {rows}.vendor = :vendor) AND {rows}.vendor IS NOT NULL"
    if kept == "resolvers":
        chosen = f"{rows}.fallback IS NOT NULL"
    return f"""(:since_day IS NULL OR {rows}.day >= :since_day)
    AND (:until_day IS NULL OR {rows}.day < :until_day)
    AND (:begin_ns IS NULL OR {_begin(rows)} >= :begin_ns)
    AND (:end_ns IS NULL OR {_begin(rows)} < :end_ns)
    AND (:sensor IS NULL OR {rows}.sensor = :sensor)
    AND {chosen}"""


def _begin(rows: str) -> str:
    """When a flow began, or went on with its day: that decides about a period that begins within a day."""
    day = f"{rows}.day * {DAY_NS}"
    return f"CASE WHEN {rows}.start_ns < {day} THEN {day} ELSE {rows}.start_ns END"


def in_order(columns: Iterable[str]) -> str:
    """The terms of ORDER BY: databases differ in where NULL stands."""
    return ", ".join(f"{name} NULLS FIRST" for name in columns)


def period(
    dialect: Dialect,
    columns: Iterable[str],
    sums: Sequence[str] = SUMS,
    *,
    only_findings: bool = False,
    kept: Kept = "vendors",
) -> str:
    """A query for these columns of `flows`, the columns `new_…` for the sums, and `is_first`.

    `is_first` is 1 on the first day of a flow in the period, so that it is counted once.
    """
    chosen = tuple(dict.fromkeys(columns))
    source, condition = "flows", "1 = 1"
    if only_findings:
        # The table of findings leads to the few flows that have one.
        source = f"findings {dialect.join_from_left} flows USING ({', '.join(_FLOW)})"
        condition = "flows.severity IS NOT NULL"
    terms = (*(f"flows.{one} AS {one}" for one in chosen), *(f"flows.{one} AS new_{one}" for one in sums))
    return f"""SELECT {_listed(terms)}1 AS is_first
FROM {source} WHERE NOT {BEGAN_BEFORE} AND {in_scope(kept=kept)} AND {condition}
UNION ALL
{lasting(dialect, chosen, sums, source=source, condition=condition, kept=kept)}"""


def lasting(
    dialect: Dialect,
    columns: Iterable[str],
    sums: Sequence[str] = SUMS,
    *,
    source: str = "flows",
    condition: str = "1 = 1",
    kept: Kept = "vendors",
) -> str:
    """As `period`, only the rows of flows that began before their day."""
    make = _look_back if dialect.is_correlated else _number
    return make(tuple(columns), sums, source, condition, kept)


def _look_back(columns: Sequence[str], sums: Sequence[str], source: str, condition: str, kept: Kept) -> str:
    """Finds the row before each row by its key."""

    def same(rows: str) -> str:
        return " AND ".join(f"{rows}.{name} = flows.{name}" for name in _FLOW) + f" AND {rows}.day"

    new = _listed(f"flows.{one} - coalesce(before.{one}, 0) AS new_{one}" for one in sums)
    # Nearly always the row before tells that this one is not the first: only the others are searched for.
    return f"""SELECT {_listed(f"flows.{name} AS {name}" for name in columns)}{new}
  CASE WHEN {in_scope("before", kept)}
  THEN 0 ELSE NOT EXISTS (
    SELECT 1 FROM flows AS earlier WHERE {same("earlier")} < flows.day AND {in_scope("earlier", kept)}
  ) END AS is_first
FROM {source} LEFT JOIN flows AS before
  ON {same("before")} = (SELECT max(past.day) FROM flows AS past WHERE {same("past")} < flows.day)
WHERE {BEGAN_BEFORE} AND {in_scope(kept=kept)} AND {condition}"""


def _number(columns: Sequence[str], sums: Sequence[str], source: str, condition: str, kept: Kept) -> str:
    """Numbers the rows of each flow."""
    chosen = _listed(columns)
    every = ", ".join(dict.fromkeys([*_FLOW, "day", "start_ns", "vendor", "severity", "fallback", *columns]))
    of_flow = f"PARTITION BY {', '.join(_FLOW)} ORDER BY day"
    new = ", ".join(f"{one} - lag({one}, 1, 0) OVER ({of_flow}) AS new_{one}" for one in sums)
    return f"""SELECT {chosen}{_listed(f"new_{one}" for one in sums)}is_first FROM (
  SELECT *, row_number() OVER ({of_flow}) = 1 AS is_first FROM (
    SELECT {every}, {new} FROM (
      SELECT DISTINCT {", ".join(_FLOW)} FROM {source} WHERE {BEGAN_BEFORE}
    ) AS those JOIN flows USING ({", ".join(_FLOW)})
  ) AS flows WHERE {in_scope(kept=kept)}
) AS flows WHERE {BEGAN_BEFORE} AND {condition}"""


def _listed(terms: Iterable[str]) -> str:
    """Terms of SELECT that others follow."""
    return "".join(f"{term}, " for term in terms)
