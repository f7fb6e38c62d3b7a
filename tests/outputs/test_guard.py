"""A failing output stops nothing else."""

import errno

import pytest

from netmon.outputs.guard import Guard
from tests.records import QUERY, sighting


class Disk:
    """An output on a disk that may be full, or whose reader may be gone."""

    def __init__(self):
        self.error = None
        self.taken = []

    def sighting(self, sighting):
        """Takes a flow."""
        self._take(sighting)

    def dns(self, record):
        """Takes a message."""
        self._take(record)

    def flush(self):
        """Fails while there is an error."""
        if self.error:
            raise self.error

    def _take(self, record):
        self.flush()
        self.taken.append(record)


@pytest.fixture
def disk():
    return Disk()


@pytest.fixture
def told():
    return []


@pytest.fixture
def guard(disk, told):
    return Guard(disk, "events.jsonl", told.append)


def test_everything_is_handed_on(guard, disk, told):
    """An output that works gets every record, and nothing is told."""
    guard.sighting(sighting())
    guard.dns(QUERY)
    guard.flush()
    assert (disk.taken, guard.lost, told) == ([sighting(), QUERY], 0, [])


def test_a_full_disk_is_told_once_and_counted(guard, disk, told):
    """One line when it begins, one when it is over, a counter all the time."""
    disk.error = OSError(errno.ENOSPC, "No space left on device")
    for _ in range(3):
        guard.sighting(sighting())
        guard.dns(QUERY)
        guard.flush()
    assert guard.lost == 6
    assert told == ["events.jsonl: no space left on device; events are lost until it can be written again"]
    disk.error = None
    guard.sighting(sighting())
    guard.flush()
    guard.flush()
    assert len(disk.taken) == 1
    assert told[1:] == ["events.jsonl: written again; 6 or more events are missing"]


def test_a_disk_that_fills_at_the_flush(guard, disk, told):
    """What fails only when it is flushed is told as well."""
    guard.sighting(sighting())
    disk.error = OSError(errno.EIO, "Input/output error")
    guard.flush()
    assert told == ["events.jsonl: input/output error; events are lost until it can be written again"]


def test_a_reader_who_left_ends_the_run(guard, disk):
    """Nobody reads standard output any more: that is an end, not a fault."""
    disk.error = BrokenPipeError(errno.EPIPE, "Broken pipe")
    with pytest.raises(BrokenPipeError):
        guard.sighting(sighting())
