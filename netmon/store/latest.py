"""What a running sensor has stored last: its newest findings, and the clients of today."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, cast

from netmon.days import DAY_NS
from netmon.records import SEVERITIES, Severity
from netmon.store.queries import Reader, Scope, Totals, totals_by

_CLOCKS_NS = 5 * 10**9
"""The kernel's time of a process's start may be so much later than the clock was when its run began."""


class StoredFinding(NamedTuple):
    """A flow with a finding."""

    last_ns: int
    outcome: str
    severity: Severity
    vendor: str
    component: str
    client: str | None  # as the privacy level shows it
    name: str | None
    server: str
    city: str | None
    country: str
    location: str
    sent_bytes: int


class ClientToday(NamedTuple):
    """The flows of a client on the present UTC day."""

    client: str | None
    outcome: str
    severity: Severity | None
    totals: Totals


def running_run(reader: Reader, sensor: str, process_start_ns: int) -> str | None:
    """The run of a sensor whose process began then; None if this store does not have it."""
    query = """SELECT run FROM runs WHERE sensor = :sensor AND source = 'interfaces'
AND start_ns >= :least ORDER BY start_ns DESC LIMIT 1"""
    values = {"sensor": sensor, "least": process_start_ns - _CLOCKS_NS}
    return next((run for (run,) in reader.select(query, values)), None)


def latest_findings(reader: Reader, sensor: str, run: str, most: int) -> list[StoredFinding]:
    """The findings among the flows that began last, the latest first."""
    query = """SELECT last_ns, outcome, flows.severity, vendor, component, client, coalesce(name, matched),
  server, city, country, location, sent_bytes
FROM (SELECT sensor, run, flow, day FROM findings WHERE sensor = :sensor AND run = :run
      ORDER BY flow DESC LIMIT :most) AS newest
JOIN flows ON flows.sensor = newest.sensor AND flows.run = newest.run
  AND flows.flow = newest.flow AND flows.day = newest.day
WHERE flows.severity IS NOT NULL
ORDER BY last_ns DESC"""
    return [StoredFinding(*row) for row in reader.select(query, {"sensor": sensor, "run": run, "most": most})]


def earlier_findings(
    reader: Reader, sensor: str, most: int
) -> Iterator[tuple[str | None, str | None, str, str, Severity]]:
    """Client, name, server, outcome and severity of a sensor's findings, of its last flows with one."""
    query = """SELECT DISTINCT client, name, server, outcome, flows.severity
FROM (SELECT sensor, run, flow, day FROM findings WHERE sensor = :sensor
      ORDER BY day DESC, run DESC, flow DESC LIMIT :most) AS newest
JOIN flows ON flows.sensor = newest.sensor AND flows.run = newest.run
  AND flows.flow = newest.flow AND flows.day = newest.day
WHERE flows.severity IS NOT NULL"""
    for row in reader.select(query, {"sensor": sensor, "most": most}):
        client, name, server, outcome, severity = row
        yield client, name, server, outcome, severity


def clients_today(reader: Reader, sensor: str, now_ns: int) -> list[ClientToday]:
    """The flows of each client on the UTC day of a time, by verdict."""
    scope = Scope(since_day=now_ns // DAY_NS, sensor=sensor)
    found = totals_by(reader, scope, ("client", "outcome", "severity"))
    return [
        ClientToday(
            cast("str | None", client),
            str(outcome),
            severity if severity in SEVERITIES else None,
            one.totals,
        )
        for one in found
        for client, outcome, severity in [one.group]
    ]
