"""The questions to a store, in the SQL that SQLite and ClickHouse share; a report has more in `spans`.

A flow has a row for each day, with its totals so far; what it had on that day is the difference from the row
before. A flow counts once, with its first row in the period, so that the numbers of groups add up to the
total.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol

from netmon.days import DAY_NS
from netmon.outputs.ecs import timestamp
from netmon.store.dialect import Dialect
from netmon.store.documents import check_conditions, check_flow, check_numbers, check_run, read_document
from netmon.store.judgements import explain, with_judgement
from netmon.store.period import SUMS, in_order, period
from netmon.store.tables import FLOWS, TABLES


class Reader(Protocol):
    """A store that answers queries."""

    @property
    def dialect(self) -> Dialect:
        """The terms that this database has in place of others."""
        ...

    def select(self, query: str, values: Mapping[str, Any], /) -> Iterator[tuple[Any, ...]]:
        """The rows that a query gives; `:name` in it stands for a value."""
        ...


@dataclass(frozen=True, slots=True)
class Scope:
    """What a question is about. None: no limit. Days are since 1970-01-01 UTC."""

    since_day: int | None = None
    until_day: int | None = None  # the day after the last one
    vendor: str | None = None
    sensor: str | None = None
    begin_ns: int | None = None  # if it begins later on its first day
    end_ns: int | None = None  # if it ends earlier on its last day
    present_ns: int | None = None  # if it has no end, and is to come up to the present

    @classmethod
    def between(
        cls,
        since_ns: int | None,
        until_ns: int | None,
        vendor: str | None = None,
        present_ns: int | None = None,
    ) -> Scope:
        """The scope of a period, in nanoseconds since 1970."""
        first, begins = (None, 0) if since_ns is None else divmod(since_ns, DAY_NS)
        end, rest = (None, 0) if until_ns is None else divmod(until_ns, DAY_NS)
        return cls(
            first,
            end + 1 if end is not None and rest else end,
            vendor,
            begin_ns=since_ns if begins else None,
            end_ns=until_ns if rest else None,
            present_ns=present_ns,
        )

    @property
    def asked(self) -> tuple[int | None, int | None]:
        """The beginning and the end, be they farther than a database can hold."""
        return _time(self.since_day, self.begin_ns), _time(self.until_day, self.end_ns)

    @property
    def since_ns(self) -> int | None:
        """The beginning for queries."""
        return _possible(self.asked[0])

    @property
    def until_ns(self) -> int | None:
        """The end for queries."""
        return _possible(self.asked[1])

    @property
    def expected_ns(self) -> int | None:
        """Up to when there should be records; None if nothing is said about that."""
        return self.present_ns if self.until_ns is None else self.until_ns

    @property
    def is_in_days(self) -> bool:
        """True if it begins and ends with days."""
        return self.begin_ns is None and self.end_ns is None

    def values(self) -> dict[str, Any]:
        """The values that queries name."""
        return {
            "since_day": self.since_day,
            "until_day": self.until_day,
            "since_ns": self.since_ns,
            "until_ns": self.until_ns,
            "vendor": self.vendor,
            "sensor": self.sensor,
        }


LATEST_NS = 2**63 - 1
_EARLIEST_NS = -(LATEST_NS // DAY_NS) * DAY_NS


def _time(day: int | None, time_ns: int | None) -> int | None:
    """A limit: its time, if it is not the beginning of its day."""
    return time_ns if day is None or time_ns is not None else day * DAY_NS


def _possible(time_ns: int | None) -> int | None:
    """The nearest time that a database can hold; the earliest is the beginning of a day."""
    return None if time_ns is None else max(_EARLIEST_NS, min(time_ns, LATEST_NS))


class Totals(NamedTuple):
    """Flows, and what they sent and received in a period."""

    flows: int
    sent_bytes: int
    received_bytes: int
    sent_packets: int
    received_packets: int


class GroupTotals(NamedTuple):
    """The totals of one group: its values in the order of the columns that were asked for."""

    group: tuple[str | int | None, ...]
    totals: Totals
    first_ns: int
    last_ns: int


@dataclass(frozen=True, slots=True)
class StoredFlow:
    """A flow in a period: its latest row by column, and what it sent and received in the period."""

    row: Mapping[str, Any]
    totals: Totals


GROUP_COLUMNS = frozenset(FLOWS.names) - {*SUMS, "revision", "numbers", "is_over"}
"""Columns of flows by which they may be grouped."""


def _totals(dialect: Dialect) -> str:
    sums = (dialect.sum(f"new_{name}") for name in SUMS)
    return ", ".join(("coalesce(sum(is_first), 0)", *sums))


def totals(reader: Reader, scope: Scope) -> Totals:
    """The totals of all flows of vendors."""
    query = f"SELECT {_totals(reader.dialect)} FROM ({period(reader.dialect, ())}) AS period"
    [row] = reader.select(query, scope.values())
    return Totals(*row)


def totals_by(reader: Reader, scope: Scope, columns: Sequence[str]) -> list[GroupTotals]:
    """The totals of each group of flows with the same values in these columns of `flows`, in their order.

    Raises KeyError for a column that there is not.
    """
    for name in columns:
        if name not in GROUP_COLUMNS:
            raise KeyError(name)
    chosen = ", ".join(columns)
    of_flows = period(reader.dialect, [*columns, "start_ns", "last_ns"])
    query = f"""SELECT {chosen}, {_totals(reader.dialect)}, min(start_ns), max(last_ns) FROM (
{of_flows}) AS period
GROUP BY {chosen} ORDER BY {in_order(columns)}"""
    count = len(columns)
    return [
        GroupTotals(tuple(row[:count]), Totals(*row[count:-2]), row[-2], row[-1])
        for row in reader.select(query, scope.values())
    ]


def flows(reader: Reader, scope: Scope, *, only_findings: bool = False) -> Iterator[StoredFlow]:
    """Each flow of a vendor in the period, ordered by its start."""
    names = FLOWS.names
    query = f"""WITH latest AS (
  SELECT *, row_number() OVER (PARTITION BY sensor, run, flow ORDER BY day DESC) AS back,
    {", ".join(f"sum(new_{name}) OVER (PARTITION BY sensor, run, flow) AS all_{name}" for name in SUMS)}
  FROM (
{period(reader.dialect, names, only_findings=only_findings)}) AS period
)
SELECT {", ".join(names)}, {", ".join(f"all_{name}" for name in SUMS)} FROM latest
WHERE back = 1
ORDER BY start_ns, sensor, run, flow"""
    for row in reader.select(query, scope.values()):
        values = dict(zip(names, row, strict=False))
        yield StoredFlow(values, Totals(1, *row[len(names) :]))


def judgement(reader: Reader, flow: StoredFlow) -> dict[str, Any]:
    """Why a flow was judged as it was: the keys of its event that explain it, under their names there."""
    found = reader.select("SELECT document FROM judgements WHERE id = :id", {"id": flow.row["judgement"]})
    return explain(next((document for (document,) in found), None), flow.row["numbers"])


def finding_event(reader: Reader, flow: StoredFlow) -> dict[str, Any] | None:
    """The complete event of a finding; None if the flow is none."""
    query = """SELECT findings.document, numbers, judgements.document
