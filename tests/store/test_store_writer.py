"""The writer: nothing that is wrong with a file stops it, and what it has committed survives a crash."""

import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from netmon.days import DAY_NS, DAY_S
from netmon.store import writer as writer_module
from netmon.store.retention import Limit
from netmon.store.sqlite import SqliteStore
from netmon.store.writer import StoreWriter
from tests.machine import need
from tests.records import START_NS, classified
from tests.store.conftest import lines_of
from tests.store.watched_writer import is_intact, locked, written

__all__ = ["written"]
ROOT = Path(__file__).parents[2]
NO_LIMIT = Limit()
CRASHES, SIDE_BY_SIDE = 100, 4


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


class Clocks:
    """A day's clock that a test sets, and one that only runs."""

    def __init__(self):
        self.wall_s = (START_NS // DAY_NS) * DAY_S
        self.monotonic_s = 0.0

    def pass_by(self, seconds):
        """Time goes on."""
        self.wall_s += seconds
        self.monotonic_s += seconds


@pytest.fixture
def tidied(tmp_path):
    """A store of one flow with a limit of 30 days; its clocks, log, and what a turn leaves in it."""
    clocks, log = Clocks(), []
    writer = StoreWriter(
        tmp_path / "flows.db",
        Limit(days=30),
        log.append,
        clock=lambda: clocks.wall_s,
        monotonic=lambda: clocks.monotonic_s,
    )
    writer.close()
    for line in lines_of(classified()):
        writer.write(line)

    def turn():
        writer._turn()
        with closing(SqliteStore(tmp_path / "flows.db", is_read_only=True)) as store:
            return store.value("SELECT count(*) FROM flows")

    yield clocks, log, turn
    writer._close()


@pytest.mark.parametrize("days", [31, 4000])
@pytest.mark.parametrize("wait_s", [61, 3500])
def test_a_clock_that_jumps_removes_nothing_for_an_hour(tidied, days, wait_s):
    """Whoever set it wrong has time to correct it, and the history is still there."""
    clocks, _, turn = tidied
    clocks.pass_by(DAY_S)
    assert turn() == 1
    clocks.wall_s += days * DAY_S
    assert turn() == 1
    clocks.pass_by(wait_s)
    assert turn() == 1
    clocks.wall_s -= days * DAY_S
    clocks.pass_by(4000)
    assert turn() == 1


def test_what_is_too_old_leaves_when_the_clock_has_run_for_an_hour(tidied):
    """Since the start, and again since the clock was set; each step is logged once."""
    clocks, log, turn = tidied
    clocks.wall_s += 4000 * DAY_S
    assert turn() == 1
    clocks.pass_by(3590)
    assert turn() == 1
    clocks.pass_by(70)
    assert turn() == 0
    [line] = log
    assert "flows.db: the system's clock was set from " in line
    assert "nothing is removed for its age" in line


def test_what_is_too_old_leaves_after_the_clock_was_set_back(tidied):
    """A machine that started in a wrong year need not come to that year first."""
    clocks, _, turn = tidied
    clocks.wall_s += 4000 * DAY_S
    turn()
    clocks.wall_s -= 3960 * DAY_S
    assert turn() == 1
    clocks.pass_by(3661)
    assert turn() == 0


def test_a_store_without_a_limit_of_days_does_not_mind_the_clock(tmp_path):
    """No line tells of a delay that there is not."""
    clocks, log = Clocks(), []
    times = {"clock": lambda: clocks.wall_s, "monotonic": lambda: clocks.monotonic_s}
    writer = StoreWriter(tmp_path / "flows.db", Limit(max_bytes=1 << 30), log.append, **times)
    writer.close()
    clocks.wall_s += 4000 * DAY_S
    writer._turn()
    writer._close()
    assert log == []


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
    with locked(it.path):
        it.write(5)
        it.wait(lambda: it.writer.errors["locked"] > 1, "it has failed more than once")
        assert not it.writer.is_written
    it.wait(lambda: it.stored() == 5, "five flows are stored")
    it.wait(lambda: len(it.log) == 2, "it has recovered")
    recovered(it, "locked")


def test_records_that_find_no_room_are_counted(written, monkeypatch):
    """While nothing can be written, a bounded number waits; the rest is counted, in the log as well."""
    monkeypatch.setattr("netmon.store.pending.MAX_ROWS", 4)
    monkeypatch.setattr("netmon.store.sqlite._WAIT_S", 0.01)
    it = written()
    it.writer._pending._max_rows = 4
    with locked(it.path):
        it.write(10)
        it.wait(lambda: not it.writer.is_written and it.writer.lost, "records are lost")
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
