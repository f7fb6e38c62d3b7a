"""The writer: nothing that is wrong with a file stops it, and what it has committed survives a crash."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from netmon.errors import StoreError
from netmon.store import queries
from netmon.store import writer as writer_module
from netmon.store.connection import NO_DATABASE
from netmon.store.queries import Scope
from netmon.store.retention import Limit
from netmon.store.sqlite import SqliteStore
from netmon.store.writer import StoreWriter
from tests.machine import need
from tests.records import classified
from tests.store.conftest import lines_of

ROOT = Path(__file__).parents[2]
NO_LIMIT = Limit()
CRASHES, SIDE_BY_SIDE = 100, 4
OTHER_PROGRAM = """import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as connection:
    connection.execute("DELETE FROM flows WHERE day < 0")
connection.close()
"""


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


def test_events_are_stored_within_a_second(written):
    """Without any further call, and all of them once the writer is closed."""
    it = written()
    it.write(10)
    it.wait(lambda: it.stored() == 10, "ten flows are stored")
    it.write(10)
    it.writer.close()
    assert (it.stored(), it.log, it.writer.lost) == (20, [], 0)


def test_a_line_that_is_no_event_is_left_out(written):
    """It does not keep the others from being stored."""
    it = written()
    it.writer.write("no event\n")
    it.write()
    it.writer.close()
    assert (it.stored(), it.log) == (1, [])


def recovered(it, problem, lost=0):
    """The lines that a problem that has ended leaves, without its cause."""
    assert it.writer.errors[problem] > 0
    assert it.writer.is_written
    [begun, ended] = it.log
    assert begun.endswith("until it can be written, records wait in memory")
    assert f"can be written again; {lost:,} record" in ended


def test_a_locked_store_is_written_when_it_is_free(written, monkeypatch):
    """Another program may hold the file as long as it likes: one line says so, and nothing is lost."""
    monkeypatch.setattr("netmon.store.sqlite._WAIT_S", 0.01)
    it = written()
    other = sqlite3.connect(it.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    it.write(5)
    it.wait(lambda: it.writer.errors["locked"] > 1, "it has failed more than once")
    assert not it.writer.is_written
    other.execute("ROLLBACK")
    other.close()
    it.wait(lambda: it.stored() == 5, "five flows are stored")
    it.wait(lambda: len(it.log) == 2, "it has recovered")
    recovered(it, "locked")


def test_records_that_find_no_room_are_counted(written, monkeypatch):
    """While nothing can be written, a bounded number waits; the rest is counted, in the log as well."""
    monkeypatch.setattr("netmon.store.pending.MAX_ROWS", 4)
    monkeypatch.setattr("netmon.store.sqlite._WAIT_S", 0.01)
    it = written()
    it.writer._pending._max_rows = 4
    other = sqlite3.connect(it.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    it.write(10)
    it.wait(lambda: not it.writer.is_written and it.writer.lost, "records are lost")
    other.execute("ROLLBACK")
    other.close()
    it.wait(lambda: len(it.log) == 2, "it has recovered")
    # The judgement that all of them share, and three flows.
    assert (it.stored(), it.writer.lost) == (3, 7)
    recovered(it, "locked", lost=7)


def test_a_queue_that_is_full_is_not_waited_for(written, monkeypatch):
    """Whoever writes an event never waits for the disk."""
    monkeypatch.setattr(writer_module, "MAX_LINES", 3)
    it = written()
    monkeypatch.setattr(it.writer, "_turn", lambda: None)
    it.write(5)
    assert it.writer.lost == 2


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
    [line] = it.log
    assert line.startswith(f"{path}: {NO_DATABASE}; until")
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
    [line] = it.log
    assert line.startswith(f"{path}: {NO_DATABASE}; until")


@contextmanager
def small_disk(folder, size="600k"):
    """A file system of this size, as only root can make one."""
    need("mount", "umount")
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=False)
    if made.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(file):
    """Makes a file that leaves no room on its disk."""
    with suppress(OSError), file.open("wb", buffering=0) as stream:
        while True:
            stream.write(bytes(4096))


@pytest.mark.lab
def test_a_full_disk(written, tmp_path):
    """What does not fit waits, and is stored once there is room; the file is intact all the time."""
    with small_disk(tmp_path / "disk") as folder:
        it = written(folder / "flows.db")
        it.write(50)
        it.wait(lambda: it.stored() == 50, "the first flows are stored")
        filler = folder / "filler"
        fill(filler)
        it.write(2000)
        it.wait(lambda: it.writer.errors["full"], "the disk is full")
        it.wait(lambda: not it.writer.is_written, "it is known that nothing was written")
        filler.unlink()
        subprocess.run(["mount", "-o", "remount,size=20m", folder], check=True)
        it.wait(lambda: it.stored() == 2050, "all flows are stored")
        it.wait(lambda: len(it.log) == 2, "it has recovered")
        recovered(it, "full")
        it.writer.close()
        assert is_intact(it.path)


@pytest.mark.lab
def test_a_read_only_file_system(written, tmp_path):
    """Records wait until it can be written again."""
    with small_disk(tmp_path / "disk", "20m") as folder:
        first = written(folder / "flows.db")
        first.write()
        first.writer.close()
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        it = written(folder / "flows.db")
        it.flows = 1
        it.write(5)
        it.wait(lambda: it.writer.errors["read_only"] > 1, "it has failed more than once")
        subprocess.run(["mount", "-o", "remount,rw", folder], check=True)
        it.wait(lambda: it.stored() == 6, "all flows are stored")
        it.wait(lambda: len(it.log) == 2, "it has recovered")
        recovered(it, "read_only")
        it.writer.close()


def is_intact(path):
    """True if SQLite finds no error in the file."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        connection.close()


def crash(path, run, after_s):
    """Kills a writer after a time; what it had taken by when, and when it was killed."""
    command = [sys.executable, "-m", "tests.store.writing", str(path), run]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8") as process:
        first = process.stdout.readline()
        time.sleep(after_s)
        killed_s = time.monotonic()
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()
    lines = (first + rest).rpartition("\n")[0].splitlines()
    return [(float(at), int(number)) for at, number in (line.split() for line in lines)], killed_s


def crash_often(path, seed):
    """Kills writers of one file at random; how many flows were so old that they had to be stored."""
    chance = random.Random(seed)
    old = 0
    for number in range(CRASHES // SIDE_BY_SIDE):
        taken, killed_s = crash(path, f"run{number}", chance.uniform(0, 2.2))
        store = SqliteStore(path)
        query = "SELECT flow FROM flows WHERE run = ?"
        stored = [flow for (flow,) in store.select(query, (f"run{number}",))]
        store.close()
        assert is_intact(path), number
        assert sorted(stored) == list(range(len(stored))), number
        due = sum(at < killed_s - 1 for at, _ in taken)
        assert len(stored) >= due, number
        old += due
    return old


@pytest.mark.slow
def test_a_writer_that_is_killed_loses_at_most_a_second(tmp_path):
    """A hundred times at random: the file is intact, no flow is there twice, and no older one is lost."""
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        paths = [tmp_path / f"flows{number}.db" for number in range(SIDE_BY_SIDE)]
        assert sum(pool.map(crash_often, paths, range(SIDE_BY_SIDE))) > 1000
