"""The runs of sensors and the readings of files that a store knows, and those of a period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from netmon.store import queries
from netmon.store.period import MAY_BE_IN, period
from netmon.store.queries import Reader, Scope


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run with its latest record, which is its end if it was ended."""

    row: Mapping[str, Any]  # of `runs`; its document is parsed
    end_ns: int
    is_viewed: bool  # there is a record of what it saw, be it nothing

    @property
    def key(self) -> tuple[str, str]:
        """Sensor and run."""
        return self.row["sensor"], self.row["run"]

    @property
    def sensor(self) -> str:
        """The sensor."""
        return str(self.row["sensor"])

    @property
    def start_ns(self) -> int:
        """When it began."""
        return int(self.row["start_ns"])

    @property
    def is_ended(self) -> bool:
        """False: it goes on, or was interrupted."""
        return self.row["end_ns"] is not None

    @property
    def is_live(self) -> bool:
        """True for a run that watched interfaces, False for a reading of files."""
        return bool(self.row["source"] == "interfaces")

    @property
    def about(self) -> Mapping[str, Any]:
        """What the run says about itself: `interfaces` or `files`, `conditions` and more."""
        about: Mapping[str, Any] = self.row["document"]["netmon"]
        return about


class UnrecordedRun(NamedTuple):
    """A run of which the store has flows, and no record of the run itself."""

    sensor: str
    run: str
    site: str | None
    first_ns: int
    last_ns: int


class PeriodRuns(NamedTuple):
    """The runs of a period, and all that the store knows."""

    inside: list[StoredRun]
    unrecorded: list[UnrecordedRun]
    known: list[StoredRun]

    @property
    def newest_ns(self) -> int | None:
        """The time of the latest record; None if there is none."""
        ends = [one.end_ns for one in self.known] + [one.last_ns for one in self.unrecorded]
        return max(ends, default=None)


def runs_of(reader: Reader, scope: Scope) -> PeriodRuns:
    """The runs of which there is a record in the period.

    A run without an end was interrupted, or goes on: its latest record says how far it came.
    """
    known = _known(reader, scope.sensor)
    inside = {one.key: one for one in known if _is_inside(one, scope)}
    further = {(one.sensor, one.run): one for one in _with_flows(reader, scope, inside.keys())}
    for one in known:
        flows = further.pop(one.key, None)
        if flows is not None:  # it was interrupted after its last view
            inside[one.key] = replace(one, end_ns=max(one.end_ns, flows.last_ns))
    return PeriodRuns([inside[one.key] for one in known if one.key in inside], list(further.values()), known)


def _is_inside(one: StoredRun, scope: Scope) -> bool:
    is_later = scope.since_ns is None or one.end_ns > scope.since_ns or one.start_ns >= scope.since_ns
    return is_later and (scope.until_ns is None or one.start_ns < scope.until_ns)


def _known(reader: Reader, sensor: str | None) -> list[StoredRun]:
    """All runs, in the order of their beginnings."""
    seen = dict(_last_views(reader))
    return [
        StoredRun(
            row,
            row["end_ns"] or max(row["start_ns"], seen.get((row["sensor"], row["run"]), row["start_ns"])),
            is_viewed=(row["sensor"], row["run"]) in seen,
        )
        for row in queries.rows(reader, "runs", Scope(sensor=sensor))
    ]


def _last_views(reader: Reader) -> list[tuple[tuple[str, str], int]]:
    query = "SELECT sensor, run, max(end_ns) FROM views GROUP BY sensor, run"
    return [((sensor, run), end_ns) for sensor, run, end_ns in reader.select(query, {})]


def _with_flows(reader: Reader, scope: Scope, known: Set[tuple[str, str]]) -> Iterator[UnrecordedRun]:
    """Other runs than those that are known, of which there are flows in a period."""
    query = (
        f"SELECT DISTINCT sensor, run FROM flows WHERE (:sensor IS NULL OR sensor = :sensor) AND {MAY_BE_IN}"
    )
    if set(reader.select(query, scope.values())) <= known:
        return
    query = f"""SELECT sensor, run, max(site), min(start_ns), max(last_ns) FROM (
{period(reader.dialect, ("sensor", "run", "site", "start_ns", "last_ns"), ())}) AS period
GROUP BY sensor, run ORDER BY sensor, run"""
    for row in reader.select(query, scope.values()):
        if row[:2] not in known:
            yield UnrecordedRun(*row)