FROM findings LEFT JOIN judgements ON id = judgement WHERE sensor = :sensor AND run = :run AND flow = :flow"""
    key = {name: flow.row[name] for name in ("sensor", "run", "flow")}
    for event, numbers, shared in reader.select(query, key):
        return with_judgement(json.loads(event), shared, numbers)
    return None


def rows(reader: Reader, table: str, scope: Scope) -> Iterator[dict[str, Any]]:
    """The rows of `runs`, `conditions`, `views` or `evidence` in a period, in the order of their times.

    Runs are those that began in it; see `runs_of` for the others. `document` is parsed.
    """
    begin, where = _TIMES[table]
    asked = next(one for one in TABLES if one.name == table)
    columns, order = asked.names, ", ".join(dict.fromkeys((begin, "sensor", "run", *asked.key)))
    query = (
        f"SELECT {', '.join(columns)} FROM {table} WHERE (:sensor IS NULL OR sensor = :sensor) "
        f"AND (:since_ns IS NULL OR {where} >= :since_ns) AND (:until_ns IS NULL OR {begin} < :until_ns) "
        f"ORDER BY {order}"
    )
    values = {"sensor": scope.sensor, "since_ns": scope.since_ns, "until_ns": scope.until_ns}
    for row in reader.select(query, values):
        found = dict(zip(columns, row, strict=True))
        whose = partial(_named, found["sensor"], found["run"], found[begin])
        yield {**found, "document": read_document(found["document"], _CHECKS[table], whose)}


def read_judgement(reader: Reader, identifier: int, text: str) -> dict[str, Any]:
    """The document of a judgement. Raises StoreError, which names a flow, if no netmon writes such a one."""

    def whose() -> str:
        query = "SELECT sensor, run, last_ns FROM flows WHERE judgement = :id ORDER BY last_ns LIMIT 1"
        found = list(reader.select(query, {"id": identifier}))
        return _named(*found[0]) if found else f"judgement {identifier}"

    return read_document(text, check_flow, whose)


def read_numbers(sensor: str, run: str, time_ns: int, text: str | None) -> dict[str, Any]:
    """The numbers of one flow in its judgement. Raises StoreError if no netmon writes such ones."""
    return read_document(text or "{}", check_numbers, partial(_named, sensor, run, time_ns))


def _named(sensor: str, run: str, time_ns: int) -> str:
    return f"sensor {sensor}, run {run}, {timestamp(time_ns)}"


def _check_nothing(_document: object) -> None:
    pass


_CHECKS: Mapping[str, Callable[[object], None]] = {
    "runs": check_run,
    "conditions": check_conditions,
    "views": _check_nothing,  # databases add up their counters
    "evidence": _check_nothing,  # only its columns are read
}
_TIMES = {
    "runs": ("start_ns", "start_ns"),
    "conditions": ("since_ns", "since_ns"),
    "views": ("start_ns", "end_ns"),
    "evidence": ("time_ns", "time_ns"),
}
"""When a row begins, and when it ends."""
