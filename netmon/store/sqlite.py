"""The store in a file of SQLite, or in memory: the same tables, for one machine."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from netmon.errors import MovedStoreError, StoreError, reason_of
from netmon.file_version import FileVersion, file_version
from netmon.store.connection import SqliteConnection, read_by_another, telling_damage
from netmon.store.dialect import SQLITE
from netmon.store.held_file import LOG, HeldFile
from netmon.store.migrations import UPDATE, VERSION, check, migrate, migrated_copy
from netmon.store.rows import StoreRow
from netmon.store.tables import TABLES_OF_RUNS, StoreTable, Value

MEMORY = ":memory:"
TEMPORARY = ""
"""A file without a name, which SQLite makes when it needs one: it goes with the connection."""
_WAIT_S = 0.5
_PURGE_TRIES, _PURGE_EVERY_S = 20, 0.1


class _Checkpoint(NamedTuple):
    """What became of the log."""

    is_complete: bool  # all of it is in the file
    is_emptied: bool


class SqliteStore:
    """An open store. All its errors are `sqlite3.Error`, apart from those of the constructor."""

    dialect = SQLITE

    def __init__(
        self,
        path: Path | str,
        *,
        is_read_only: bool = False,
        wait_s: float | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        """Opens the file, and makes or migrates its tables. Raises StoreError and sqlite3.Error.

        `wait_s`: how long a write waits for another program that has locked the file. A new file is its
        user's alone, as are those that SQLite keeps beside it. `is_read_only`: all that is read is of one
        moment. `tell`: if a file of an older netmon is only read, a copy is migrated in its place, and this
        is told.
        """
        self.file = None if is_read_only or str(path) in (MEMORY, TEMPORARY) else HeldFile(Path(path))
        self._name = str(path)
        self._at_rest = _version_at_rest(Path(path)) if is_read_only else None
        self._upserts: dict[str, str] = {}
        try:
            self._connection = _connect(path, is_read_only, wait_s, is_at_rest=self._at_rest is not None)
        except BaseException:
            self._close_file()
            raise
        try:
            self._connection.execute("PRAGMA trusted_schema = OFF")  # a file may come from anyone
            if is_read_only:  # all that is read is of one moment, whoever writes meanwhile
                self._connection.execute("BEGIN")
            version = check(self._connection, str(path))  # before anything is changed
            if not is_read_only:
                self._prepare(str(path))
            elif version < VERSION:
                self._read_copy(str(path), version, tell)
        except BaseException:
            self.close()
            raise

    def _prepare(self, name: str) -> None:
        # A new file is given back page by page when rows are deleted (see `retention`).
        for pragma in (
            "auto_vacuum=INCREMENTAL",
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "temp_store=MEMORY",
        ):
            self._connection.execute(f"PRAGMA {pragma}")
        migrate(self._connection, name)
        if self.file is not None:
            self.file.note_log()

    def _read_copy(self, name: str, version: int, tell: Callable[[str], None] | None) -> None:
        """Reads a copy of an older file. Raises StoreError for an empty one, and without `tell`."""
        if not version:
            raise StoreError(f"{name}: empty: `netmon run` and `netmon read --store FILE` make a store of it")
        if tell is None:
            raise StoreError(f"{name}: of an older netmon: {UPDATE}")
        tell(f"{name}: of an older netmon, so a temporary copy is read: {UPDATE}")
        older, self._connection = self._connection, migrated_copy(self._connection, name)
        older.close()

    def write(self, rows: Iterable[StoreRow]) -> None:
        """Writes rows in one transaction: all or none. What is stored already changes nothing."""
        by_table: dict[StoreTable, list[tuple[Value, ...]]] = {}
        shared: set[tuple[Value, ...]] = set()
        for table, values in rows:
            if table.is_shared:  # nearly all of them are there already
                known = len(shared)
                shared.add((table.name, table.version_of(values), *table.key_of(values)))
                if len(shared) == known:
                    continue
            by_table.setdefault(table, []).append(values)
        with self.changing():
            for table, chosen in by_table.items():
                self._connection.executemany(self._upsert(table), chosen)

    def select(self, query: str, values: Mapping[str, Any] | Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows that a query gives; `:name` in it stands for a value."""
        cursor = self._connection.execute(query, values)
        with telling_damage():
            for row in cursor:  # noqa: UP028  # `yield from` closes the cursor, maybe after the connection
                yield row

    def execute(self, statement: str, values: Mapping[str, Any] | Sequence[Any] = ()) -> int:
        """Executes a statement; returns the number of rows that it changed."""
        return self._connection.execute(statement, values).rowcount

    @contextmanager
    def changing(self) -> Iterator[None]:
        """A transaction: nobody else writes in between, and all of it is done or nothing."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self.execute("ROLLBACK")
            raise

    @contextmanager
    def erasing(self) -> Iterator[None]:
        """A transaction; what is deleted in it is overwritten."""
        self.execute("PRAGMA secure_delete = ON")
        with self.changing():
            yield

    def foreign_changes(self) -> int:
        """A number that is another one after another program has changed the store."""
        return int(self.value("PRAGMA data_version"))

    def among(self, name: str, values: Collection[str]) -> tuple[str, dict[str, Any]]:
        """The condition that a column has one of some values."""
        return f"{name} IN (SELECT value FROM json_each(:among))", {"among": json.dumps(sorted(values))}

    def delete(self, table: str, condition: str, values: Mapping[str, Any]) -> int:
        """Deletes rows; returns how many there were."""
        return self.execute(f"DELETE FROM {table} WHERE {condition}", values)

    def put(self, table: StoreTable, values: Sequence[Any]) -> None:
        """Adds a row, in a transaction that is open."""
        self.execute(self._upsert(table), values)

    def purge(self) -> bool:
        """Whether nothing is left in the write-ahead log; something is while another process reads.

        It is tried for a while, without a wait that would keep others from writing.
        """
        [(wait_ms,)] = self.select("PRAGMA busy_timeout")
        self.execute("PRAGMA busy_timeout = 0")
        try:
            for _ in range(_PURGE_TRIES):
                if self._checkpoint().is_emptied:
                    return True
                time.sleep(_PURGE_EVERY_S)
            return False
        finally:
            self.execute(f"PRAGMA busy_timeout = {wait_ms}")

    def keep_days(self) -> int | None:
        """None: a file says nothing about its retention."""
        return None

    def replace(self, runs: Iterable[tuple[str, str]], rows: Iterable[StoreRow]) -> None:
        """Removes what is stored of runs, by sensor and name, and writes rows; within `changing`."""
        for one in runs:
            for table in TABLES_OF_RUNS:
                self.execute(f"DELETE FROM {table.name} WHERE sensor = ? AND run = ?", one)
        for table, some in groupby(rows, key=lambda row: row.table):
            self._connection.executemany(self._upsert(table), (row.values for row in some))

    def value(self, query: str, values: Mapping[str, Any] | Sequence[Any] = ()) -> Any:
        """The only value that a query gives; None if it gives no row."""
        row = next(self.select(query, values), None)
        return row[0] if row else None

    def complete_file(self, *, and_empty_log: bool = False) -> None:
        """Moves what is in the log beside the file into the file itself.

        Raises sqlite3.Error if another process still reads what the file was before, or with `and_empty_log`
        anything of the log.
        """
        done = self._checkpoint()
        if not (done.is_emptied if and_empty_log else done.is_complete):
            raise read_by_another()

    def _checkpoint(self) -> _Checkpoint:
        try:
            [(is_busy, frames, moved)] = self.select("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            return _Checkpoint(False, False)
        return _Checkpoint(frames == moved and not (is_busy and frames < 0), not is_busy)

    def has_whole_log(self) -> bool:
        """False if a part of the log is gone that is not in the file."""
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.Error:
            return False
        return True

    def ensure_in_place(self) -> None:
        """Raises MovedStoreError if the file, or its log, was moved or removed while it was open.

        What was written until then is in the file.
        """
        file = self.file
        if file is None or (file.is_in_place and file.has_log):
            return
        self.complete_file(and_empty_log=file.is_in_place)
        file.remove_log()
        raise MovedStoreError(f"{self._name}: was moved or removed while it was open: start again")

    def ensure_at_rest(self) -> None:
        """Raises StoreError if a file was written while it was read as one that nobody writes."""
        if self._at_rest is not None and file_version(Path(self._name)) != self._at_rest:
            raise StoreError(f"{self._name}: was written while it was read: try again")

    def close(self) -> None:
        """Closes the file; what was written is in it."""
        try:
            self._connection.close()
        finally:
            self._close_file()

    def _close_file(self) -> None:
        if self.file is not None:
            self.file.close()

    def _upsert(self, table: StoreTable) -> str:
        known = self._upserts.get(table.name)
        if known is None:
            known = self._upserts[table.name] = make_upsert(table)
        return known


def _connect(
    path: Path | str, is_read_only: bool, wait_s: float | None, *, is_at_rest: bool
) -> sqlite3.Connection:
    return sqlite3.connect(
        _uri_to_read(Path(path), is_at_rest=is_at_rest) if is_read_only else path,
        uri=is_read_only,
        timeout=_WAIT_S if wait_s is None else wait_s,
        isolation_level=None,
        check_same_thread=False,
        factory=SqliteConnection,
    )


def _uri_to_read(path: Path, *, is_at_rest: bool) -> str:
    """The name by which SQLite only reads a file, even if its folder cannot be written to."""
    try:
        is_there = path.is_file()
    except OSError as error:  # its folder is closed to this user, for example
        raise StoreError(f"{path}: {reason_of(error)}") from error
    if not is_there:
        raise StoreError(f"{path}: there is no store: `netmon run` and `netmon read --store FILE` make one")
    return f"{path.absolute().as_uri()}?{'immutable=1' if is_at_rest else 'mode=ro'}"


def _version_at_rest(path: Path) -> FileVersion | None:
    """The version of a file that nobody writes, in a folder in which SQLite cannot make what it needs."""
    target = Path(os.path.realpath(path))  # beside which SQLite looks for the log
    has_log = file_version(Path(f"{target}{LOG}")) is not None
    return None if has_log or os.access(target.parent, os.W_OK) else file_version(target)


def make_upsert(table: StoreTable) -> str:
    """The statement that adds a row, or replaces the one with its key if that is not newer."""
    names = ", ".join(table.names)
    places = ", ".join("?" * len(table.names))
    changed = ", ".join(f"{name} = excluded.{name}" for name in table.names if name not in table.key)
    action = f"DO UPDATE SET {changed}"
    if table.version is not None:
        action += f" WHERE excluded.{table.version} {'>' if table.is_shared else '>='} {table.version}"
    return (
        f"INSERT INTO {table.name} ({names}) VALUES ({places}) ON CONFLICT ({', '.join(table.key)}) {action}"
    )
