"""What the end of a writer says about records that never reached the store."""

import sqlite3
import threading

import pytest

from netmon.store import writer as writer_module
from netmon.store.intake import parse_line
from netmon.store.sqlite import SqliteStore
from tests.records import classified
from tests.store.conftest import lines_of
from tests.store.watched_writer import locked, written

__all__ = ["written"]


def sqlite_error(code, text):
    """An error as SQLite raises it."""
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


FULL = sqlite_error(sqlite3.SQLITE_FULL, "database or disk is full")
LOSSES = [
    (FULL, "database or disk is full", "make room on its disk"),
    (sqlite_error(sqlite3.SQLITE_BUSY, "database is locked"), "database is locked", "another program is"),
    (sqlite_error(sqlite3.SQLITE_IOERR, "disk I/O error"), "disk I/O error", "try again"),
    (PermissionError(13, "Permission denied"), "permission denied", "name a file that this user can write"),
    (ValueError("odd"), "ValueError: odd", "try again"),
]


@pytest.fixture
def fail(monkeypatch):
    """Lets every further write of a store fail with an error."""

    def fail(error):
        def write(*_):
            raise error

        monkeypatch.setattr(SqliteStore, "write", write)

    return fail


@pytest.mark.parametrize(("error", "why", "way_out"), LOSSES, ids=[why for _, why, _ in LOSSES])
@pytest.mark.parametrize("is_known", [True, False], ids=["failing", "at the end"])
def test_what_still_waits_at_the_end_is_told(written, fail, error, why, way_out, is_known):
    """One line says why, how many records were lost and what to do, whenever the failure began."""
    it = written()
    fail(error)
    it.write(3)
    if is_known:
        it.wait(lambda: not it.writer.is_written, "it has failed")
        it.write(2)
    for _ in range(2):
        it.writer.close()
    [line] = [line for line in it.log if "lost" in line]
    lost = 6 if is_known else 4  # the judgement that all flows share, and the flows
    assert line.startswith(f"{it.path}: {why}; the last {lost} records were lost; {way_out}")
    assert line.endswith("; `netmon store import` adds what is in a file of events")


def test_what_found_no_room_before_the_end_is_told_as_well(written, fail):
    """The number has all that were lost since the store could last be written."""
    it = written()
    it.writer._pending._max_rows = 4
    fail(FULL)
    it.write(10)
    it.writer.close()
    assert "the last 11 records were lost" in it.log[-1]


def test_a_single_record_is_told_in_the_singular(written, fail):
    """It is one record."""
    it = written()
    fail(FULL)
    it.writer._pending.add(list(parse_line(lines_of(classified())[0]))[:1])
    it.writer.close()
    assert "the last 1 record was lost" in it.log[-1]


@pytest.mark.parametrize("is_known", [True, False], ids=["in a turn", "in the last turn"])
def test_a_final_write_that_takes_too_long_is_told(written, monkeypatch, is_known):
    """Nobody waits for a disk that answers no more; what it has not taken may be lost."""
    monkeypatch.setattr(writer_module, "_END_WITHIN_S", 0.2)
    it, begun, goes_on = written(), threading.Event(), threading.Event()

    def write(*_):
        begun.set()
        goes_on.wait(20)

    monkeypatch.setattr(SqliteStore, "write", write)
    it.write(3)
    if is_known:
        assert begun.wait(20)
        it.write(2)
    it.writer.close()
    goes_on.set()
    it.writer._thread.join()
    [line] = it.log
    assert line.startswith(f"{it.path}: not written within 0.2 s; the last ")
    assert "records may be lost; " in line


def test_a_damaged_store_at_the_end_is_told(written, fail):
    """What came after the last write is in neither of the two files."""
    it = written()
    fail(sqlite_error(sqlite3.SQLITE_CORRUPT, "database disk image is malformed"))
    it.write(3)
    it.writer.close()
    assert "renamed to" in it.log[0]
    assert f"{it.path}: database disk image is malformed; the last 4 records were lost; restore" in it.log[-1]


def test_an_end_at_which_all_is_written_says_nothing(written, monkeypatch):
    """Nor does one just after a failure: what had waited is stored."""
    monkeypatch.setattr("netmon.store.sqlite._WAIT_S", 0.01)
    it = written()
    with locked(it.path):
        it.write(5)
        it.wait(lambda: not it.writer.is_written, "it has failed")
    it.writer.close()
    assert it.stored() == 5
    assert it.log[1:] == [f"{it.path}: can be written again; 0 records were lost"]
