"""ClickHouse's own engine, inside the process: a connection of `ClickHouseStore` without a server."""

from __future__ import annotations

import signal

import pytest

from netmon.store.clickhouse import FORMAT, ClickHouseStore
from netmon.store.clickhouse_tables import make_clickhouse_table
from netmon.store.clickhouse_turns import CHANGES
from netmon.store.intake import Intake
from netmon.store.tables import TABLES


class Engine:
    """A database of its own in the engine, of which a process has one."""

    def __init__(self, folder):
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        from chdb.session import Session  # noqa: PLC0415 - it blocks SIGPIPE, which later tests must not inherit

        self._session = Session(str(folder))
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        self._session.query("CREATE DATABASE netmon")
        self._session.query("USE netmon")

    def clear(self):
        """Makes empty tables without a time to live: the events of tests are old."""
        for table in (*TABLES, CHANGES):
            self._session.query(f"DROP TABLE IF EXISTS {table.name}")
            self._session.query(make_clickhouse_table(table, days=0))

    def insert(self, table, lines, settings):
        """Inserts rows."""
        chosen = ", ".join(f"{name} = {value}" for name, value in settings.items())
        self._session.query(f"INSERT INTO {table} SETTINGS {chosen} FORMAT {FORMAT}\n{lines.decode()}")

    def select(self, query, settings):
        """The lines of a query's result."""
        chosen = ", ".join(f"{name} = {value}" for name, value in settings.items())
        text = f"{query} SETTINGS {chosen}" if chosen else query
        return self._session.query(text, FORMAT).bytes().split(b"\n")

    def ask(self, text, settings):
        """The bytes that a server would answer."""
        for name, value in settings.items():
            self._session.query(f"SET {name} = '{value}'")
        return self._session.query(text, "TabSeparated").bytes()

    def execute(self, statement):
        """Executes a statement."""
        self._session.query(statement)

    def close(self):
        """Ends the engine."""
        self._session.close()


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """The engine, for the tests of a file."""
    with_engine = Engine(tmp_path_factory.mktemp("engine"))
    yield with_engine
    with_engine.close()


@pytest.fixture
def fleet(engine):
    """A store in ClickHouse without rows."""
    engine.clear()
    return ClickHouseStore(engine, "engine")


def put(store, lines, at_once=1_000_000):
    """Stores lines, so many in a transaction."""
    intake = Intake(store, "store")
    for number, line in enumerate(lines, 1):
        intake.write(line)
        if number % at_once == 0:
            intake.flush()
    intake.flush()
