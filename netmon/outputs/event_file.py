"""The file of the events: complete lines, whoever moves or truncates it, and however netmon ended."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from netmon.config.settings import Rotation
from netmon.errors import OutputError, reason_of
from netmon.outputs.old_files import OldFiles

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
_PIPE_FLAGS = os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC
"""A pipe that can be read as well needs no reader, and one that is full is an error (fifo(7))."""
_TAIL_BYTES = 1024 * 1024
"""Where the beginning of a cut line is searched: no event is as long."""
_RETRY_S = 60.0


class EventFile:
    """Appends to a file. Opens it again when another has its name, and rotates it if configured.

    Everything but a regular file, such as a pipe, is only written to; a pipe that is full does not block. The
    constructor raises OutputError.
    """

    def __init__(
        self,
        path: Path,
        rotation: Rotation,
        log: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock`: seconds since 1970."""
        self._path = path
        self._rotation = rotation
        self._log = log
        self._clock = clock
        self._old = OldFiles(path, rotation, log)
        self._is_stranded = False  # the file was moved, and none can be made in its place
        self._retry_at_s = 0.0  # of a rotation that failed
        try:
            self._use(_open(path))
        except OSError as error:
            raise OutputError(
                f"{path}: {reason_of(error)}: name a file in events.file that this user can write"
            ) from error
        if rotation.is_on and self._is_regular:
            if not self._old.can_be_made():
                log(f"{path}: cannot be rotated: its folder cannot be written to; it grows until it can")
            self._old.tidy()

    def begin(self, size: int) -> None:
        """To be called before lines of this size are written, and from time to time.

        Raises OSError if there is no file any more, and none can be made.
        """
        if not self._is_regular:
            return
        if self._was_moved():
            self._reopen()
        if self._is_due(size):
            self._rotate()

    def write(self, data: memoryview) -> int:
        """Writes as much as possible; returns how much that was."""
        return os.write(self._descriptor, data)

    def take_back(self, size: int) -> bool:
        """Removes the bytes that were written last; False if that is not possible."""
        if not self._is_regular:
            return False
        with suppress(OSError):
            os.ftruncate(self._descriptor, os.fstat(self._descriptor).st_size - size)
            return True
        return False

    def close(self) -> None:
        """Closes the file."""
        os.close(self._descriptor)

    def _use(self, descriptor: int) -> None:
        self._descriptor = descriptor
        found = os.fstat(descriptor)
        self._is_regular = stat.S_ISREG(found.st_mode)
        self._period = self._period_of(found.st_mtime if found.st_size else self._clock())
        if self._is_regular:
            with suppress(OSError):  # not readable, or the disk is full
                self._end_last_line(found.st_size)

    def _end_last_line(self, size: int) -> None:
        """Removes an event that a crash cut; ends any other last line."""
        with self._path.open("rb") as stream:
            stream.seek(max(0, size - _TAIL_BYTES))
            tail = stream.read(_TAIL_BYTES)
        if not tail or tail.endswith(b"\n"):
            return
        begin = tail.rfind(b"\n") + 1
        cut = tail[begin:]
        is_complete = begin > 0 or size == len(tail)
        # After a power failure, some file systems leave zeros where data was to follow.
        if is_complete and cut.strip(b"\0")[:1] in (b"{", b""):
            os.ftruncate(self._descriptor, size - len(cut))
            cause = "the last event was cut when it was written"
            self._log(f"{self._path}: {cause}; its {len(cut):,} bytes were removed")
        else:
            os.write(self._descriptor, b"\n")
            self._log(f"{self._path}: the last line had no end, and is no event; a newline was added")

    def _was_moved(self) -> bool:
        """True if the name leads to another file, or to none."""
        try:
            there = self._path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False  # unknown: the open file is still there
        return not os.path.samestat(there, os.fstat(self._descriptor))

    def _reopen(self) -> None:
        try:
            new = _open(self._path)
        except OSError as error:
            if os.fstat(self._descriptor).st_nlink == 0:
                raise
            if not self._is_stranded:
                self._log(
                    f"{self._path}: was moved, and cannot be made again: {reason_of(error)}; until it can, "
                    "events are written to the moved file"
                )
            self._is_stranded = True
            return
        if self._is_stranded:
            self._log(f"{self._path}: was made again")
        self._is_stranded = False
        os.close(self._descriptor)
        self._use(new)

    def _is_due(self, size: int) -> bool:
        """True if the file is to be rotated before lines of this size are written."""
        if not self._rotation.is_on:
            return False
        held = os.fstat(self._descriptor).st_size
        period = self._period_of(self._clock())
        if held == 0:
            self._period = period
            return False
        self._period = min(self._period, period)  # the clock may have been set back
        is_full = 0 < self._rotation.max_bytes < held + size
        return is_full or period > self._period

    def _period_of(self, time_s: float) -> int:
        """The number of the period of rotation, which begins at a full hour or day, UTC."""
        return int(time_s // self._rotation.period_s) if self._rotation.period_s else 0

    def _rotate(self) -> None:
        now_s = self._clock()
        is_waiting = self._retry_at_s - _RETRY_S <= now_s < self._retry_at_s
        if is_waiting or self._is_stranded:
            return
        try:
            if not self._old.add(now_s):
                return
        except OSError as error:
            self._retry_at_s = now_s + _RETRY_S
            self._log(f"{self._path}: cannot be rotated: {reason_of(error)}; it grows until it can")
            return
        self._reopen()
        self._old.tidy()


def _open(path: Path) -> int:
    """A file to which lines are appended, made if there is none; or a pipe. Raises OSError."""
    flags = _PIPE_FLAGS if path.is_fifo() else _FLAGS
    return os.open(path, flags, 0o666)
