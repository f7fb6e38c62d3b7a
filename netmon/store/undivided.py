"""What cannot be divided: part of what a row has may belong to another period or day.

That is so for bytes of flows, and for the counters of what a sensor saw.
"""

from __future__ import annotations

from dataclasses import dataclass

from netmon.store.period import lasting, period
from netmon.store.queries import Reader, Scope
from netmon.store.spans import COUNTED_VIEWS, all_packets, view_limits

_FLOW = ("sensor", "run", "flow")
_BYTES = ("sent_bytes", "received_bytes")


@dataclass(frozen=True, slots=True)
class Undivided:
    """Such flows, with the bytes that are counted and those that are not: they are counted elsewhere."""

    flows: int = 0
    counted_bytes: int = 0
    other_bytes: int = 0


@dataclass(frozen=True, slots=True)
class UndividedViews:
    """Records of interfaces that also cover other time, and their packets, which count in each period."""

    records: int = 0
    packets: int = 0


def undivided_views(reader: Reader, scope: Scope) -> UndividedViews:
    """The records of what sensors saw that reach over the beginning or the end of a period."""
    say = reader.dialect
    query = f"""SELECT count(*), {say.sum(all_packets(say))} FROM views
WHERE scope = 'interface' AND {COUNTED_VIEWS} AND (start_ns < :since_ns OR end_ns > :until_ns)"""
    [(records, packets)] = reader.select(query, view_limits(scope))
    return UndividedViews(records, packets)


def undivided(reader: Reader, scope: Scope) -> Undivided:
    """The flows of a period that also lasted before or after it, if their bytes cannot be told apart."""
    if scope.since_ns is None and scope.until_ns is None:
        return Undivided()
    return _of_rows(reader, scope, "cuts_period", is_quick=scope.is_in_days)


def undivided_days(reader: Reader, scope: Scope) -> Undivided:
    """The flows of a period whose bytes of several days are counted on one of them."""
    return _of_rows(reader, scope, "cuts_day", is_quick=True)


def _of_rows(reader: Reader, scope: Scope, which: str, *, is_quick: bool) -> Undivided:
    """Adds up the rows with this mark. `is_quick`: a flow of one day has none."""
    say = reader.dialect
    of_flows = (lasting if is_quick else period)(say, (*_FLOW, which, "all_bytes"), _BYTES, is_divided=False)
    query = f"""WITH marked AS (
  SELECT sensor, run, flow, {say.sum("(new_sent_bytes + new_received_bytes)")} AS counted,
    {say.sum("all_bytes")} AS all_of_them
  FROM ({of_flows}) AS period WHERE {which} = 1 AND all_bytes > 0 GROUP BY sensor, run, flow
)
SELECT count(*), {say.sum("counted")}, {say.sum("all_of_them")} FROM marked"""
    [(flows, counted, every)] = reader.select(query, scope.values())
    return Undivided(flows, counted, every - counted)
