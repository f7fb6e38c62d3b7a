"""The spool: the latest events on disk, in segments, for programs that pass them on (`netmon forward`)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from netmon.errors import OutputError, reason_of

SEGMENT_BYTES = 4 << 20
"""A segment is closed before it would exceed this size."""
ENDING = ".jsonl"
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class Spool:
    """Appends lines to the newest segment, and removes the oldest ones that exceed the spool's size.

    A segment is named by the time at which it was begun, so their names sort by age. Readers never change
    them, so any number of programs may follow a spool. The constructor raises OutputError.
    """

    def __init__(self, folder: Path, max_bytes: int, clock: Callable[[], int] = time.time_ns) -> None:
        """`clock`: nanoseconds since 1970."""
        self._folder = folder
        self._max_bytes = max_bytes
        self._clock = clock
        self._descriptor = -1
        self._size = 0
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._begin_segment()
        except OSError as error:
            raise OutputError(
                f"{folder}: {reason_of(error)}; name a folder in spool.folder that this user can write to"
            ) from error

    def begin(self, size: int) -> None:
        """To be called before lines of this size are written, and from time to time. Raises OSError."""
        is_gone = os.fstat(self._descriptor).st_nlink == 0
        if is_gone or (self._size and self._size + size > SEGMENT_BYTES):
            self._begin_segment()
        if size:
            self._make_room(size)

    def write(self, data: memoryview) -> int:
        """Writes as much as possible; returns how much that was."""
        written = os.write(self._descriptor, data)
        self._size += written
        return written

    def take_back(self, size: int) -> bool:
        """Removes the bytes that were written last; False if that is not possible."""
        with suppress(OSError):
            os.ftruncate(self._descriptor, self._size - size)
            self._size -= size
            return True
        return False

    def close(self) -> None:
        """Closes the newest segment."""
        os.close(self._descriptor)

    def _begin_segment(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        newest = segments(self._folder)[-1:]
        # A clock that was set back must not make a segment that sorts before the others.
        number = max([self._clock(), *(int(one.name.removesuffix(ENDING)) + 1 for one in newest)])
        descriptor = os.open(self._folder / f"{number:020d}{ENDING}", _FLAGS, 0o640)
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._size = descriptor, 0

    def _make_room(self, size: int) -> None:
        """Removes the oldest segments, so that lines of this size do not exceed the spool's size."""
        found = [(one, one.stat().st_size) for one in segments(self._folder)]
        excess = sum(held for _, held in found) + size - self._max_bytes
        for segment, held in found[:-1]:
            if excess <= 0:
                return
            segment.unlink(missing_ok=True)
            excess -= held


def segments(folder: Path) -> list[Path]:
    """The segments of a spool, oldest first. Raises OSError."""
    return sorted(one for one in folder.iterdir() if one.name.endswith(ENDING) and one.stem.isdigit())
