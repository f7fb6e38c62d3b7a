"""A writer with its log, and the flows that are in its file."""

import sqlite3
import time
from contextlib import closing, contextmanager

import pytest

from netmon.errors import StoreError
from netmon.store import queries
from netmon.store.queries import Scope
from netmon.store.retention import Limit
from netmon.store.sqlite import SqliteStore
from netmon.store.writer import StoreWriter
from tests.records import classified
from tests.store.conftest import lines_of

NO_LIMIT = Limit()


@contextmanager
def locked(path):
    """Another program holds the file meanwhile, as long as it likes."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


class Written:
    """A writer with its log, and the flows that are in its file."""

    def __init__(self, path, limit=NO_LIMIT):
        self.path = path
        self.log = []
        self.writer = StoreWriter(path, limit, self.log.append)
        self.flows = 0

    def write(self, count=1):
        """Gives the writer further flows."""
        for _ in range(count):
            for line in lines_of(classified(flow_id=self.flows)):
                self.writer.write(line)
            self.flows += 1

    def stored(self):
        """The number of flows in the file; none if there is no file, or no table yet."""
        try:
            with closing(SqliteStore(self.path, is_read_only=True)) as store:
                return queries.totals(store, Scope()).flows
        except StoreError:
            return 0

    def wait(self, condition, what):
        """Returns once the condition holds."""
        end = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < end, (what, self.log)
            time.sleep(0.05)


@pytest.fixture
def written(tmp_path):
    """Starts writers, and ends them."""
    made = []

    def written(path=tmp_path / "flows.db", limit=NO_LIMIT):
        made.append(Written(path, limit))
        return made[-1]

    yield written
    for one in made:
        one.writer.close()


def is_intact(path):
    """True if SQLite finds no error in the file."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        connection.close()
