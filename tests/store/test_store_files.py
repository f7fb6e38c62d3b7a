"""The file of a store: damaged, moved, emptied, another program's, or one that others change as well."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from netmon.errors import MovedStoreError, StoreError
from netmon.store import queries
from netmon.store.connection import NO_DATABASE
from netmon.store.queries import Scope
from netmon.store.reading import opened
from netmon.store.rows import rows_of
from netmon.store.sqlite import SqliteStore
from tests.records import classified
from tests.store.conftest import lines_of
from tests.store.watched_writer import is_intact, written

__all__ = ["written"]
ROOT = Path(__file__).parents[2]
READER = """import sqlite3, sys
connection = sqlite3.connect("file:{path}?mode=ro", uri=True, isolation_level=None)
connection.execute("BEGIN")
connection.execute("SELECT count(*) FROM flows").fetchall()
print("reads", flush=True)
sys.stdin.read()
"""
OTHER_PROGRAM = """import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as connection:
    connection.execute("DELETE FROM flows WHERE day < 0")
connection.close()
"""


def test_a_damaged_store_is_renamed_at_the_start(written, tmp_path):
    """A new file takes its place."""
    path = tmp_path / "flows.db"
    SqliteStore(path).close()
    damage = path.read_bytes()[:100] + b"\xff" * 8000
    path.write_bytes(damage)
    it = written(path)
    it.write()
    it.wait(lambda: it.writer.size and it.stored() == 1, "a flow is stored")
    aside = tmp_path / "flows.db.damaged"
    assert aside.read_bytes() == damage
    assert it.log == [f"{path}: damaged; renamed to {aside}; what it held is no longer in reports"]


def _store_one(it):
    it.write()
    it.wait(lambda: it.writer.size and it.stored() == 1, "a flow is stored")
    it.writer.close()


def test_a_second_damaged_store_leaves_the_first_one(written, tmp_path):
    """Each is renamed to a name of its own, so that a tool can still read what is in it."""
    path = tmp_path / "flows.db"
    for number in (1, 2):
        _store_one(written(path))
        path.write_bytes(path.read_bytes()[:100] + bytes([number]) * 8000)
    _store_one(written(path))
    for number, name in ((1, "flows.db.damaged"), (2, "flows.db.damaged-2")):
        assert (tmp_path / name).read_bytes()[100:] == bytes([number]) * 8000


def test_a_disk_that_damages_every_store_does_not_fill_up(written, tmp_path):
    """After some of them, the damaged one stays in place, and nothing is lost; one line says so."""
    path = tmp_path / "flows.db"
    SqliteStore(path).close()
    path.write_bytes(path.read_bytes()[:100] + b"\xff" * 8000)
    earlier = [tmp_path / f"flows.db.damaged{one}" for one in ("", *(f"-{n}" for n in range(2, 10)))]
    for one in earlier:
        one.write_text(one.name, encoding="utf-8")
    it = written(path)
    it.write()
    it.wait(lambda: it.writer.errors["damaged"] > 2, "it was tried again")
    assert not it.writer.is_written
    assert [one.read_text("utf-8") for one in earlier] == [one.name for one in earlier]
    assert it.log == [
        f"{path}: damaged, and cannot be renamed: 9 damaged ones are there already; until it is moved, "
        "records wait in memory"
    ]
    path.unlink()
    it.wait(lambda: it.stored() == 1, "the record that waited is stored")
    assert it.log[1] == f"{path}: can be written again; 0 records were lost"


def test_an_empty_file_is_new(written, tmp_path):
    """It becomes a store."""
    path = tmp_path / "flows.db"
    path.touch()
    it = written(path)
    it.write()
    it.wait(lambda: it.writer.size and it.stored() == 1, "a flow is stored")
    assert (list(tmp_path.glob("*.damaged")), it.log) == ([], [])


@pytest.mark.parametrize(
    "content",
    [b"a line of another program's log\n" * 200, b"x", bytes(9000), b"SQLite format 3\0" + b"\xff" * 9000],
)
def test_another_programs_file_is_left_alone(written, tmp_path, content):
    """A wrong path in the configuration renames nothing; one line says so, and the sensor goes on."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(content)
    it = written(path)
    it.write()
    it.wait(lambda: it.writer.errors.total() > 1, "it was tried twice")
    it.writer.close()
    assert path.read_bytes() == content
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    line, lost = it.log
    assert line.startswith(f"{path}: {NO_DATABASE}; until")
    assert "the last 2 records were lost; name another file" in lost
    assert not it.writer.is_written


def test_a_file_that_is_damaged_while_it_is_open_is_renamed(written):
    """The writer notices, and what comes after that is stored."""
    it = written()
    it.write(300)
    it.wait(lambda: it.stored() == 300, "the flows are stored")
    other = SqliteStore(it.path)
    other.complete_file()
    other.close()
    size = it.path.stat().st_size
    it.path.write_bytes(b"\xff" * size)
    it.wait(lambda: (it.write(), it.log)[1], "the damage is noticed, and the file renamed")
    assert it.writer.errors["damaged"] == 1
    before = it.flows
    it.write(20)
    it.wait(lambda: it.stored() >= it.flows - before, "further flows are stored")
    assert len(it.log) == 1
    assert it.path.with_name("flows.db.damaged").stat().st_size == size


