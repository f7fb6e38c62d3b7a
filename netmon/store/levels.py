"""The privacy level at which a store holds clients.

What is stored decides, not what the record of a run says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from netmon.errors import LevelError
from netmon.privacy.levels import ADDRESS, CLIENT, NETWORK, NOTHING, PSEUDONYM
from netmon.store.doubles import Run
from netmon.store.period import MAY_BE_IN
from netmon.store.queries import Reader, Scope
from netmon.store.rows import StoreRow
from netmon.store.runs import runs_of
from netmon.store.tables import FLOWS, RUNS, Value

STORED = ("addresses", "pseudonyms", "networks", "nothing")
"""What clients are stored as, by level."""
_MOST_RUNS = 100_000
_LEVEL = f"""CASE WHEN client_mac IS NOT NULL OR client_host IS NOT NULL THEN {ADDRESS}
    WHEN client IS NULL THEN {NOTHING} WHEN client LIKE '{CLIENT}%' THEN {PSEUDONYM}
    WHEN client LIKE '%/%' THEN {NETWORK} ELSE {ADDRESS} END"""
"""The level that the client of a row of `flows` has, in SQL as in `_level_of`."""
_PLACES = tuple(map(FLOWS.names.index, ("client", "client_mac", "client_host")))
_PRIVACY = RUNS.names.index("privacy")


def lowest_level(reader: Reader, scope: Scope) -> int:
    """The level of the clients that are hidden least, and of the runs; NOTHING if there are none."""
    recorded = (one.row["privacy"] for one in runs_of(reader, scope).inside)
    levels = [int(level) for level in recorded if level is not None]
    return min((*levels, *levels_by_run(reader, scope).values()), default=NOTHING)


def levels_of(reader: Reader) -> tuple[int, ...]:
    """The levels of the runs and clients that are stored."""
    queries = (
        "SELECT DISTINCT privacy FROM runs WHERE privacy IS NOT NULL",
        f"SELECT DISTINCT {_LEVEL} AS level FROM flows",
    )
    return tuple(sorted({int(level) for query in queries for (level,) in reader.select(query, {})}))


def levels_by_run(reader: Reader, scope: Scope) -> dict[Run, int]:
    """The level of the clients that are hidden least, of each run with flows in a period."""
    query = f"""SELECT sensor, run, min({_LEVEL}) FROM flows
WHERE (:sensor IS NULL OR sensor = :sensor) AND {MAY_BE_IN} GROUP BY sensor, run"""
    return {(sensor, run): int(level) for sensor, run, level in reader.select(query, scope.values())}


def _level_of(values: Sequence[Value]) -> int:
    client, mac, host = (values[place] for place in _PLACES)
    if mac is not None or host is not None:
        return ADDRESS
    if client is None:
        return NOTHING
    text = str(client)
    return PSEUDONYM if text.startswith(CLIENT) else NETWORK if "/" in text else ADDRESS


class RunLevels:
    """The level of each run: events at another one, such as those of a second reading, are refused."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._known: dict[Run, int] = {}

    def check(self, rows: Iterable[StoreRow]) -> None:
        """Raises LevelError for the rows of an event whose run has, or had before them, another level."""
        for table, values in rows:
            if table is FLOWS:
                level = _level_of(values)
            elif table is RUNS:
                level = int(str(values[_PRIVACY]))
            else:
                continue
            run = str(values[0]), str(values[1])
            known = self._level_of_run(run, level)
            if level != known:
                raise LevelError(
                    f"clients of run {run[1]} of the sensor {run[0]} are stored as {STORED[known]} (level "
                    f"{known}), and come as {STORED[level]} (level {level})"
                )

    def check_all(self, staged: Reader) -> None:
        """As `check`, for what is staged: all rows of a run have one level."""
        for table in (RUNS, FLOWS):
            query = f"SELECT {', '.join(table.names)} FROM {table.name} GROUP BY sensor, run"
            self.check(StoreRow(table, values) for values in staged.select(query, {}))

    def _level_of_run(self, run: Run, otherwise: int) -> int:
        """The level of a run; that of its first event if the store has nothing of it."""
        known = self._known.get(run)
        if known is None:
            if len(self._known) >= _MOST_RUNS:
                del self._known[next(iter(self._known))]
            known = self._known[run] = self._stored(run, otherwise)
        return known

    def _stored(self, run: Run, otherwise: int) -> int:
        """Of a run, one flow tells it: all have the same."""
        for query in (
            f"SELECT {_LEVEL} AS level FROM flows WHERE sensor = :sensor AND run = :run LIMIT 1",
            "SELECT privacy FROM runs WHERE sensor = :sensor AND run = :run AND privacy IS NOT NULL",
        ):
            for (level,) in self._reader.select(query, {"sensor": run[0], "run": run[1]}):
                return int(level)
        return otherwise
