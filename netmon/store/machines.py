"""How many distinct machines a period of time had: exactly where that is known, or else between which bounds.

Pseudonyms of different days cannot be compared, so flows alone say at least how many machines there were on
one day, and at most as many as on all days together. What sensors counted by counting period is exact for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from netmon.days import DAY_NS
from netmon.privacy.levels import CLIENT
from netmon.privacy.periods import period_kind
from netmon.store.period import START_DAY_NS
from netmon.store.period import period as rows_of
from netmon.store.queries import Reader, Scope


class PeriodMachines(NamedTuple):
    """The machines of a counting period."""

    period: str
    at_least: int
    at_most: int


class Machines(NamedTuple):
    """The machines of a period of time, and of the counting periods that are part of it."""

    at_least: int
    at_most: int | None  # None: not known, because some flows do not tell clients apart
    periods: tuple[PeriodMachines, ...] = ()

    @property
    def is_exact(self) -> bool:
        """True if there were exactly so many."""
        return self.at_least == self.at_most


def machines(reader: Reader, scope: Scope) -> dict[str, Machines]:
    """The machines of each vendor, by vendor. One is missing if no flow of it tells clients apart."""
    seen = _seen(reader, scope)
    counts = _counts(reader, scope)
    return {
        vendor: _machines(one, counts.get(vendor, ()), scope)
        for vendor, one in sorted(seen.items())
        if one.at_least
    }


def machines_of(
    reader: Reader, scope: Scope, vendor: str, judgements: Collection[int], of_vendor: Machines
) -> Machines | None:
    """Those of the vendor's machines that have a flow with one of these judgements; None as in `machines`.

    No sensor counts them, so that pseudonyms of several days give bounds.
    """
    seen = _seen(reader, replace(scope, vendor=vendor), judgements).get(vendor)
    if seen is None or not seen.at_least:
        return None
    most = [one for one in (seen.together if seen.is_clear else None, of_vendor.at_most) if one is not None]
    return Machines(seen.at_least, min(most, default=None))


@dataclass
class _SeenMachines:
    """What flows of a vendor say."""

    at_least: int = 0  # on one day
    together: int = 0  # on all days
    is_clear: bool = True  # each flow tells its client
    addresses: int = 0  # clients that are shown as such
    by_day: dict[tuple[str, int], int] = field(default_factory=dict)  # pseudonyms by sensor and day
    runs: dict[tuple[str, int], set[str]] = field(default_factory=dict)  # by sensor and day


@dataclass
class _Count:
    """What sensors counted of a vendor in a counting period."""

    period: str
    first: int
    last: int
    since_day: dict[str, int] = field(default_factory=dict)  # by sensor all of whose runs are counted
    runs: set[tuple[str, str]] = field(default_factory=set)  # readings of files that are counted
    at_least: dict[str, int] = field(default_factory=dict)  # by key
    at_most: dict[str, int] = field(default_factory=dict)
    is_complete: bool = True

    def has(self, seen: _SeenMachines, sensor: str, day: int) -> bool:
        """True if it has the machines of a sensor on a day."""
        if not self.first <= day <= self.last:
            return False
        since_day = self.since_day.get(sensor)
        is_counted = since_day is not None and since_day <= day
        return is_counted or all((sensor, run) in self.runs for run in seen.runs[sensor, day])


def _machines(seen: _SeenMachines, counts: Sequence[_Count], scope: Scope) -> Machines:
    inside = [one for one in counts if _is_inside(one, scope)]
    # Periods of one kind do not overlap. If the setting was changed, each kind gives bounds of its own.
    kinds = {period_kind(one.period) for one in counts}
    bounds = [_at_most(seen, [one for one in counts if period_kind(one.period) == kind]) for kind in kinds]
    at_least = max([seen.at_least, *(n for one in inside for n in one.at_least.values())])
    at_most = max(at_least, min([seen.together, *bounds])) if seen.is_clear else None
    return Machines(at_least, at_most, tuple(_period(seen, one) for one in inside) if seen.is_clear else ())


def _is_inside(one: _Count, scope: Scope) -> bool:
    is_since = scope.since_ns is None or scope.since_ns <= one.first * DAY_NS
    return is_since and (scope.until_ns is None or (one.last + 1) * DAY_NS <= scope.until_ns)


def _at_most(seen: _SeenMachines, counts: Sequence[_Count]) -> int:
    """The machines of these counting periods, or of their days, and of the days that are in none."""
    total, left = 0, dict(seen.by_day)
    for one in counts:
        days = [key for key in left if one.has(seen, *key)]
        by_days = sum(left.pop(key) for key in days)
        total += min(by_days, sum(one.at_most.values())) if one.is_complete else by_days
    return total + sum(left.values()) + seen.addresses


def _period(seen: _SeenMachines, one: _Count) -> PeriodMachines:
    days = {key: n for key, n in seen.by_day.items() if one.first <= key[1] <= one.last}
    others = sum(n for key, n in days.items() if not one.has(seen, *key))
    at_least = max(one.at_least.values())
    counted = sum(one.at_most.values()) if one.is_complete else max(sum(days.values()), at_least)
    return PeriodMachines(one.period, at_least, counted + others + seen.addresses)


def _seen(
    reader: Reader, scope: Scope, judgements: Collection[int] | None = None
) -> dict[str, _SeenMachines]:
    """What flows say by vendor: all, or those with these judgements."""
    is_pseudonym = f"client LIKE '{CLIENT}%'"
    columns = ["vendor", "sensor", "run", "day", "client", START_DAY_NS]
    chosen = ""
    if judgements is not None:
        columns.append("judgement")
        chosen = f"WHERE judgement IN ({', '.join(map(str, judgements)) or 'NULL'})"
    query = f"""WITH seen AS (
  SELECT DISTINCT vendor, sensor, run, day, client, {START_DAY_NS} AS start_day
  FROM ({rows_of(reader.dialect, columns, (), is_distinct=True)}) AS period {chosen}
), clear AS (
  SELECT * FROM seen WHERE client IS NOT NULL AND client NOT LIKE '%/%'
)
SELECT DISTINCT 'run' AS what, vendor, sensor, run, day, 0 AS number FROM seen
UNION ALL SELECT 'unclear', vendor, '', '', 0, count(*) FROM seen
  WHERE client IS NULL OR client LIKE '%/%' GROUP BY vendor
