"""A full disk costs whole lines, each counted, and stops nothing."""

import errno

import pytest

from netmon.outputs.lines import MAX_PENDING, Lines


class Disk:
    """A file that takes as many bytes as there is room for, as a disk does."""

    def __init__(self):
        self.room = 10_000_000
        self.error = OSError(errno.ENOSPC, "No space left on device")
        self.held = b""

    def write(self, data):
        """Takes what fits; nothing more: the error."""
        if not self.room:
            raise self.error
        taken = bytes(data[: self.room])
        self.room -= len(taken)
        self.held += taken
        return len(taken)


@pytest.fixture
def disk():
    return Disk()


@pytest.fixture
def told():
    return []


@pytest.fixture
def lines(disk, told):
    return Lines(disk, "events.jsonl", told.append)


def test_lines_are_written_when_flushed(lines, disk, told):
    """Not before, and nothing is told."""
    lines.write("one\n")
    assert disk.held == b""
    lines.flush()
    lines.flush()
    assert (disk.held, lines.lost, told) == (b"one\n", 0, [])


def test_many_lines_are_not_held(lines, disk):
    """Without a flush the memory stays bounded."""
    for _ in range(3 * MAX_PENDING // 10):
        lines.write("123456789\n")
    assert len(disk.held) >= 2 * MAX_PENDING


@pytest.mark.parametrize("room", range(25))
def test_a_full_disk_costs_whole_lines(lines, disk, told, room):
    """Wherever it is full: the file holds whole lines, the others are counted, and it is told once."""
    disk.room = room
    for number in range(6):
        lines.write(f"line {number}\n")
        if number % 2:
            lines.flush()
    disk.room = 1000
    lines.flush()
    lines.write("line 6\n")
    lines.flush()
    held = disk.held.decode().splitlines()
    assert [line for line in held if line not in {f"line {number}" for number in range(7)}] == []
    assert len(held) == len(set(held)) == 7 - lines.lost
    assert held[-1] == "line 6"
    assert told == [
        "events.jsonl: no space left on device; events are lost until it can be written again",
        f"events.jsonl: can be written again; {lines.lost} "
        f"{'event was' if lines.lost == 1 else 'events were'} lost",
    ]


def test_a_slow_reader_of_a_pipe_that_does_not_wait(lines, disk, told):
    """Such a pipe takes nothing and raises nothing."""
    disk.write = lambda _data: None
    lines.write("one\n")
    lines.flush()
    assert lines.lost == 1
    assert len(told) == 1


def test_a_reader_who_left_ends_the_run(lines, disk):
    """Nobody reads standard output any more: that is an end, not a fault."""
    disk.room, disk.error = 0, BrokenPipeError(errno.EPIPE, "Broken pipe")
    lines.write("one\n")
    with pytest.raises(BrokenPipeError):
        lines.flush()
