"""The schema of a store's file, and the steps from older ones to the current one.

A step is never changed once it was released: a new version of the schema is a further step.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from netmon.errors import StoreError
from netmon.store.tables import (
    CONDITIONS,
    COUNTED,
    COUNTS,
    ERASURES,
    EVIDENCE,
    FINDINGS,
    FLOWS,
    JUDGEMENTS,
    RUNS,
    VIEWS,
    StoreTable,
)

APPLICATION_ID = 0x6E6D6F6E
"""Says that a file of SQLite is a store of netmon: "nmon" in ASCII."""

_TYPES = {"text": "TEXT", "integer": "INTEGER", "json": "TEXT"}


def _make_tables(made: Sequence[StoreTable]) -> Iterator[str]:
    for table in made:
        yield make_table(table)
    for table in made:
        column, _ = table.age
        yield f"CREATE INDEX {table.name}_by_{column} ON {table.name} ({column})"


def make_table(table: StoreTable) -> str:
    """The statement that makes a table. Its rows are ordered by the key."""
    columns = ", ".join(
        f"{column.name} {_TYPES[column.kind]}{' NOT NULL' if column.name in table.key else ''}"
        for column in table.columns
    )
    return f"CREATE TABLE {table.name} ({columns}, PRIMARY KEY ({', '.join(table.key)})) WITHOUT ROWID"


STEPS: tuple[Callable[[], Iterator[str]], ...] = (
    partial(_make_tables, (RUNS, CONDITIONS, FLOWS, JUDGEMENTS, FINDINGS, VIEWS, EVIDENCE, ERASURES)),
    partial(_make_tables, (COUNTED, COUNTS)),
)
"""The steps from each version of the schema to the next one; 0 is an empty file."""


def migrate(connection: sqlite3.Connection, name: str) -> None:
    """Brings a file to the current schema. Raises StoreError, and sqlite3.Error."""
    if check(connection, name) == len(STEPS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in STEPS[check(connection, name) :]:  # another process may have been faster
            for statement in step():
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(STEPS)}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def check(connection: sqlite3.Connection, name: str, *, is_complete: bool = False) -> int:
    """The version of the schema in a file; 0 if it is empty. Raises StoreError for one of another program.

    `is_complete`: the schema must be the current one.
    """
    [version] = connection.execute("PRAGMA user_version").fetchone()
    [application] = connection.execute("PRAGMA application_id").fetchone()
    [tables] = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION_ID and tables:
        raise StoreError(f"{name}: a database of another program: name another file for the store")
    if version > len(STEPS):
        raise StoreError(
            f"{name}: written by a newer netmon (version {version} of its tables): use that one, or name "
            "another file for the store"
        )
    if is_complete and version < len(STEPS):
        raise StoreError(f"{name}: an empty store, or one of an older netmon: `netmon run` completes it")
    return int(version)
