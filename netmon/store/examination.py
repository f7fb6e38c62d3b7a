"""What is wrong with a store whose values a reader cannot use: a row that netmon does not write.

SQLite notices when the structure of a file is damaged, but not when a value of it is.
"""

from __future__ import annotations

from netmon.errors import EventError
from netmon.store.rows import StoreRow, check_row
from netmon.store.sqlite import SqliteStore
from netmon.store.tables import TABLES

WRONG_VALUE = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError)
"""What a program raises that was given a value of another type, or beyond any range."""


def examine(store: SqliteStore) -> str | None:
    """The first problem of the whole store; None if there is none. Raises sqlite3.Error."""
    found = store.value(
        "PRAGMA integrity_check(1)"
    )  # unlike a quick one, it compares indexes with their tables
    if found != "ok":
        return str(found)
    for table in TABLES:
        for values in store.select(f"SELECT {', '.join(table.names)} FROM {table.name}"):
            try:
                check_row(StoreRow(table, values))
            except EventError as error:
                return str(error)
    return None
