"""A store that an older netmon wrote is brought to the current tables, and says the same as a new one."""

import sqlite3
from pathlib import Path

import pytest

from netmon.errors import StoreError
from netmon.report.gather import gather
from netmon.store import queries
from netmon.store.migrations import APPLICATION_ID, VERSION
from netmon.store.queries import Scope
from netmon.store.reading import opened
from netmon.store.sqlite import SqliteStore
from tests.report.recorded import CONDITIONS
from tests.report.test_gather import flow, run
from tests.store.test_clickhouse_engine import SCOPES, answers, lasting_flows, put

OLD_SIGNATURES = {
    "sha256": "4c93919458e7570c5a16e4a4c5ccac028c48d905dd7f2fa8be5e3a026f987d4d",
    "vendors": ["kaspersky"],
}
OLD_CONDITIONS = {
    **{key: value for key, value in CONDITIONS.items() if not key.endswith("_sha256")},
    "signatures": OLD_SIGNATURES,
}
"""Under which the old events were written: the hashes of netmon and its configuration were not recorded."""
VERSION_1 = Path(__file__).with_name("version_1.sql")
"""The events of `stored` in the first tables, in which judgements were texts, and findings repeated them."""


@pytest.fixture
def old(tmp_path):
    """A file with the first tables."""
    path = tmp_path / "flows.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(VERSION_1.read_text(encoding="utf-8"))
        connection.execute("PRAGMA user_version = 1")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.close()
    return path


@pytest.fixture
def stored(store):
    """A new store with the same events."""
    put(store, lasting_flows())
    put(store, run(flow(), views=((0, 1),), until=1, conditions=OLD_CONDITIONS, looked_up={}))
    return store


@pytest.fixture
def migrated(old):
    """The old file, opened by this netmon."""
    store = SqliteStore(old)
    yield store
    store.close()


@pytest.mark.parametrize("scope", SCOPES)
def test_an_old_store_has_the_same_answers(migrated, stored, scope):
    """Flows with their judgements, findings with complete events, sums, views and evidence."""
    assert answers(migrated, scope) == answers(stored, scope)


def test_an_old_store_has_the_same_report(migrated, stored):
    """Everything that a report is made from."""
    assert gather(migrated, Scope()) == gather(stored, Scope())


def test_the_tables_are_those_of_a_new_store(migrated, stored):
    """Columns, keys and indexes, and nothing that was only needed on the way."""
    query = "SELECT type, name, sql FROM sqlite_master ORDER BY name"
    assert list(migrated.select(query)) == list(stored.select(query))
    assert migrated.value("PRAGMA user_version") == VERSION
    assert [migrated.value(f"SELECT count(*) FROM {table}") for table in ("counted", "counts")] == [0, 0]


def test_events_that_come_again_change_nothing(migrated, stored):
    """What an older netmon judged, and what this one judges equally, has one row."""
    before = answers(migrated, Scope())
    put(migrated, lasting_flows())
    assert answers(migrated, Scope()) == before
    assert migrated.value("SELECT count(*) FROM judgements") == stored.value(
        "SELECT count(*) FROM judgements"
    )


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_an_old_store_is_not_changed_by_a_reader(old, stored, mode):
    """Who only reads has the same answers from a copy, and is told why; the file stays as it was."""
    with sqlite3.connect(old) as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}")
    connection.close()
    before, told = old.read_bytes(), []
    with opened(old, is_read_only=True, tell=told.append) as store:
        assert answers(store, Scope()) == answers(stored, Scope())
    assert old.read_bytes() == before
    [line] = told
    assert line.startswith(f"{old}: of an older netmon, so a temporary copy is read: `netmon run`")


def test_a_copy_is_made_for_those_only_who_are_told(old):
    """What asks again and again, such as a screen, says what to do."""
    with pytest.raises(StoreError, match=r"of an older netmon: `netmon run` .* bring it up to date$"):
        SqliteStore(old, is_read_only=True)


def test_a_current_store_is_read_itself(old, migrated):
    """Nothing is told."""
    SqliteStore(old, is_read_only=True, tell=pytest.fail).close()


def test_an_empty_file_is_no_old_store(tmp_path):
    """There is nothing to migrate, and nothing is told but what makes a store."""
    (tmp_path / "empty.db").touch()
    with pytest.raises(StoreError, match=r"empty\.db: empty: `netmon run` and"):
        SqliteStore(tmp_path / "empty.db", is_read_only=True, tell=pytest.fail)


@pytest.mark.parametrize("is_read_only", [True, False])
@pytest.mark.parametrize("size", [1, 2, 15, 100, 511, 5000])
def test_a_short_file_of_another_program_is_no_empty_store(tmp_path, size, is_read_only):
    """SQLite takes one byte for nothing; whoever reads or writes is told the same."""
    other = tmp_path / "other"
    other.write_bytes(b"x" * size)
    with (
        pytest.raises(StoreError, match=r"other: a file of another program, or"),
        opened(other, is_read_only=is_read_only),
    ):
        pass
    assert other.read_bytes() == b"x" * size


def test_a_copy_that_finds_no_room_is_one_clear_line(old, monkeypatch):
    """It says where there may be more."""
    monkeypatch.setattr("netmon.store.migrations.identify", None)
    with (
        pytest.raises(StoreError, match=r"of an older netmon, and .* in the temporary copy .* SQLITE_TMPDIR"),
        opened(old, is_read_only=True, tell=lambda _line: None),
    ):
        pass


def test_a_damaged_old_store_is_a_damaged_store(old):
    """The copy fails on it, which is no want of room."""
    with sqlite3.connect(old) as connection:
        [page] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'flows'").fetchone()
    connection.close()
    content = bytearray(old.read_bytes())
    content[(page - 1) * 4096 : page * 4096] = b"\xff" * 4096
    old.write_bytes(content)
    with (
        pytest.raises(StoreError, match="database disk image is malformed"),
        opened(old, is_read_only=True, tell=lambda _line: None),
    ):
        pass


def test_a_migration_that_fails_changes_nothing(old, monkeypatch):
    """All of it or nothing: the old tables are there, and the next attempt completes it."""
    monkeypatch.setattr("netmon.store.migrations.identify", None)
    with pytest.raises(sqlite3.Error):
        SqliteStore(old)
    monkeypatch.undo()
    store = SqliteStore(old)
    assert queries.totals(store, Scope()).flows == 6
    store.close()
