"""Flows that a store has already, from another run: a flow that is stored twice would count twice.

A flow is known by its server, its ports and the time of its first packet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from netmon.errors import StoreError
from netmon.store.queries import Reader
from netmon.store.rows import StoreRow
from netmon.store.tables import FLOWS

Run = tuple[str, str]
"""Sensor and run."""
_KEY = ("start_ns", "server", "server_port", "transport", "client_port")
_FROM, _DAY = ("sensor", "run"), "day"
_PLACES = tuple(map(FLOWS.names.index, (*_FROM, *_KEY)))
_DAY_PLACE = FLOWS.names.index(_DAY)
_DAYS = 2
_SHARE = 10
"""One in so many flows of a sensor may begin in the same microsecond as one of another sensor."""


class Doubles(NamedTuple):
    """Flows of one run that another one has as well."""

    run: Run
    other: Run
    flows: int


def find_doubles(reader: Reader, new: Reader, replaced: Collection[Run]) -> Doubles | None:
    """The run that has most of the new flows, other than their own and those that are replaced.

    Other sensors may see a flow as well: they are only meant if they have many.
    """
    counts: Counter[tuple[Run, Run]] = Counter()
    totals: Counter[Run] = Counter()
    for (day,) in list(new.select(f"SELECT DISTINCT {_DAY} FROM flows ORDER BY {_DAY}", {})):
        known = _flows_of(reader, day, replaced)
        for sensor, run, *key in new.select(_query(), {"day": day}):
            one = sensor, run
            totals[one] += 1
            other = known.setdefault(hash(tuple(key)), one)
            counts[one, other] += other != one
    return _most({runs: flows for runs, flows in counts.items() if _is_meant(runs, flows, totals)})


def _most(counts: Mapping[tuple[Run, Run], int]) -> Doubles | None:
    found = [Doubles(*runs, flows) for runs, flows in counts.items() if flows]
    return max(found, key=lambda one: (one.flows, one), default=None)


def _is_meant(runs: tuple[Run, Run], flows: int, totals: Mapping[Run, int]) -> bool:
    (sensor, _), (other, _) = runs
    return sensor == other or flows * _SHARE >= totals[runs[0]]


def _query() -> str:
    return f"SELECT {', '.join((*_FROM, *_KEY))} FROM flows WHERE {_DAY} = :day"


def _flows_of(reader: Reader, day: int, left_out: Collection[Run]) -> dict[int, Run]:
    """The runs that have the flows of a day, by what a flow is known by."""
    names: dict[Run, Run] = {}  # each run is kept once
    found: dict[int, Run] = {}
    for sensor, run, *key in reader.select(_query(), {"day": day}):
        one = names.setdefault((sensor, run), (sensor, run))
        if one not in left_out:
            found[hash(tuple(key))] = one
    return found


class ComparedFlows:
    """Compares the flows of one run with those of others, as they come."""

    def __init__(self, reader: Reader, left_out: Collection[Run]) -> None:
        """`left_out`: the run itself, and those that it replaces."""
        self._reader = reader
        self._left_out = left_out
        self._days: dict[int, dict[int, Run]] = {}

    def find(self, rows: Iterable[StoreRow]) -> Doubles | None:
        """The other run that has most of these flows, as it was when a flow of their day came first."""
        counts: Counter[tuple[Run, Run]] = Counter()
        for row in rows:
            if row.table is FLOWS:
                sensor, run, *key = (row.values[place] for place in _PLACES)
                other = self._of_day(row.values[_DAY_PLACE]).get(hash(tuple(key)))
                if other is not None:
                    counts[(str(sensor), str(run)), other] += 1
        return _most(counts)

    def _of_day(self, day: object) -> Mapping[int, Run]:
        number = int(str(day))
        if number not in self._days:
            while len(self._days) >= _DAYS:
                del self._days[next(iter(self._days))]
            self._days[number] = _flows_of(self._reader, number, self._left_out)
        return self._days[number]


def refusal(doubles: Doubles, where: str, then: str) -> StoreError:
    """What to say about doubles: where the store has them from, and what follows."""
    verb = "is" if doubles.flows == 1 else "are"
    flows = f"{doubles.flows:,} of the flows {verb} in the store already"
    return StoreError(f"{flows}, from {where}: {then}")
