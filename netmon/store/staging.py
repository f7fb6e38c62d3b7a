"""Rows that wait until all of them are known: then a store gets all of them at once, or none.

What a reading replaces stays until it has ended, and what is in the store already is recognised before
anything is written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from netmon.errors import StoreError
from netmon.store.rows import StoreRow
from netmon.store.sqlite import TEMPORARY, SqliteStore
from netmon.store.tables import TABLES


class Stage:
    """Takes rows as a store does. Its file has no name, so it goes with the process, however that ends."""

    def __init__(self, name: str) -> None:
        """`name`: of the store, for messages."""
        self.store = SqliteStore(TEMPORARY)
        self._name = name

    def write(self, rows: Iterable[StoreRow]) -> None:
        """Takes rows. Raises StoreError."""
        try:
            self.store.write(rows)
        except sqlite3.Error as error:
            raise StoreError(
                f"{self._name}: nothing was stored: {error} in the temporary file in which rows wait: name a "
                "folder with more room in SQLITE_TMPDIR"
            ) from error

    def rows(self) -> Iterator[StoreRow]:
        """All rows, by table."""
        for table in TABLES:
            for values in self.store.select(f"SELECT {', '.join(table.names)} FROM {table.name}"):
                yield StoreRow(table, values)


@contextmanager
def staged(name: str) -> Iterator[Stage]:
    """A stage for the store of this name. Raises StoreError in place of the errors of SQLite."""
    try:
        stage = Stage(name)
        try:
            yield stage
        finally:
            stage.store.close()
    except sqlite3.Error as error:
        raise StoreError(f"{name}: {error}: nothing was stored") from error
