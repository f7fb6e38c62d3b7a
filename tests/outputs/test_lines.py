"""A full disk loses complete lines, each of them counted, and stops nothing."""

import errno

import pytest

from netmon.outputs.lines import MAX_PENDING, Lines


class Disk:
    """A file that accepts bytes while there is space, like a disk."""

    def __init__(self):
        self.space = 10_000_000
        self.error = OSError(errno.ENOSPC, "No space left on device")
        self.held = b""
        self.can_take_back = False

    def begin(self, size):
        """Nothing can happen to it."""

    def take_back(self, size):
        """Removes bytes, if it can."""
        if self.can_take_back:
            self.held = self.held[:-size]
            self.space += size
        return self.can_take_back

    def write(self, data):
        """Writes what fits; raises an error if nothing does."""
        if not self.space:
            raise self.error
        taken = bytes(data[: self.space])
        self.space -= len(taken)
        self.held += taken
        return len(taken)


@pytest.fixture
def disk():
    return Disk()


@pytest.fixture
def log():
    return []


@pytest.fixture
def lines(disk, log):
    return Lines(disk, "events.jsonl", log.append)


def test_lines_are_written_when_flushed(lines, disk, log):
    """Lines are not written before, and nothing is logged."""
    lines.write("one\n")
    assert disk.held == b""
    lines.flush()
    lines.flush()
    assert (disk.held, lines.lost, log) == (b"one\n", 0, [])


def test_many_lines_are_not_buffered(lines, disk):
    """Memory stays bounded even without a flush."""
    for _ in range(3 * MAX_PENDING // 10):
        lines.write("123456789\n")
    assert len(disk.held) >= 2 * MAX_PENDING


@pytest.mark.parametrize("can_take_back", [False, True])
@pytest.mark.parametrize("space", range(25))
def test_a_full_disk_loses_complete_lines(lines, disk, log, space, can_take_back):
    """The file holds complete lines, wherever it ends; the others are counted, and it is logged once."""
    disk.space, disk.can_take_back = space, can_take_back
    for number in range(6):
        lines.write(f"line {number}\n")
        if number % 2:
            lines.flush()
    disk.space = 1000
    lines.flush()
    lines.write("line 6\n")
    lines.flush()
    held = disk.held.decode().splitlines()
    assert [line for line in held if line not in {f"line {number}" for number in range(7)}] == []
    assert len(held) == len(set(held)) == 7 - lines.lost
    assert held[-1] == "line 6"
    assert log == [
        "events.jsonl: no space left on device; events are lost until it can be written again",
        f"events.jsonl: can be written again; {lines.lost} "
        f"{'event was' if lines.lost == 1 else 'events were'} lost",
    ]


def test_a_cut_line_is_taken_back_at_once(lines, disk):
    """A file that can be shortened never ends in part of a line, not even while the disk is full."""
    disk.space, disk.can_take_back = 6, True
    lines.write("one\n")
    lines.write("two\n")
    lines.flush()
    assert (disk.held, lines.lost) == (b"one\n", 1)


def test_a_file_is_not_replaced_while_a_line_is_cut(lines, disk):
    """The rest of a line goes to the file that has its beginning."""
    begun = []
    disk.begin = begun.append
    disk.space = 2
    lines.write("one\n")
    lines.flush()
    lines.refresh()
    lines.flush()
    assert begun == [4]
    disk.space = 100
    lines.flush()
    lines.refresh()
    assert begun == [4, 0]
    assert disk.held == b"one\n"


def test_a_file_that_is_missing_is_reported_without_lines(lines, disk, log):
    """A refresh reports it, and loses nothing."""

    def begin(_size):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    disk.begin = begin
    lines.refresh()
    lines.refresh()
    assert lines.lost == 0
    assert log == ["events.jsonl: no such file or directory; events are lost until it can be written again"]


def test_a_slow_reader_of_a_nonblocking_pipe(lines, disk, log):
    """Such a pipe may accept nothing without raising an error."""
    disk.write = lambda _data: None
    lines.write("one\n")
    lines.flush()
    assert lines.lost == 1
    assert len(log) == 1


def test_a_closed_pipe_ends_the_run(lines, disk):
    """If standard output is closed by its reader, the run ends without an error."""
    disk.space, disk.error = 0, BrokenPipeError(errno.EPIPE, "Broken pipe")
    lines.write("one\n")
    with pytest.raises(BrokenPipeError):
        lines.flush()