UNION ALL SELECT 'day', vendor, sensor, '', day, count(DISTINCT client) FROM clear
  WHERE {is_pseudonym} GROUP BY vendor, sensor, day
UNION ALL SELECT 'addresses', vendor, sensor, '', 0, count(DISTINCT client) FROM clear
  WHERE NOT {is_pseudonym} GROUP BY vendor, sensor
UNION ALL SELECT 'together', vendor, sensor, '', 0, count(DISTINCT client) FROM clear GROUP BY vendor, sensor
UNION ALL SELECT 'once', vendor, sensor, '', 0, max(number) FROM (
  SELECT vendor, sensor, count(DISTINCT client) AS number FROM clear
  GROUP BY vendor, sensor, CASE WHEN {is_pseudonym} THEN run ELSE '' END,
    CASE WHEN {is_pseudonym} THEN start_day ELSE 0 END
) AS once GROUP BY vendor, sensor"""
    found: dict[str, _SeenMachines] = {}
    for what, vendor, sensor, run, day, number in reader.select(query, scope.values()):
        one = found.setdefault(vendor, _SeenMachines())
        if what == "run":
            one.runs.setdefault((sensor, day), set()).add(run)
        elif what == "unclear":
            one.is_clear = False
        elif what == "day":
            one.by_day[sensor, day] = number
        elif what == "addresses":
            one.addresses += number
        elif what == "together":
            one.together += number
        else:
            one.at_least = max(one.at_least, number)
    return found


_OF_SCOPE = """(:sensor IS NULL OR sensor = :sensor) AND (:vendor IS NULL OR vendor = :vendor)
  AND (:since_day IS NULL OR day >= :since_day)"""


def _counts(reader: Reader, scope: Scope) -> Mapping[str, Sequence[_Count]]:
    """What was counted of each vendor, by period. Periods that begin after the scope do no harm."""
    found: dict[tuple[str, str], _Count] = {}
    for vendor, period, sensor, run, key, first, last, since_ns, *numbers in _of_sensors(reader, scope):
        one = found.setdefault((vendor, period), _Count(period, first, last))
        if since_ns is not None:
            since_day = _first_complete_day(reader, sensor, since_ns)
            one.since_day[sensor] = max(since_day, one.since_day.get(sensor, since_day))
        one.runs.add((sensor, run))
        machines_there, is_complete, records = numbers
        one.is_complete = one.is_complete and bool(is_complete)
        one.at_least[key] = max(one.at_least.get(key, 0), machines_there)
        # Machines whose records were erased, or are still to come, may be any.
        one.at_most[key] = one.at_most.get(key, 0) + max(0, machines_there - records)
    distinct = f"""SELECT vendor, period, key_id, count(DISTINCT client) FROM counted
WHERE {_OF_SCOPE} GROUP BY vendor, period, key_id"""
    for vendor, period, key, number in reader.select(distinct, scope.values()):
        counted = found.get((vendor, period))
        if counted is not None:
            counted.at_least[key] = max(counted.at_least.get(key, 0), number)
            counted.at_most[key] = counted.at_most.get(key, 0) + number
    by_vendor: dict[str, list[_Count]] = {}
    for (vendor, _), one in sorted(found.items()):
        by_vendor.setdefault(vendor, []).append(one)
    return by_vendor


def _first_complete_day(reader: Reader, sensor: str, since_ns: int) -> int:
    """The first day all of whose flows were counted by a sensor that counted from this time on."""
    day = since_ns // DAY_NS
    query = "SELECT count(*) FROM flows WHERE sensor = :sensor AND day = :day AND last_ns < :since_ns"
    [(earlier,)] = reader.select(query, {"sensor": sensor, "day": day, "since_ns": since_ns})
    return day + 1 if earlier else day


def _of_sensors(reader: Reader, scope: Scope) -> Iterator[tuple[Any, ...]]:
    """The numbers of each sensor, with the number of records that there are for them."""
    key = "sensor, run, period, vendor, key_id"
    query = f"""WITH records AS (
  SELECT {key}, count(*) AS number FROM counted WHERE {_OF_SCOPE} GROUP BY {key}
)
SELECT vendor, period, sensor, run, key_id, first_day, day, since_ns, machines, is_complete,
  coalesce(number, 0)
FROM counts LEFT JOIN records USING ({key})
WHERE {_OF_SCOPE} ORDER BY vendor, period, sensor, run, key_id"""
    yield from reader.select(query, scope.values())
