"""The schema of a store's file, and the steps from older ones to the current one.

A step is never changed once it was released: a new version of the schema is a further step.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from netmon.errors import StoreError
from netmon.store.connection import NO_DATABASE, SqliteConnection, damaged
from netmon.store.judgements import identify
from netmon.store.tables import COUNTED, COUNTS, FINDINGS, FLOWS, JUDGEMENTS, TABLES, StoreTable

APPLICATION_ID = 0x6E6D6F6E
"""Says that a file of SQLite is a store of netmon: "nmon" in ASCII."""

_TYPES = {"text": "TEXT", "integer": "INTEGER", "json": "TEXT"}


_AGES = {FLOWS: "day, sensor, judgement, start_ns, last_ns, sent_bytes, received_bytes"}
"""What an index on the age of rows has besides, so that reports need not read the rows."""
_HAVE_ROWID = (FINDINGS,)
"""Tables whose rows are too large for SQLite's trees of keys: there, half of each page would stay empty."""


def _make_tables(*tables: StoreTable) -> Iterator[str]:
    for table in tables:
        yield make_table(table)
        yield from _make_indexes(table)


def make_table(table: StoreTable) -> str:
    """The statement that makes a table. Its rows are ordered by the key, unless they are large."""
    columns = ", ".join(
        f"{column.name} {_TYPES[column.kind]}{' NOT NULL' if column.name in table.key else ''}"
        for column in table.columns
    )
    made = f"CREATE TABLE {table.name} ({columns}, PRIMARY KEY ({', '.join(table.key)}))"
    return made if table in _HAVE_ROWID else f"{made} WITHOUT ROWID"


def _make_indexes(table: StoreTable) -> Iterator[str]:
    column, _ = table.age
    yield f"CREATE INDEX {table.name}_by_{column} ON {table.name} ({_AGES.get(table, column)})"
    if table is FLOWS:  # for the few of them that are DNS to such a resolver
        yield "CREATE INDEX flows_to_resolvers ON flows (server) WHERE fallback IS NOT NULL"


def _make_counts() -> Iterator[str]:
    """Machines are counted."""
    yield from _make_tables(COUNTED, COUNTS)


def _make_all() -> Iterator[str]:
    yield from _make_tables(*TABLES)


def _number_judgements() -> Iterator[str]:
    """Judgements are numbers instead of texts, and findings no longer repeat theirs."""
    for table in (JUDGEMENTS, FLOWS, FINDINGS):
        before = f"{table.name}_before"
        yield f"DROP INDEX {table.name}_by_day"
        yield f"ALTER TABLE {table.name} RENAME TO {before}"
        yield make_table(table)
        chosen = [_AS_NUMBERS.get((table.name, name), name) for name in table.names]
        yield f"INSERT INTO {table.name} SELECT {', '.join(chosen)} FROM {before}"
        yield f"DROP TABLE {before}"
        yield from _make_indexes(table)


_AS_NUMBERS = {
    ("judgements", "id"): "judgement_number(id)",
    ("flows", "judgement"): "judgement_number(judgement)",
    # The events of these findings are complete, and stay so.
    ("findings", "judgement"): "NULL",
    ("findings", "numbers"): "NULL",
}


def _judgement_number(text: str | None) -> int | None:
    return None if text is None else identify(bytes.fromhex(text))


STEPS: tuple[Callable[[], Iterator[str]], ...] = (_make_counts, _number_judgements)
"""The steps from each version of the schema, of which 1 is the first, to the next one."""
VERSION = 1 + len(STEPS)
UPDATE = "`netmon run` and `netmon store import` bring it up to date"
"""What to do with an older file: whatever writes to it migrates it."""


def migrate(connection: sqlite3.Connection, name: str) -> None:
    """Brings a file to the current schema. Raises StoreError, and sqlite3.Error."""
    if check(connection, name) == VERSION:
        return
    connection.create_function("judgement_number", 1, _judgement_number, deterministic=True)
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = check(connection, name)  # another process may have been faster
        for step in STEPS[version - 1 :] if version else (_make_all,):
            for statement in step():
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def migrated_copy(connection: sqlite3.Connection, name: str) -> SqliteConnection:
    """The current schema of an older file, which stays as it is, in a temporary one without a name.

    Raises StoreError if there is no room for it, and sqlite3.Error for a damaged file.
    """
    copy = sqlite3.connect("", isolation_level=None, check_same_thread=False, factory=SqliteConnection)
    try:
        copy.execute("PRAGMA trusted_schema = OFF")
        connection.backup(copy)
        migrate(copy, name)
    except sqlite3.OperationalError as error:
        copy.close()
        raise StoreError(
            f"{name}: of an older netmon, and {error} in the temporary copy that would be read: name a "
            f"folder with more room in SQLITE_TMPDIR; {UPDATE}"
        ) from error
    except BaseException:
        copy.close()
        raise
    return copy


def check(connection: sqlite3.Connection, name: str) -> int:
    """The version of the schema in a file; 0 if it is empty. Raises StoreError for one of another program.

    Raises sqlite3.Error for a damaged file.
    """
    [version] = connection.execute("PRAGMA user_version").fetchone()
    [application] = connection.execute("PRAGMA application_id").fetchone()
    [tables] = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION_ID and (tables or _is_byte(Path(name))):
        raise StoreError(f"{name}: {NO_DATABASE}")
    if version > VERSION:
        raise StoreError(
            f"{name}: written by a newer netmon (version {version} of its tables): use that one, or name "
            "another file for the store"
        )
    if version == VERSION and application == APPLICATION_ID:
        _check_tables(connection)
    return int(version)


def _is_byte(path: Path) -> bool:
    """True for a file of one byte, which SQLite takes for an empty one, and would overwrite."""
    return path.is_file() and path.stat().st_size == 1


def _check_tables(connection: sqlite3.Connection) -> None:
    """Raises sqlite3.Error if a table or column has lost its name: later, that would look like a mistake."""
    try:
        for table in TABLES:
            connection.execute(f"SELECT {', '.join(table.names)} FROM {table.name} LIMIT 0")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:
            raise damaged(str(error)) from error
        raise
