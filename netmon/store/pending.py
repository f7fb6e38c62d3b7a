"""Rows that are not written yet: bounded, and one for each key, as in the store."""

from __future__ import annotations

from collections.abc import Iterable

from netmon.store.rows import StoreRow
from netmon.store.tables import Value

MAX_ROWS = 50_000
"""Enough for some minutes of a full disk; the totals of a flow are made good by its next report anyway."""

_Key = tuple[Value, ...]


class Pending:
    """Rows by table and key. Those that find no room are counted in `lost`."""

    def __init__(self, max_rows: int = MAX_ROWS) -> None:
        self.lost = 0
        self._max_rows = max_rows
        self._rows: dict[_Key, StoreRow] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, rows: Iterable[StoreRow]) -> None:
        """Adds rows, or replaces earlier ones with their keys."""
        for row in rows:
            table = row.table
            key = (table.name, *table.key_of(row.values))
            known = self._rows.get(key)
            if known is None and len(self._rows) >= self._max_rows:
                self.lost += 1
            elif known is None or not _is_older(row, known):
                self._rows[key] = row

    def rows(self) -> list[StoreRow]:
        """All rows, in the order in which their keys came."""
        return list(self._rows.values())

    def clear(self) -> None:
        """Forgets all rows: they are written."""
        self._rows.clear()


def _is_older(row: StoreRow, known: StoreRow) -> bool:
    return row.table.version_of(row.values) < row.table.version_of(known.values)
