"""The flows of a period: those that lasted at any time in it, with what each of them had on each of its days.

A row of `flows` has the totals of a flow up to the end of its day. What is new in it is the difference from
the row before. It is counted at one moment: the beginning of the flow if there is no row before, or else that
of the row's day. So sums of periods add up. Most flows are over on the day on which they began, and have no
row before: only the others are compared with one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from netmon.days import DAY_NS
from netmon.store.dialect import Dialect

SUMS = ("sent_bytes", "received_bytes", "sent_packets", "received_packets")
"""Columns of `flows` that grow while a flow lasts."""
COUNTED_NS = "counted_ns"
"""A column of `period`: when the row is counted; in the period, or else its beginning."""
START_DAY_NS = "start_day_ns"
"""Another one: the beginning of the day on which the flow began."""
DIVIDED_BY = ("cuts_period", "cuts_day", "all_bytes")
"""Columns of `period`: 1 if a row may belong to other times or days as well; and its bytes."""

BEGAN_BEFORE = f"flows.start_ns < flows.day * {DAY_NS}"
"""The condition for rows of `flows` that may have one before."""

_FLOW = ("sensor", "run", "flow")
_MADE = (COUNTED_NS, START_DAY_NS, *DIVIDED_BY)
_REPORTED_NS = 600_000_000_000
"""A running sensor reports more often: a row that ends so short before midnight has all of its day."""


Kept = Literal["vendors", "resolvers"]
"""Flows of vendors, or DNS to resolvers that a vendor's products fall back to, whichever vendor it is."""


def _chosen(rows: str, kept: Kept) -> str:
    """The condition for rows of `flows`, under this name, whenever they were."""
    of_vendor = f"(:vendor IS NULL OR {rows}.vendor = :vendor) AND {rows}.vendor IS NOT NULL"
    if kept == "resolvers":
        of_vendor = f"{rows}.fallback IS NOT NULL"
    return f"(:sensor IS NULL OR {rows}.sensor = :sensor) AND {of_vendor}"


def _is_late(rows: str) -> str:
    """The condition for rows of `flows` that do not end before the period. Their day is in the index."""
    return f"""(:since_day IS NULL OR {rows}.day >= :since_day)
    AND (:since_ns IS NULL OR {rows}.last_ns >= :since_ns)"""


SAME_DAY = f"""NOT {BEGAN_BEFORE} AND {_is_late("flows")}
    AND (:until_day IS NULL OR flows.day < :until_day)
    AND (:until_ns IS NULL OR flows.start_ns < :until_ns)"""
"""The condition for rows of flows in the period that began on the row's day."""
MAY_BE_IN = f"""(:since_day IS NULL OR flows.day >= :since_day)
    AND (:until_day IS NULL OR flows.day < :until_day OR ({BEGAN_BEFORE} AND flows.start_ns < :until_ns))"""
"""A condition that is decided quickly, for rows of the period and some others of the same days."""
BEGAN_IN = "(:since_ns IS NULL OR flows.start_ns >= :since_ns)"
"""The further condition that what is new in such a row counts in the period."""


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
    is_divided: bool = True,
    is_distinct: bool = False,
) -> str:
    """A query for these columns of `flows`, the columns `new_…` for the sums, and `is_first`.

    `is_first` is 1 for the first row of a flow in the period, so that it is counted once. The column `day` is
    that of COUNTED_NS, which may be asked for as well, as may START_DAY_NS and DIVIDED_BY. `is_divided`:
    without rows that only may have something in the period. `is_distinct`: equal rows of the flows of one day
    come once.
    """
    chosen = tuple(dict.fromkeys(columns))
    source, condition = "flows", "1 = 1"
    if only_findings:
        # The table of findings leads to the few flows that have one.
        source = f"findings {dialect.join_from_left} flows USING ({', '.join(_FLOW)})"
        condition = "flows.severity IS NOT NULL"
    growth = {one: f"flows.{one}" for one in SUMS}
    terms = _Terms("flows.start_ns", BEGAN_IN, SAME_DAY, growth, "flows.start_ns", "0")
    select = "SELECT DISTINCT" if is_distinct else "SELECT"
    return f"""{select} {terms.listed(chosen, sums, "flows.day")}1 AS is_first
FROM {source} WHERE {SAME_DAY} AND {_chosen("flows", kept)} AND {condition}
UNION ALL
{lasting(dialect, chosen, sums, source=source, condition=condition, kept=kept, is_divided=is_divided)}"""


class _Terms(NamedTuple):
    """What a row counts, and when."""

    counted_ns: str
    is_counted: str  # in the period
    is_in: str  # the flow lasted in the period
    growth: dict[str, str]  # by column
    since_ns: str  # the growth may have begun then
    cuts_day: str

    @property
    def may_be_in(self) -> str:
        """The condition that something of the growth may be of the period."""
        return f"{_is_late('flows')} AND (:until_ns IS NULL OR {self.since_ns} < :until_ns)"

    def listed(self, columns: Iterable[str], sums: Iterable[str], day: str) -> str:
        """The terms of SELECT for columns and sums, to which others can be added."""
        shown_ns = f"CASE WHEN {self.is_counted} THEN {self.counted_ns} ELSE :since_ns END"
        cuts = f"""{self.may_be_in} AND (
    (:since_ns IS NOT NULL AND {self.since_ns} < :since_ns)
    OR (:until_ns IS NOT NULL AND flows.last_ns >= :until_ns))"""
        special = {
            "day": day,
            COUNTED_NS: shown_ns,
            START_DAY_NS: f"flows.start_ns - flows.start_ns % {DAY_NS}",
            "cuts_period": f"CASE WHEN {cuts} THEN 1 ELSE 0 END",
            "cuts_day": self.cuts_day,
            "all_bytes": f"{self.growth['sent_bytes']} + {self.growth['received_bytes']}",
        }
        terms = [f"{special.get(name, f'flows.{name}')} AS {name}" for name in columns]
        terms += [
            f"CASE WHEN {self.is_counted} THEN {self.growth[one]} ELSE 0 END AS new_{one}" for one in sums
        ]
        return "".join(f"{term}, " for term in terms)


