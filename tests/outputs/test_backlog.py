"""A reader who stalls does not stop what writes; what waits is bounded, in order and in whole lines."""

import errno
import os
import select
import threading
import time

import pytest

from netmon.outputs import backlog
from netmon.outputs.backlog import Backlog
from netmon.outputs.lines import Lines, StandardOutput
from tests.cli.ports import wait_for

LINE = b"x" * 99 + b"\n"


class Reader:
    """The two ends of a pipe."""

    def __init__(self):
        self.end, self.writing = os.pipe()
        self.read = b""

    def take(self, size):
        """Read until there are so many bytes."""
        while len(self.read) < size:
            assert select.select([self.end], [], [], 10)[0], f"only {len(self.read)} bytes arrived"
            self.read += os.read(self.end, size - len(self.read))
        return self.read


@pytest.fixture
def reader():
    return Reader()


@pytest.fixture
def log():
    return []


@pytest.fixture
def small(reader):
    """A backlog of 1,000 lines before a pipe."""
    return Backlog(StandardOutput(reader.writing), max_bytes=100_000)


@pytest.fixture
def lines(small, log):
    return Lines(small, "standard output", log.append)


def write(lines, numbers):
    """Write numbered lines of 100 bytes."""
    for number in numbers:
        lines.write(f"{number:099}\n")
        lines.flush()


@pytest.fixture
def stalled(lines, small):
    """The lines, after 600 of them, which fill the pipe but for 5,536 bytes."""
    write(lines, range(600))
    wait_for(lambda: not small._waiting, "the pipe holds them")
    return lines


def test_lines_arrive_in_order_while_the_reader_takes_them(lines, small, reader, log):
    """All of them, and nothing is logged."""
    thread = threading.Thread(target=reader.take, args=(500_000,))
    thread.start()
    for start in range(0, 5000, 500):
        write(lines, range(start, start + 500))
        wait_for(lambda: not small._waiting, "the backlog is written")
    thread.join()
    assert [int(line) for line in reader.read.split()] == list(range(5000))
    assert (lines.lost, log) == (0, [])


def test_a_stalled_reader_stops_nothing_and_what_is_lost_is_counted(stalled, reader, log):
    """Writing takes no time, one line is logged, and what arrives later are whole lines in order."""
    began = time.monotonic()
    write(stalled, range(600, 20_000))
    assert time.monotonic() - began < 5
    assert stalled.lost > 18_000  # the pipe holds 65,536 bytes, the backlog 100,000
    assert log == ["standard output: its reader is too slow; events are lost until it can be written again"]
    kept = 20_000 - stalled.lost
    numbers = [int(line) for line in reader.take(kept * 100).split()]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == kept


def test_a_reader_who_goes_on_gets_what_follows_and_the_loss_is_logged_once(stalled, small, reader, log):
    """A slow reader does not fill the log: nothing is taken until half of the backlog is written."""
    write(stalled, range(600, 5000))
    lost = stalled.lost
    reader.take(20_000)
    write(stalled, range(5000, 5100))
    assert (len(log), stalled.lost) == (1, lost + 100)
    reader.take((5000 - lost) * 100)
    wait_for(lambda: not small._waiting, "the backlog is written")
    write(stalled, [9_999])
    assert log[1:] == [f"standard output: can be written again; {lost + 100:,} events were lost"]
    assert reader.take((5001 - lost) * 100).endswith(b"9999\n")


def test_a_reader_who_has_gone_ends_it(lines, reader):
    """As without a backlog: BrokenPipeError."""
    os.close(reader.end)
    write(lines, [1])
    time.sleep(0.2)
    with pytest.raises(BrokenPipeError):
        write(lines, [2])


def test_the_end_waits_for_a_reader_who_takes_something(stalled, small, reader, log):
    """Everything that waits is written."""
    write(stalled, range(600, 1400))
    threading.Timer(0.2, reader.take, [140_000]).start()
    assert small.close("standard output", log.append) == 0
    wait_for(lambda: len(reader.read) == 140_000, "the backlog is written")
    assert log == []


def test_the_end_does_not_wait_for_ever(monkeypatch, stalled, small, log):
    """What a stalled reader does not take is counted and logged."""
    monkeypatch.setattr(backlog, "PATIENCE_S", 0.1)
    write(stalled, range(600, 1400))
    lost = small.close("standard output", log.append)
    assert lost > 700
    assert log == [f"standard output: its reader takes nothing; the last {lost:,} events were lost"]


class FullDisk:
    """A file on a disk without space."""

    def __init__(self):
        self.held, self.is_full = b"", True

    def begin(self, size):
        """Nothing can happen to it."""

    def write(self, data):
        """Writes all or nothing."""
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.held += bytes(data)
        return len(data)

    def take_back(self, _size):
        """Never."""
        return False


def test_a_disk_that_is_full_for_a_while_loses_only_what_does_not_fit(log):
    """The reason is logged, and what waited is written once there is space."""
    disk = FullDisk()
    lines = Lines(Backlog(disk, max_bytes=10_000), "standard output", log.append)
    write(lines, range(50))
    time.sleep(0.1)
    write(lines, range(50, 200))
    assert lines.lost == 100
    assert log == ["standard output: no space left on device; events are lost until it can be written again"]
    disk.is_full = False
    wait_for(lambda: len(disk.held) == 10_000, "the backlog is written")
    assert [int(line) for line in disk.held.split()] == list(range(100))
