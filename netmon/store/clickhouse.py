"""The store in ClickHouse, for fleets that outgrow one machine: the same rows, and the same queries."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any, Protocol

from netmon.errors import StoreError
from netmon.store.clickhouse_turns import CHANGES, StoreTurns
from netmon.store.dialect import CLICKHOUSE
from netmon.store.rows import StoreRow
from netmon.store.tables import TABLES, TABLES_OF_RUNS, Kind, StoreTable, Value

TYPES: Mapping[Kind, str] = {"text": "String", "integer": "Int64", "json": "String"}
"""The types of columns; those that may be NULL have them in `Nullable`."""
FORMAT = "JSONEachRow"
"""The format in which rows come and go: a JSON object on each line, with the columns in their order."""
WRITE_SETTINGS: Mapping[str, int] = {
    "max_partitions_per_insert_block": 0,  # an import may have many days at once
    "insert_deduplicate": 0,  # what was removed may be written again
}
READ_SETTINGS: Mapping[str, int] = {
    "final": 1,  # rows that were replaced are left out, whether or not they were merged away
    "prefer_column_name_to_alias": 1,
    "output_format_json_quote_64bit_integers": 0,
}
_ROWS_AT_ONCE = 10_000
_TIME_TO_LIVE = re.compile(r"TTL .*toIntervalDay\((\d+)\)")
_PARAMETER = re.compile(r":(\w+)")


class ClickHouseConnection(Protocol):
    """A way to the database. Raises StoreError."""

    def insert(self, table: str, lines: bytes, settings: Mapping[str, int]) -> None:
        """Inserts rows of FORMAT."""
        ...

    def select(self, query: str, settings: Mapping[str, int]) -> Iterable[bytes]:
        """The lines of a query's result in FORMAT."""
        ...

    def execute(self, statement: str) -> None:
        """Executes a statement that gives no rows."""
        ...

    def close(self) -> None:
        """Closes it."""
        ...


class ClickHouseStore:
    """An open store. All its errors are StoreError."""

    dialect = CLICKHOUSE

    def __init__(self, connection: ClickHouseConnection, name: str) -> None:
        """Checks that the tables are there. `name` stands in messages."""
        self._connection = connection
        self._turns = StoreTurns(self._select, self._execute, name)
        query = "SELECT table, name, type FROM system.columns WHERE database = currentDatabase()"
        there = {(table, column): kind for table, column, kind in _rows(connection.select(query, {}))}
        for needed in (*TABLES, CHANGES):
            if not all(TYPES[one.kind] in there.get((needed.name, one.name), "") for one in needed.columns):
                raise StoreError(
                    f"{name}: the table {needed.name} is missing, or has other columns: make the tables with "
                    "`netmon store ddl | clickhouse-client --database … --multiquery`; after an older one, "
                    "in a new database"
                )

    def write(self, rows: Iterable[StoreRow]) -> None:
        """Writes rows. What is stored already changes nothing, so after an error all may be written again."""
        by_table: dict[StoreTable, dict[tuple[Value, ...], StoreRow]] = {}
        for row in rows:
            by_table.setdefault(row.table, {})[row.values] = row
        for table, chosen in by_table.items():
            lines = (json.dumps(dict(zip(table.names, values, strict=True))) for values in chosen)
            self._turns.go_on()
            self._connection.insert(table.name, "\n".join(lines).encode(), WRITE_SETTINGS)

    def select(self, query: str, values: Mapping[str, Any], /) -> Iterator[tuple[Any, ...]]:
        """The rows that a query gives; `:name` in it stands for a value."""
        self._turns.go_on()
        yield from self._select(query, values)

    def changing(self) -> AbstractContextManager[None]:
        """No other command changes the store. There are no transactions: what failed has to be repeated."""
        return self._turns.taken()

    erasing = changing

    def foreign_changes(self) -> int:
        """A number that is another one after another command has changed the store."""
        return self._turns.foreign()

    def among(self, name: str, values: Collection[str]) -> tuple[str, dict[str, Any]]:
        """The condition that a column has one of some values."""
        named = {f"among{number}": value for number, value in enumerate(sorted(values))}
        return f"{name} IN ({', '.join(f':{one}' for one in named)})", named

    def delete(self, table: str, condition: str, values: Mapping[str, Any]) -> int:
        """Deletes rows, also those that were replaced; returns how many others there were."""
        [(count,)] = self.select(f"SELECT count(*) FROM {table} WHERE {condition}", values)
        self._turns.go_on()
        self._execute(f"DELETE FROM {table} WHERE {condition}", values)
        return int(count)

    def put(self, table: StoreTable, values: Sequence[Any]) -> None:
        """Adds a row."""
        self.write([StoreRow(table, tuple(values))])

    def purge(self) -> bool:
        """True: what is deleted leaves the files when ClickHouse merges them."""
        return True

    def ensure_in_place(self) -> None:
        """Does nothing: a server's tables are always in their place."""

    def keep_days(self) -> int | None:
        """The days of its time to live, if flows have one."""
        query = "SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = 'flows'"
        found = [_TIME_TO_LIVE.search(text) for (text,) in self.select(query, {})]
        return next((int(one[1]) for one in found if one), None)

    def replace(self, runs: Iterable[tuple[str, str]], rows: Iterable[StoreRow]) -> None:
        """Removes what is stored of runs, by sensor and name, and writes rows; within `changing`.

        Without transactions, what fails half way has to be done again. Until then something is missing, but
        nothing is there twice. The records of runs, by which that is recognised, go last and come first.
        """
        for sensor, run in runs:
            for table in reversed(TABLES_OF_RUNS):
                self._turns.go_on()
                of_run = {"sensor": sensor, "run": run}
                self._execute(f"DELETE FROM {table.name} WHERE sensor = :sensor AND run = :run", of_run)
        for some in _portions(rows):
            self.write(some)

    def _select(self, query: str, values: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
        yield from _rows(self._connection.select(with_values(query, values), READ_SETTINGS))

    def _execute(self, statement: str, values: Mapping[str, Any]) -> None:
        self._connection.execute(with_values(statement, values))

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()


def _portions(rows: Iterable[StoreRow]) -> Iterator[list[StoreRow]]:
    left = iter(rows)
    while some := list(islice(left, _ROWS_AT_ONCE)):
        yield some


def _rows(lines: Iterable[bytes]) -> Iterator[tuple[Any, ...]]:
    for line in lines:
        if line.strip():
            try:
                yield json.loads(line, object_pairs_hook=lambda pairs: tuple(value for _, value in pairs))
            except ValueError as error:  # the server failed after it had begun to answer
                reason = line.decode(errors="replace")
                raise StoreError(f"ClickHouse gave no complete answer: {reason:.300}: try again") from error


def with_values(query: str, values: Mapping[str, Any]) -> str:
    """The query with its values in it."""
    return _PARAMETER.sub(lambda found: _literal(values[found[1]]), query)


def _literal(value: str | int | None) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(int(value))
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