def lasting(
    dialect: Dialect,
    columns: Iterable[str],
    sums: Sequence[str] = SUMS,
    *,
    source: str = "flows",
    condition: str = "1 = 1",
    kept: Kept = "vendors",
    is_divided: bool = True,
) -> str:
    """As `period`, only the rows of flows that began before their day."""
    make = _look_back if dialect.is_correlated else _number
    return make(tuple(columns), sums, source, condition, kept, is_divided)


_EARLY = f"{BEGAN_BEFORE} AND (:until_ns IS NULL OR flows.start_ns < :until_ns)"


def _terms(is_only: str, before_ns: str, growth: dict[str, str]) -> _Terms:
    """The terms of a row that may have one before. `is_only`: the condition that it has none."""
    counted_ns = f"CASE WHEN {is_only} THEN flows.start_ns ELSE flows.day * {DAY_NS} END"
    # The next row also says that a flow lasted in a period in which nothing of it was new.
    is_between = f"NOT ({is_only}) AND {before_ns} < :since_ns"
    is_in = f"""{_is_late("flows")}
    AND (:until_ns IS NULL OR {counted_ns} < :until_ns OR ({is_between}))"""
    is_counted = f"(:since_ns IS NULL OR {counted_ns} >= :since_ns)"
    is_counted += f" AND (:until_ns IS NULL OR {counted_ns} < :until_ns)"
    is_divided = f"NOT ({is_only}) AND {before_ns} >= flows.day * {DAY_NS} - {_REPORTED_NS}"
    begin_ns = f"CASE WHEN {is_only} THEN flows.start_ns ELSE {before_ns} END"
    since_ns = f"CASE WHEN {is_divided} THEN flows.day * {DAY_NS} ELSE {begin_ns} END"
    cuts_day = f"CASE WHEN {is_divided} THEN 0 ELSE 1 END"
    return _Terms(counted_ns, is_counted, is_in, growth, since_ns, cuts_day)


def _day_of(time_ns: str) -> str:
    """The day of a time, also before 1970."""
    of_day = f"({time_ns})"
    rest = f"({of_day} % {DAY_NS} + {DAY_NS}) % {DAY_NS}"
    return f"CAST(({of_day} - {rest}) / {DAY_NS} AS BIGINT)"


def _look_back(
    columns: Sequence[str], sums: Sequence[str], source: str, condition: str, kept: Kept, is_divided: bool
) -> str:
    """Finds the row before each row by its key."""

    def same(rows: str) -> str:
        return " AND ".join(f"{rows}.{name} = flows.{name}" for name in _FLOW) + f" AND {rows}.day"

    growth = {one: f"flows.{one} - coalesce(before.{one}, 0)" for one in SUMS}
    is_only = "before.day IS NULL"
    terms = _terms(is_only, "before.last_ns", growth)
    day = _day_of(f"CASE WHEN {terms.is_counted} THEN {terms.counted_ns} ELSE :since_ns END")
    # Nearly always the row before tells that this one is not the first: only the others are searched for.
    return f"""SELECT {terms.listed(columns, sums, day)}
  CASE WHEN {_is_late("before")} AND {_chosen("before", kept)}
  THEN 0 ELSE NOT EXISTS (
    SELECT 1 FROM flows AS earlier
    WHERE {same("earlier")} < flows.day AND {_is_late("earlier")} AND {_chosen("earlier", kept)}
  ) END AS is_first
FROM {source} LEFT JOIN flows AS before
  ON {same("before")} = (SELECT max(past.day) FROM flows AS past WHERE {same("past")} < flows.day)
WHERE {_EARLY} AND {_chosen("flows", kept)} AND {terms.is_in if is_divided else terms.may_be_in}
  AND {condition}"""


def _number(
    columns: Sequence[str], sums: Sequence[str], source: str, condition: str, kept: Kept, is_divided: bool
) -> str:
    """Numbers the rows of each flow."""
    of_flow = f"PARTITION BY {', '.join(_FLOW)} ORDER BY day"
    new = ", ".join(f"{one} - lag({one}, 1, 0) OVER ({of_flow}) AS growth_{one}" for one in SUMS)
    needed = ("day", "start_ns", "last_ns", "vendor", "severity", "fallback")
    every = ", ".join(name for name in dict.fromkeys([*_FLOW, *needed, *columns]) if name not in _MADE)
    terms = _terms("flows.number = 1", "flows.before_ns", {one: f"flows.growth_{one}" for one in SUMS})
    day = _day_of(f"CASE WHEN {terms.is_counted} THEN {terms.counted_ns} ELSE :since_ns END")
    return f"""SELECT {terms.listed(columns, sums, day)}flows.is_first AS is_first FROM (
  SELECT *, row_number() OVER ({of_flow}) = 1 AS is_first FROM (
    SELECT {every}, {new}, row_number() OVER ({of_flow}) AS number,
      lag(last_ns, 1, 0) OVER ({of_flow}) AS before_ns
    FROM (
      SELECT DISTINCT {", ".join(_FLOW)} FROM {source} WHERE {_EARLY}
    ) AS those JOIN flows USING ({", ".join(_FLOW)})
  ) AS flows WHERE {_chosen("flows", kept)} AND {terms.is_in if is_divided else terms.may_be_in}
) AS flows WHERE {BEGAN_BEFORE} AND {condition}"""
