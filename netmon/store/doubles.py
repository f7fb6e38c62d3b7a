"""Flows that a store has already, from another run: a flow that is stored twice would count twice.

A flow is known by its server, its ports and the time of its first packet. They are compared by the day on
which they began: the day of a row is that of the latest packet, and a cut capture ends on another one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from netmon.days import DAY_NS
from netmon.errors import StoreError
from netmon.store.period import BEGAN_BEFORE
from netmon.store.queries import Reader
from netmon.store.rows import StoreRow
from netmon.store.tables import FLOWS

Run = tuple[str, str]
"""Sensor and run."""
_KEY = ("start_ns", "server", "server_port", "transport", "client_port")
_COLUMNS = ("sensor", "run", *_KEY)
_PLACES = tuple(map(FLOWS.names.index, _COLUMNS))
_SAME_DAY = f"day = :day AND NOT {BEGAN_BEFORE}"
_LASTING = f"{BEGAN_BEFORE} AND day > :day AND start_ns >= :since_ns AND start_ns < :until_ns"
"""Few rows: they are found without a look at the others, because both columns are in the index."""
_DAYS = 2
_SHARE = 10
"""One in so many flows of a sensor may begin in the same microsecond as one of another sensor."""


class Doubles(NamedTuple):
    """Flows of one run that another one has as well."""

    run: Run
    other: Run
    flows: int


class _Found(NamedTuple):
    """A flow: its run, and what it is known by."""

    run: Run
    key: int


def find_doubles(reader: Reader, new: Reader, replaced: Collection[Run]) -> Doubles | None:
    """The run that has most of the new flows, other than their own and those that are replaced.

    Other sensors may see a flow as well: they are only meant if they have many.
    """
    counts: Counter[tuple[Run, Run]] = Counter()
    totals: Counter[Run] = Counter()
    [(first_ns, last_ns)] = new.select("SELECT min(start_ns), max(start_ns) FROM flows", {})
    if first_ns is None:
        return None
    days = first_ns // DAY_NS, last_ns // DAY_NS
    coming, stored = _Beginnings(new, *days), _Beginnings(reader, *days)
    for day in coming.days():
        known = {one.key: one.run for one in stored.on(day) if one.run not in replaced}
        for run, key in coming.on(day):
            totals[run] += 1
            other = known.setdefault(key, run)
            counts[run, other] += other != run
    return _most({runs: flows for runs, flows in counts.items() if _is_meant(runs, flows, totals)})


def _most(counts: Mapping[tuple[Run, Run], int]) -> Doubles | None:
    found = [Doubles(*runs, flows) for runs, flows in counts.items() if flows]
    return max(found, key=lambda one: (one.flows, one), default=None)


def _is_meant(runs: tuple[Run, Run], flows: int, totals: Mapping[Run, int]) -> bool:
    (sensor, _), (other, _) = runs
    return sensor == other or flows * _SHARE >= totals[runs[0]]


class _Beginnings:
    """The flows of a store by the day on which they began, each once, however many days it has."""

    def __init__(self, reader: Reader, first_day: int, last_day: int) -> None:
        """Reads those of these days that lasted over a midnight; the others when they are asked for."""
        self._reader = reader
        self._runs: dict[Run, Run] = {}  # each is kept once
        self._lasting: dict[int, set[_Found]] = {}
        limits = {"since_ns": first_day * DAY_NS, "until_ns": (last_day + 1) * DAY_NS}
        for start_ns, one in self._select(_LASTING, {"day": first_day, **limits}):
            self._lasting.setdefault(start_ns // DAY_NS, set()).add(one)

    def days(self) -> list[int]:
        """All days on which flows began."""
        query = f"SELECT DISTINCT day FROM flows WHERE NOT {BEGAN_BEFORE}"
        return sorted({*self._lasting, *(int(day) for (day,) in self._reader.select(query, {}))})

    def on(self, day: int) -> Iterator[_Found]:
        """The flows that began on a day."""
        lasting = self._lasting.get(day, set())
        yield from lasting
        for _, one in self._select(_SAME_DAY, {"day": day}):
            if one not in lasting:
                yield one

    def _select(self, condition: str, values: Mapping[str, Any]) -> Iterator[tuple[int, _Found]]:
        query = f"SELECT {', '.join(_COLUMNS)} FROM flows WHERE {condition}"
        for sensor, run, *key in self._reader.select(query, values):
            one = self._runs.setdefault((sensor, run), (sensor, run))
            yield key[0], _Found(one, hash(tuple(key)))


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
                other = self._of_day(int(str(key[0])) // DAY_NS).get(hash(tuple(key)))
                if other is not None:
                    counts[(str(sensor), str(run)), other] += 1
        return _most(counts)

    def _of_day(self, day: int) -> Mapping[int, Run]:
        """The flows that began on a day. Of a few days they are kept, of those that were asked for last."""
        found = self._days.pop(day, None)
        if found is None:
            stored = _Beginnings(self._reader, day, day).on(day)
            found = {one.key: one.run for one in stored if one.run not in self._left_out}
            while len(self._days) >= _DAYS:
                del self._days[next(iter(self._days))]
        self._days[day] = found
        return found


def refusal(doubles: Doubles, where: str, then: str) -> StoreError:
    """What to say about doubles: where the store has them from, and what follows."""
    verb = "is" if doubles.flows == 1 else "are"
    flows = f"{doubles.flows:,} of the flows {verb} in the store already"
    return StoreError(f"{flows}, from {where}: {then}")