def test_a_file_that_was_moved_is_made_again(written):
    """The moved file keeps what it had, and later flows are in a new one."""
    it = written()
    it.write(3)
    it.wait(lambda: it.stored() == 3, "three flows are stored")
    moved = it.path.with_name("moved.db")
    it.path.rename(moved)
    it.write(2)
    it.wait(lambda: it.stored() == 2, "two flows are stored")
    assert it.log == [f"{it.path}: was moved or removed, and is made again"]
    it.path = moved
    assert it.stored() == 3


def test_another_program_may_write_to_the_store_as_well(written):
    """It is not the last one to close it, so the log into which the writer goes on writing stays."""
    it = written()
    it.write(2)
    it.wait(lambda: it.stored() == 2, "two flows are stored")
    time.sleep(1.2)  # the writer looks at its file twice a second
    log = it.path.with_name("flows.db-wal")
    before = log.stat().st_ino
    for _ in range(2):
        subprocess.run([sys.executable, "-c", OTHER_PROGRAM, it.path], check=True)
        it.write(2)
    it.wait(lambda: it.stored() == 6, "all flows are stored")
    assert log.stat().st_ino == before
    assert it.log == []


def test_an_emptied_file_is_a_damaged_one(written):
    """What SQLite remembers of it would hide that for long; flows that come later are in a new one."""
    it = written()
    it.write(300)
    it.wait(lambda: it.stored() == 300, "the flows are stored")
    os.truncate(it.path, 0)
    it.wait(lambda: it.log, "the damage is noticed")
    assert it.log == [
        f"{it.path}: damaged; renamed to {it.path}.damaged; what it held is no longer in reports"
    ]
    it.write(2)
    it.wait(lambda: it.stored() == 2, "further flows are stored")


def test_a_log_that_was_removed_is_not_written_on(written):
    """What was in it is in the file then, and later flows are in a new log."""
    it = written()
    it.write(3)
    it.wait(lambda: it.stored() == 3, "three flows are stored")
    log = it.path.with_name("flows.db-wal")
    log.unlink()
    it.wait(lambda: it.log, "the writer notices")
    assert it.log == [f"{log}: was moved or removed; what was in it is in the store"]
    it.write(2)
    it.wait(lambda: it.stored() == 5, "all flows are stored")


@contextmanager
def reading(path):
    """Another program that reads the store as it is now, until it is done."""
    code = READER.format(path=str(path))
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], text=True, **pipes) as process:
        assert process.stdout.readline() == "reads\n"
        yield
        process.stdin.close()


@pytest.mark.parametrize("what", ["move", "replace", "log", "both logs"])
def test_nothing_is_lost_if_another_program_reads_meanwhile(written, what):
    """Until it has ended, only this process has all of the store, and so keeps it open."""
    it = written()
    it.write(20)
    it.wait(lambda: it.stored() == 20, "twenty flows are stored")
    moved = it.path.with_name("moved.db")
    if what == "replace":
        shutil.copy(it.path, moved)
        for beside in ("-wal", "-shm"):
            shutil.copy(f"{it.path}{beside}", f"{moved}{beside}")
        with closing(sqlite3.connect(moved)) as copy:
            copy.execute("PRAGMA journal_mode = DELETE")
    with reading(it.path):
        it.write(10)
        it.wait(lambda: it.stored() == 30, "ten more are stored")
        if what in ("move", "replace"):
            (it.path.rename if what == "move" else moved.replace)(moved if what == "move" else it.path)
        else:
            for beside in ("-wal", "-shm")[: 1 if what == "log" else 2]:
                it.path.with_name(f"{it.path.name}{beside}").unlink()
        it.write(5)
        it.wait(lambda: it.log, "the writer notices")
        assert it.log == [
            f"{it.path}: another program still reads it as it was before; until it can be written, records "
            "wait in memory"
        ]
    after = {"move": 5, "replace": 25}.get(what, 35)
    it.wait(lambda: len(it.log) == 3 and it.stored() == after, "the flows that waited are stored")
    it.writer.close()
    assert (is_intact(it.path), it.writer.lost) == (True, 0)
    if what == "move":
        it.path = moved
        assert (is_intact(moved), it.stored()) == (True, 30)


