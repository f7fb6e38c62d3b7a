"""What is too old, or too much, leaves the store in small steps, between which it can be written and read.

Pages that become free are given back to the file system step by step as well.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from netmon.days import DAY_NS
from netmon.store.connection import damaged
from netmon.store.rows import LAST_DAY
from netmon.store.sqlite import SqliteStore
from netmon.store.tables import FLOWS, RECORDS_OF_RUNS, TABLES, VIEWS, StoreTable

_ORDER = sorted(TABLES, key=(*RECORDS_OF_RUNS, VIEWS, *TABLES).index)
_ROWS_AT_ONCE = 500
_PAGES_AT_ONCE = 100
_SLACK = 0.9
"""A store that is too large shrinks to this part of its limit, so that not every row makes it so again."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How much is kept; 0: no limit."""

    days: int = 0
    max_bytes: int = 0


class Retention:
    """Removes what is beyond the limit: first the oldest days."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._is_shrinking = False

    def tidy(self, store: SqliteStore, today: int, budget_s: float, *, by_age: bool = True) -> bool:
        """Works for about this long; True if more is left to do. Raises sqlite3.Error.

        `by_age`: False if nothing may be removed for its age.
        """
        end_s = time.monotonic() + budget_s
        while self._step(store, today, by_age):
            if time.monotonic() >= end_s:
                return True
        return False

    def _step(self, store: SqliteStore, today: int, by_age: bool) -> bool:
        """One step, which takes some milliseconds. False if there is nothing to do."""
        if _give_back(store):
            return True
        if by_age and self._limit.days and _remove(store, today - self._limit.days + 1):
            return True
        if not self._is_too_large(store):
            return False
        aging = (table for table in TABLES if table not in RECORDS_OF_RUNS)
        oldest = min(filter(None, (_oldest_day(store, table) for table in aging)), default=None)
        if oldest is None:
            return False
        # Of the oldest days, only rows on which later ones build may be left.
        return any(_remove(store, day + 1) for day in range(oldest, today + 1))

    def _is_too_large(self, store: SqliteStore) -> bool:
        if not self._limit.max_bytes:
            return False
        part = _SLACK if self._is_shrinking else 1.0
        self._is_shrinking = used_bytes(store) > part * self._limit.max_bytes
        return self._is_shrinking


def used_bytes(store: SqliteStore) -> int:
    """The size of the file without its free pages."""
    pages, free, size = (
        int(store.value(f"PRAGMA {name}")) for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _oldest_day(store: SqliteStore, table: StoreTable) -> int | None:
    column, units = table.age
    oldest = store.value(f"SELECT min({column}) FROM {table.name}")
    if oldest is None:
        return None
    if not isinstance(oldest, int) or abs(oldest // units) > LAST_DAY:
        raise damaged(f"{table.name}.{column} is {oldest!r:.40}")
    return oldest // units


def _remove(store: SqliteStore, before_day: int) -> bool:
    """Removes some rows of earlier days. A flow that goes on keeps its own: later totals build on them.

    What a sensor could see leaves before its flows: of a day that has lost some, no report says that it was
    watched.
    """
    for table in _ORDER:
        column, units = table.age
        key = ", ".join(table.key)
        if table is FLOWS:
            goes_on = _has_nothing_later("flows", table, ("sensor", "run", "flow"))
        elif table in RECORDS_OF_RUNS:
            goes_on = "".join(_has_nothing_later(of, table, ("sensor", "run")) for of in ("flows", "views"))
        else:
            goes_on = ""
        chosen = f"SELECT {key} FROM {table.name} WHERE {column} < :before{goes_on} LIMIT {_ROWS_AT_ONCE}"
        statement = f"DELETE FROM {table.name} WHERE ({key}) IN ({chosen})"
        times = {"before": before_day * units, "before_day": before_day, "before_ns": before_day * DAY_NS}
        if store.execute(statement, {name: time for name, time in times.items() if f":{name}" in statement}):
            return True
    return False


def _has_nothing_later(of: str, table: StoreTable, same: tuple[str, ...]) -> str:
    """The condition that a row has nothing later in another table."""
    equal = " AND ".join(f"later.{name} = {table.name}.{name}" for name in same)
    later = {"flows": "later.day >= :before_day", "views": "later.end_ns > :before_ns"}[of]
    return f" AND NOT EXISTS (SELECT 1 FROM {of} AS later WHERE {equal} AND {later})"


def _give_back(store: SqliteStore) -> bool:
    """Gives some free pages back, if there are many."""
    free = int(store.value("PRAGMA freelist_count"))
    if free < _PAGES_AT_ONCE:
        return False
    for _ in store.select(f"PRAGMA incremental_vacuum({_PAGES_AT_ONCE})"):
        pass
    return int(store.value("PRAGMA freelist_count")) < free
