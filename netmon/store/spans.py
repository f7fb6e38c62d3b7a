"""The questions of a report: sums by judgement and span of time, contacts of findings, what was watched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from netmon.days import DAY_NS
from netmon.store.period import in_order, period
from netmon.store.queries import Reader, Scope

TOLERANCE_NS = 120_000_000_000
"""The time between two records of a view that is no gap: they come once a minute."""


class SpanTotals(NamedTuple):
    """The flows of a sensor with the same judgement in a span of time, counted from the period's start."""

    sensor: str
    judgement: str
    span: int
    flows: int
    sent_bytes: int
    received_bytes: int
    first_ns: int
    last_ns: int


def totals(reader: Reader, scope: Scope, since_ns: int, span_ns: int) -> Iterator[SpanTotals]:
    """The sums of all flows of vendors; a flow belongs to the span in which it, or its day, began."""
    begin = f"CASE WHEN start_ns >= day * {DAY_NS} THEN start_ns ELSE day * {DAY_NS} END"
    since_begin = f"({begin} - :since_ns)"
    query = f"""{period(("judgement", "last_ns"))}
SELECT sensor, judgement, {since_begin} - {since_begin} % :span_ns AS span,
  sum(is_first), sum(new_sent_bytes), sum(new_received_bytes), min(start_ns), max(last_ns)
FROM period GROUP BY sensor, judgement, span ORDER BY sensor, judgement, span"""
    for row in reader.select(query, {**scope.values(), "since_ns": since_ns, "span_ns": span_ns}):
        sensor, meaning, begin_ns, *sums = row
        yield SpanTotals(sensor, meaning, begin_ns // span_ns, *sums)


class ContactTotals(NamedTuple):
    """The findings of one client with one server, and the first of them."""

    sensor: str
    severity: str
    client: str | None
    client_host: str | None
    client_mac: str | None
    name: str | None
    server: str
    server_port: int
    transport: str
    reason: str
    judgement: str
    flows: int
    sent_bytes: int
    received_bytes: int
    first_ns: int
    last_ns: int
    numbers: str | None
    run: str
    flow: int


_CONTACT = ContactTotals._fields[: ContactTotals._fields.index("flows")]


def contacts(reader: Reader, scope: Scope) -> list[ContactTotals]:
    """The findings by client, server and judgement: the worst first, then those with most bytes."""
    chosen = ", ".join(_CONTACT)
    columns = (*_CONTACT, "last_ns", "numbers")
    query = f"""{period(columns, only_findings=True)}, found AS (
  SELECT *, row_number() OVER (PARTITION BY {chosen} ORDER BY start_ns, run, flow, day) AS number
  FROM period
), added AS (
  SELECT {chosen}, sum(is_first) AS flows, sum(new_sent_bytes) AS sent_bytes,
    sum(new_received_bytes) AS received_bytes, min(start_ns) AS first_ns, max(last_ns) AS latest_ns,
    max(CASE WHEN number = 1 THEN numbers END), max(CASE WHEN number = 1 THEN run END),
    max(CASE WHEN number = 1 THEN flow END)
  FROM found GROUP BY {chosen}
)
SELECT * FROM added
ORDER BY CASE severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END,
  sent_bytes + received_bytes DESC, {in_order(_CONTACT)}"""
    return [ContactTotals(*row) for row in reader.select(query, scope.values())]


def last_seen(reader: Reader) -> dict[tuple[str, str], int]:
    """The latest time of each run of which there is a record, by sensor and run."""
    query = "SELECT sensor, run, max(end_ns) FROM views GROUP BY sensor, run"
    return {(sensor, run): end_ns for sensor, run, end_ns in reader.select(query, {})}


def judgement(reader: Reader, identifier: str) -> dict[str, Any]:
    """What flows with a judgement have in common; the numbers of a single flow are not in it."""
    query = "SELECT document FROM judgements WHERE id = :id"
    found = reader.select(query, {"id": identifier})
    return next((dict(json.loads(document)) for (document,) in found), {})


def evidence(reader: Reader, one: ContactTotals) -> list[tuple[str, str]]:
    """The evidence files of the first of the findings of a contact: name and SHA-256."""
    query = """SELECT file, sha256 FROM evidence
WHERE sensor = :sensor AND run = :run AND flow = :flow ORDER BY file"""
    key = {"sensor": one.sensor, "run": one.run, "flow": one.flow}
    return [(file, sha256) for file, sha256 in reader.select(query, key)]


class Watched(NamedTuple):
    """A stretch of time in which a sensor watched an interface."""

    sensor: str
    interface: str
    start_ns: int
    end_ns: int


def watched(reader: Reader, scope: Scope) -> list[Watched]:
    """The stretches of time without a gap, by sensor and interface, in their order."""
    query = f"""WITH seen AS (
  SELECT sensor, interface, start_ns, end_ns,
    start_ns - lag(end_ns, 1, start_ns) OVER (PARTITION BY sensor, interface ORDER BY start_ns)
      > {TOLERANCE_NS} AS is_new
  FROM views WHERE scope = 'interface' AND coalesce(up, 1) = 1 AND (:sensor IS NULL OR sensor = :sensor)
    AND (:since_ns IS NULL OR end_ns >= :since_ns) AND (:until_ns IS NULL OR start_ns < :until_ns)
), numbered AS (
  SELECT *, sum(is_new) OVER (PARTITION BY sensor, interface ORDER BY start_ns) AS stretch FROM seen
)
SELECT sensor, interface, min(start_ns), max(end_ns) FROM numbered
GROUP BY sensor, interface, stretch ORDER BY sensor, interface, min(start_ns)"""
    limits = {"sensor": scope.sensor, "since_ns": scope.since_ns, "until_ns": scope.until_ns}
    return [Watched(*row) for row in reader.select(query, limits)]