@pytest.mark.parametrize("content", [b"", b"another program's line\n" * 4000])
def test_an_overwritten_log_takes_nothing_with_it(written, content):
    """What was only in it is lost, and is told; the file stays whole, and later flows are stored."""
    it = written()
    it.write(20)
    it.wait(lambda: it.stored() == 20, "twenty flows are stored")
    with closing(SqliteStore(it.path)) as other:
        other.complete_file()
    it.write(20)
    it.wait(lambda: it.stored() == 40, "twenty more are stored")
    time.sleep(1.2)
    log = it.path.with_name("flows.db-wal")
    with log.open("r+b") as stream:
        stream.write(content)
        stream.truncate(len(content))
    it.wait(lambda: it.log, "the writer notices")
    assert it.log == [f"{log}: was overwritten or emptied; what was only in it is lost"]
    it.write(5)

    def all_stored():
        with suppress(sqlite3.OperationalError):  # it is read while the log goes
            return it.stored() == 25

    it.wait(all_stored, "further flows are stored")
    it.writer.close()
    assert is_intact(it.path)


@pytest.mark.parametrize("what", ["flows.db", "flows.db-wal"])
def test_a_command_notices_that_its_store_was_moved(tmp_path, what):
    """What it has stored is in the moved file, and it stores no more."""
    path = tmp_path / "flows.db"
    with closing(SqliteStore(path)) as store:
        store.ensure_in_place()
        store.write(rows_of(json.loads(lines_of(classified())[0])))
        moved = (tmp_path / what).rename(tmp_path / "moved")
        with pytest.raises(MovedStoreError, match="was moved or removed while it was open: start again"):
            store.ensure_in_place()
    with closing(SqliteStore(moved if what == "flows.db" else path, is_read_only=True)) as store:
        assert queries.totals(store, Scope()).flows == 1


def test_a_store_that_is_a_link_has_its_log_beside_the_target(written, tmp_path):
    """A log that is removed there is noticed."""
    (tmp_path / "real").mkdir()
    path = tmp_path / "flows.db"
    path.symlink_to(tmp_path / "real" / "flows.db")
    SqliteStore(tmp_path / "real" / "flows.db").close()
    it = written(path)
    it.write(3)
    it.wait(lambda: it.stored() == 3, "three flows are stored")
    (tmp_path / "real" / "flows.db-wal").unlink()
    it.wait(lambda: it.log, "the writer notices")
    it.write(2)
    it.wait(lambda: it.stored() == 5, "all flows are stored")


def test_a_link_in_a_folder_of_others_leads_to_a_store_that_is_written(written, tmp_path, monkeypatch):
    """The log beside the target is read as well, whoever may write to the folder of the link."""
    (tmp_path / "linked").mkdir()
    link = tmp_path / "linked" / "flows.db"
    link.symlink_to(tmp_path / "flows.db")
    it = written()
    it.write(3)
    it.wait(lambda: it.stored() == 3, "three flows are stored")
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != link.parent and access(path, mode))
    with closing(SqliteStore(link, is_read_only=True)) as store:
        assert queries.totals(store, Scope()).flows == 3


def test_a_store_at_rest_that_is_written_after_all_gives_no_answer(tmp_path, monkeypatch):
    """SQLite is told that nobody writes it, where it cannot make the files by which it would notice."""
    path = tmp_path / "flows.db"
    SqliteStore(path).close()
    access = os.access
    monkeypatch.setattr(os, "access", lambda one, mode: one != tmp_path and access(one, mode))
    with opened(path, is_read_only=True) as store:
        assert queries.totals(store, Scope()).flows == 0
    with (
        pytest.raises(StoreError, match=r"flows\.db: was written while it was read: try again"),
        opened(path, is_read_only=True),
        closing(SqliteStore(path)) as other,
    ):
        other.write(rows_of(json.loads(lines_of(classified())[0])))


def test_an_erasure_waits_for_readers_without_keeping_others_from_writing(written):
    """It says that something is left in the log."""
    it = written()
    it.write(3)
    it.wait(lambda: it.stored() == 3, "three flows are stored")
    with reading(it.path), closing(SqliteStore(it.path, wait_s=10)) as other:
        it.write(2)
        it.wait(lambda: it.stored() == 5, "two more are stored")
        with ThreadPoolExecutor(1) as pool:
            purged = pool.submit(other.purge)
            it.write(2)
            it.wait(lambda: it.stored() == 7, "two more are stored")
            assert not purged.result()
    assert it.writer.errors.total() == 0


def test_a_pipe_in_place_of_the_file_is_waited_out(written):
    """Opening it would wait for ever: records wait instead, and are stored once it is gone."""
    it = written()
    it.write()
    it.wait(lambda: it.stored() == 1, "a flow is stored")
    it.path.unlink()
    os.mkfifo(it.path)
    it.write(2)
    it.wait(lambda: it.writer.errors.total() > 1, "it was tried again")
    it.path.unlink()
    it.wait(lambda: it.path.is_file() and it.stored() == 2, "the records that waited are stored")


def test_another_programs_database_is_left_alone(written, tmp_path):
    """It is no store, and is not renamed either."""
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE mine (a)")
    connection.close()
    before = path.read_bytes()
    it = written(path)
    it.write()
    it.writer.close()
    assert path.read_bytes() == before
    line, lost = it.log
    assert line.startswith(f"{path}: {NO_DATABASE}; until")
    assert "the last 2 records were lost; name another file" in lost
