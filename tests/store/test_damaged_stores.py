"""Damaged stores: what is wrong with a file is said in one line, and the writer begins a new one."""

import os
import random
import sqlite3
from pathlib import Path

import pytest

from netmon.errors import StoreError
from netmon.report.build import build
from netmon.report.gather import gather
from netmon.store.connection import NO_DATABASE
from netmon.store.history import BY, as_json, read_history
from netmon.store.kept import imported_into
from netmon.store.queries import Scope
from netmon.store.reading import opened
from netmon.store.retention import Limit
from netmon.store.sqlite import SqliteStore
from tests.records import MOSCOW, UNEXPECTED, classified
from tests.report.recorded import SIGNATURES
from tests.store.conftest import lines_of
from tests.store.watched_writer import Written, written

__all__ = ["written"]
LINES = lines_of(*(classified(MOSCOW, UNEXPECTED, flow_id=number) for number in range(20)))
DAMAGES = 12


def _read(path):
    with opened(path, is_read_only=True) as store:
        for by in BY:
            as_json(read_history(store, Scope(), by))
        build(gather(store, Scope()), SIGNATURES, ["kaspersky"], [])


def _import(path):
    with imported_into(path) as intake:
        for line in LINES:
            intake.write(line)
        intake.flush()


@pytest.fixture
def path(tmp_path):
    """A store with flows."""
    path = tmp_path / "flows.db"
    _import(path)
    return path


def _change(path, before, after):
    content = path.read_bytes()
    assert before in content
    path.write_bytes(content.replace(before, after))


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"CREATE TABLE flows", b"CREA\xffE TABLE flows"), (b"sent_packets", b"sent_pockets")],
)
def test_a_damaged_schema_is_a_damaged_store(path, written, before, after):
    """Also if SQLite's message has bytes that are no text, or the damage looks like another schema."""
    _change(path, before, after)
    for use in (_read, _import):
        with pytest.raises(StoreError, match=r"flows\.db: (malformed database schema|no such column)"):
            use(path)
    it = Written(path)
    it.write()
    it.wait(lambda: it.stored() == 1, "a flow is stored in a new file")
    it.writer.close()
    assert (it.writer.errors["damaged"], len(it.log)) == (1, 1)
    assert (path.parent / "flows.db.damaged").is_file()


@pytest.mark.parametrize("place", [3, 68])
def test_a_damaged_beginning_may_also_be_another_programs(path, written, place):
    """The first bytes, or those that name netmon: both are said, with what to do, and nothing is changed."""
    content = bytearray(path.read_bytes())
    content[place] ^= 0xFF
    path.write_bytes(content)
    for use in (_read, _import):
        with pytest.raises(StoreError) as raised:
            use(path)
        assert str(raised.value) == f"{path}: {NO_DATABASE}"
    it = Written(path)
    it.write()
    it.wait(lambda: it.writer.errors.total() > 1, "it was tried twice")
    it.writer.close()
    line, at_the_end = it.log
    assert line == f"{path}: {NO_DATABASE}; until it can be written, records wait in memory"
    assert "lost; name another file" in at_the_end
    assert path.read_bytes() == content
    assert [one.name for one in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("content", [b"x", b"xy", b"SQLite format 3", b"x" * 100])
def test_no_short_file_is_overwritten(tmp_path, content):
    """SQLite would make a database of some."""
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="a file of another program"):
        _import(path)
    assert path.read_bytes() == content
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE flows SET last_ns = 'x'", r"damaged: .*flows\.last_ns is 'x': restore"),
        ("UPDATE flows SET day = -(1 << 60)", r"damaged: .*flows\.day is -1152921504606846976"),
        ("UPDATE flows SET client = x'ff'", r"damaged: .*flows\.client is b'\\xff'"),
        ("UPDATE flows SET server = cast(x'ff' AS TEXT)", "Could not decode"),
    ],
)
def test_a_damaged_value_is_named(path, statement, said):
    """SQLite does not see it; what reads it would fail in any way."""
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()
    with pytest.raises(StoreError, match=said):
        _read(path)


def test_a_damaged_index_is_a_damaged_store(path):
    """Queries read values from it, which may have other types there than in the table."""
    connection = sqlite3.connect(path, isolation_level=None)
    [(columns,)] = connection.execute(
        "SELECT substr(sql, instr(sql, '(')) FROM sqlite_master WHERE name = 'flows_by_day'"
    )
    connection.execute("CREATE TABLE others AS SELECT * FROM flows")
    connection.execute("UPDATE others SET start_ns = x'00'")
    connection.execute(f"CREATE INDEX of_others ON others {columns}")
    roots = dict(connection.execute("SELECT name, rootpage FROM sqlite_master"))
    connection.execute("PRAGMA writable_schema = ON")
    for name, other in (("flows_by_day", "of_others"), ("of_others", "flows_by_day")):
        connection.execute("UPDATE sqlite_master SET rootpage = ? WHERE name = ?", (roots[other], name))
    connection.close()
    with pytest.raises(StoreError, match=r"damaged: row 1 missing from index .*: restore"):
        _read(path)


