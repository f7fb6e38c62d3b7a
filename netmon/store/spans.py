"""The questions of a report: sums by judgement and span of time, contacts of findings, what was watched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from netmon.days import DAY_NS
from netmon.store.dialect import Dialect
from netmon.store.period import BEGAN_IN, COUNTED_NS, SAME_DAY, in_order, lasting, period
from netmon.store.queries import LATEST_NS, Reader, Scope, read_judgement

TOLERANCE_NS = 120_000_000_000
"""The time between two records of a view that is no gap: they come once a minute."""
_BREAK_NS = 1_000_000_000
"""More than rounded times can lie apart."""


class SpanTotals(NamedTuple):
    """The flows of a sensor with the same judgement in a span of time, counted from the period's start."""

    sensor: str
    judgement: int
    span: int
    flows: int
    sent_bytes: int
    received_bytes: int
    first_ns: int
    last_ns: int


def totals(reader: Reader, scope: Scope, origin_ns: int, span_ns: int) -> Iterator[SpanTotals]:
    """The sums of all flows of vendors; a flow belongs to the span in which it, its day, or the period began.

    Spans of a day or more have whole days, so that an index has the flows in their order.
    """
    has_days = span_ns % DAY_NS == 0

    def span(begin: str) -> str:
        if origin_ns < 0:  # the difference to the latest time would be too large
            begin = f"CASE WHEN {begin} < :far_ns THEN {begin} ELSE :far_ns END"
        since_begin = f"({begin} - :origin_ns)"
        return f"{since_begin} - {since_begin} % :span_ns"

    begin = "start_ns" if scope.is_in_days else f"CASE WHEN {BEGAN_IN} THEN start_ns ELSE :since_ns END"
    begin = f"day * {DAY_NS}" if has_days else begin
    by = "sensor, judgement, span"

    def counted(name: str) -> str:
        return name if scope.is_in_days else f"CASE WHEN {BEGAN_IN} THEN {name} ELSE 0 END"

    vendor, total = reader.dialect.vendor, reader.dialect.sum
    sums = "min(start_ns) AS first_ns, max(last_ns) AS latest_ns"
    of_lasting = lasting(
        reader.dialect,
        ("sensor", "judgement", "start_ns", "last_ns", COUNTED_NS),
        ("sent_bytes", "received_bytes"),
    )
    query = f"""WITH parts AS (
SELECT sensor, judgement, {span(begin)} AS span, count(*) AS flows,
  {total(counted("sent_bytes"))} AS sent, {total(counted("received_bytes"))} AS received, {sums}
FROM flows WHERE {SAME_DAY} AND day >= :first_day AND day < :end_day
  AND (:sensor IS NULL OR sensor = :sensor)
GROUP BY {"day, sensor, judgement" if has_days else by}
UNION ALL
SELECT sensor, judgement, {span(COUNTED_NS)} AS span, sum(is_first) AS flows,
  {total("new_sent_bytes")} AS sent, {total("new_received_bytes")} AS received, {sums}
FROM ({of_lasting}) AS flows GROUP BY {by}
)
SELECT sensor, judgement, span, sum(flows), {total("sent")}, {total("received")},
  min(first_ns), max(latest_ns)
FROM parts WHERE judgement IN (
  SELECT id FROM judgements WHERE {vendor} IS NOT NULL AND (:vendor IS NULL OR {vendor} = :vendor)
) GROUP BY sensor, judgement, span ORDER BY sensor, judgement, span"""
    values = scope.values() | {"origin_ns": origin_ns, "span_ns": span_ns}
    if origin_ns < 0:
        values["far_ns"] = origin_ns + LATEST_NS
    values |= {"first_day": _or(scope.since_day, -_FAR_DAY), "end_day": _or(scope.until_day, _FAR_DAY)}
    for row in reader.select(query, values):
        sensor, meaning, begin_ns, *numbers = row
        yield SpanTotals(sensor, meaning, begin_ns // span_ns, *numbers)


_FAR_DAY = 1 << 40


def _or(value: int | None, default: int) -> int:
    return default if value is None else value


class ContactTotals(NamedTuple):
    """The findings of one client with one server."""

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
    judgement: int
    flows: int
    sent_bytes: int
    received_bytes: int
    first_ns: int
    last_ns: int


class FirstFlow(NamedTuple):
    """The first of the findings of a contact."""

    run: str
    flow: int
    numbers: str | None


_CONTACT = ContactTotals._fields[: ContactTotals._fields.index("flows")]


def contacts(reader: Reader, scope: Scope, most: int) -> list[ContactTotals]:
    """So many findings, by client, server and judgement: the worst first, then those with most bytes."""
    chosen = ", ".join(_CONTACT)
    columns = (*_CONTACT, "start_ns", "last_ns")
    total = reader.dialect.sum
    query = f"""WITH added AS (
  SELECT {chosen}, sum(is_first) AS flows, {total("new_sent_bytes")} AS sent_bytes,
    {total("new_received_bytes")} AS received_bytes, min(start_ns) AS first_ns, max(last_ns) AS latest_ns
  FROM (
{period(reader.dialect, columns, ("sent_bytes", "received_bytes"), only_findings=True)}) AS period
  GROUP BY {", ".join(reversed(_CONTACT))}
)
SELECT * FROM added
ORDER BY CASE severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END,
  sent_bytes + received_bytes DESC, {in_order(_CONTACT)} LIMIT :most"""
    return [ContactTotals(*row) for row in reader.select(query, {**scope.values(), "most": most})]


def first_flows(
    reader: Reader, scope: Scope, some: Sequence[ContactTotals]
) -> dict[ContactTotals, FirstFlow]:
    """The first flow of each of these contacts."""
    times = ", ".join(str(one.first_ns) for one in some)
    columns = (*_CONTACT, "start_ns", "day", "run", "flow", "numbers")
    query = f"""SELECT {", ".join(columns)} FROM (
{period(reader.dialect, columns, (), only_findings=True)}) AS period WHERE start_ns IN ({times or "NULL"})"""
    contacts_by_key = {(*one[: len(_CONTACT)], one.first_ns): one for one in some}
    earliest: dict[ContactTotals, tuple[str, int, int]] = {}
    found: dict[ContactTotals, FirstFlow] = {}
    for row in reader.select(query, scope.values()):
        one = contacts_by_key.get(row[: len(_CONTACT) + 1])
        day, *first = row[len(_CONTACT) + 1 :]
        if one is not None and (first[0], first[1], day) <= earliest.get(one, (first[0], first[1], day)):
            earliest[one] = (first[0], first[1], day)
            found[one] = FirstFlow(*first)
    return found


def judgements(reader: Reader, scope: Scope) -> Iterator[tuple[int, dict[str, Any]]]:
    """What the flows of vendors have in common, by judgement; numbers of a single flow are not in it.

    Those of the period are among them.
    """
    query = f"""SELECT id, document FROM judgements
WHERE (:since_day IS NULL OR day >= :since_day) AND {reader.dialect.vendor} IS NOT NULL"""
    for identifier, document in reader.select(query, {"since_day": scope.since_day}):
        yield identifier, read_judgement(reader, identifier, document)


class CounterSum(NamedTuple):
    """What a counter of a view grew by in a period."""

    sensor: str
    interface: str
    section: str
    name: str
    value: int


def counters(reader: Reader, scope: Scope) -> list[CounterSum]:
    """The counters of each interface, and of each run as a whole."""
    say = reader.dialect
    query = f"""SELECT sensor, interface, {say.section} AS section_name, {say.name} AS counter_name,
  {say.sum(say.value)}
FROM {say.counters} WHERE {COUNTED_VIEWS}
GROUP BY sensor, interface, section_name, counter_name
ORDER BY sensor, interface, section_name, counter_name"""
    return [CounterSum(*row) for row in reader.select(query, view_limits(scope))]


def looked_up(reader: Reader, scope: Scope) -> dict[str, int]:
    """DNS queries for names of vendors, by vendor. Neither these names nor the clients are stored."""
    say = reader.dialect
    query = f"""SELECT {say.name} AS vendor, {say.sum(say.value)} AS queries
FROM {say.counters} WHERE scope = 'run' AND {say.section} = 'looked_up' AND {COUNTED_VIEWS}
  AND (:vendor IS NULL OR {say.name} = :vendor)
GROUP BY vendor ORDER BY vendor"""
    values = {**view_limits(scope), "vendor": scope.vendor}
    return dict(reader.select(query, values))


def evidence(reader: Reader, sensor: str, first: FirstFlow) -> list[tuple[str, str]]:
    """The evidence files of a flow: name and SHA-256."""
    query = """SELECT file, sha256 FROM evidence
WHERE sensor = :sensor AND run = :run AND flow = :flow ORDER BY file"""
    key = {"sensor": sensor, "run": first.run, "flow": first.flow}
    return [(file, sha256) for file, sha256 in reader.select(query, key)]


class Watched(NamedTuple):
    """A stretch of time in which a sensor watched an interface."""

    sensor: str
    interface: str
    start_ns: int
    end_ns: int


def watched(reader: Reader, scope: Scope) -> list[Watched]:
    """The stretches of time without a gap, by sensor and interface, in their order.

    Records of a run follow each other without a break, unless the sensor was frozen.
    """
    of_interface = "PARTITION BY sensor, interface ORDER BY start_ns"
    query = f"""WITH recorded AS (
  SELECT sensor, interface, start_ns, end_ns, up,
    run = lag(run, 1, '') OVER ({of_interface})
      AND start_ns - lag(end_ns, 1, start_ns) OVER ({of_interface}) > {_BREAK_NS} AS is_after_break
  FROM views WHERE scope = 'interface' AND {_TOUCHING}
), seen AS (
  SELECT sensor, interface, start_ns, end_ns, CASE WHEN is_after_break
    OR start_ns - lag(end_ns, 1, start_ns) OVER ({of_interface}) > {TOLERANCE_NS} THEN 1 ELSE 0 END AS is_new
  FROM recorded WHERE coalesce(up, 1) = 1
), numbered AS (
  SELECT *, sum(is_new) OVER ({of_interface}) AS stretch FROM seen
)
SELECT sensor, interface, min(start_ns), max(end_ns) FROM numbered
GROUP BY sensor, interface, stretch ORDER BY sensor, interface, min(start_ns)"""
    return [Watched(*row) for row in reader.select(query, view_limits(scope))]


def dropped(reader: Reader, scope: Scope) -> tuple[int, int]:
    """The packets that were lost, and all packets, of all interfaces. The kernel sieve's are not lost."""
    say = reader.dialect
    query = f"SELECT {say.sum('dropped')}, {say.sum(all_packets(say))} FROM views WHERE {COUNTED_VIEWS}"
    [(lost, packets)] = reader.select(query, view_limits(scope))
    return lost, packets


def all_packets(say: Dialect) -> str:
    """The term for all packets of a view: those that were read, and those that were not."""
    return f"(packets + {say.sieved} + dropped)"


COUNTED_VIEWS = """(:sensor IS NULL OR sensor = :sensor)
    AND (:since_ns IS NULL OR end_ns > :since_ns OR start_ns >= :since_ns)
    AND (:until_ns IS NULL OR start_ns < :until_ns)"""
"""The condition for records of `views` that have something of the period: their counters are not divided."""
_TOUCHING = """(:sensor IS NULL OR sensor = :sensor)
    AND (:since_ns IS NULL OR end_ns >= :since_ns) AND (:until_ns IS NULL OR start_ns < :until_ns)"""
"""The same, and a record that ends where the period begins: what follows it may be a gap."""


def view_limits(scope: Scope) -> dict[str, Any]:
    """The values of these conditions."""
    return {"sensor": scope.sensor, "since_ns": scope.since_ns, "until_ns": scope.until_ns}