@pytest.mark.parametrize(
    ("code", "way_out"),
    [
        (sqlite3.SQLITE_BUSY, "why: another program is using it: try again when that has ended$"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "try again"),
        (sqlite3.SQLITE_FULL, "why: make room on its disk$"),
        (sqlite3.SQLITE_READONLY, "why: name a file that this user can write to$"),
        (sqlite3.SQLITE_CORRUPT, "why: restore a copy of it$"),
        (sqlite3.SQLITE_IOERR, "why: try again, or name a file that can be used as a store$"),
    ],
)
def test_an_error_of_a_store_says_what_to_do(path, code, way_out):
    """What helps depends on what is wrong."""
    error = sqlite3.OperationalError("why")
    error.sqlite_errorcode = code
    with pytest.raises(StoreError, match=way_out), opened(path):
        raise error


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_no_store(tmp_path, make):
    """A history does not say that nothing is there, and an import says the same."""
    other = tmp_path / "other"
    make(other)
    with pytest.raises(StoreError, match=r"is no file: name a store$"):
        _read(other)
    with pytest.raises(StoreError, match=r"is no file: name a store$"), opened(other):
        pass


def test_an_error_that_is_not_the_stores_stays_what_it_is(path):
    """A sound store is not blamed for a mistake of a program."""
    with pytest.raises(KeyError), opened(path, is_read_only=True):
        raise KeyError("mistake")


def test_any_damage_ends_in_an_error_or_is_harmless(path, tmp_path, written):
    """Bits, bytes and pages that were overwritten, and files that were cut."""
    chance, content = random.Random(14), path.read_bytes()
    refused = 0
    for number in range(DAMAGES):
        damaged = bytearray(content)
        for _ in range(chance.choice((1, 10, 100))):
            damaged[chance.randrange(100, len(damaged))] ^= 1 << chance.randrange(8)
        if number % 3 == 0:
            page = chance.randrange(len(damaged) // 4096) * 4096
            damaged[page : page + 4096] = chance.randbytes(4096)
        if number % 4 == 0:
            del damaged[chance.randrange(len(damaged)) :]
        for use in (_read, _import):
            other = tmp_path / f"{number}.db"
            other.write_bytes(damaged)
            try:
                use(other)
            except StoreError:
                refused += 1
        other.write_bytes(damaged)
        it = written(other)
        it.write()
        it.writer.close()
        assert not it.writer._thread.is_alive()
    assert refused > DAMAGES / 2


def test_a_damaged_day_is_a_damaged_store(path, written):
    """Retention compares days: one that is none is no reason to stop, or to count up to it."""
    for number, day in enumerate(("'x'", "-(1 << 60)")):
        other = path.with_name(f"{number}.db")
        other.write_bytes(path.read_bytes())
        with sqlite3.connect(other) as connection:
            connection.execute(f"UPDATE flows SET day = {day}")
        connection.close()
        it = written(other, Limit(max_bytes=1))
        it.wait(lambda it=it: it.log, "the damage is noticed")
        assert it.log[0].startswith(f"{other}: damaged; renamed")


def test_nothing_ends_the_thread_of_the_writer(written, monkeypatch):
    """An error that nobody expected is counted and logged once, and the next records are stored."""
    it = written()
    with monkeypatch.context() as broken:
        broken.setattr(SqliteStore, "write", _fail)
        it.write()
        it.wait(lambda: it.writer.errors["other"] > 1, "it was tried again")
    it.write()
    it.wait(lambda: it.stored() == 2, "both are stored")
    it.wait(lambda: len(it.log) == 2, "it has recovered")
    assert it.log[0].endswith("RuntimeError: no idea; until it can be written, records wait in memory")


def test_a_line_on_which_parsing_fails_is_a_lost_record(written, monkeypatch):
    """The others are stored."""
    it = written()
    with monkeypatch.context() as broken:
        broken.setattr("netmon.store.writer.parse_line", _fail)
        it.write()
        it.wait(lambda: it.writer.lost == 1, "it was tried")
    it.write()
    it.wait(lambda: it.stored() == 1, "the next one is stored")
    it.wait(lambda: len(it.log) == 2, "it has recovered")
    assert it.log[1].endswith("can be written again; 1 record was lost")


def test_a_log_that_fails_does_not_end_the_thread_either(written, monkeypatch):
    """The metrics say what the log cannot."""
    it = written()
    monkeypatch.setattr(it.writer, "_log", _fail)
    with monkeypatch.context() as broken:
        broken.setattr(SqliteStore, "write", _fail)
        it.write()
        it.wait(lambda: it.writer.errors["other"] > 1, "it was tried again")
        assert not it.writer.is_written
    it.wait(lambda: it.stored() == 1, "it is stored")


def _fail(*_arguments):
    raise RuntimeError("no idea")
