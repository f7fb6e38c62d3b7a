"""Complete lines in a file. A full disk stops neither the capture nor the metrics."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from typing import Protocol

from netmon.errors import reason_of

MAX_PENDING = 65_536
"""Characters buffered before they are written without a flush."""


class Target(Protocol):
    """Where lines are written to; all methods raise OSError."""

    def begin(self, size: int) -> None:
        """To be called before lines of this size are written, and from time to time."""

    def write(self, data: memoryview) -> int | None:
        """Writes as much as possible; returns how much that was."""

    def take_back(self, size: int) -> bool:
        """Removes the bytes that were written last; False if that is not possible."""


class StandardOutput:
    """Standard output, which netmon did not open and does not replace."""

    def __init__(self, descriptor: int) -> None:
        self._file = io.FileIO(descriptor, "wb", closefd=False)

    def begin(self, size: int) -> None:
        """Does nothing."""

    def write(self, data: memoryview) -> int | None:
        """Writes as much as possible; returns how much that was."""
        return self._file.write(data)

    def take_back(self, _size: int) -> bool:
        """Never possible: a shell that opened the file may not append to it."""
        return False


class Lines:
    """A text stream of lines. Lines that cannot be written are counted in `lost`, and logged once.

    A line that a full disk cuts is removed, or its rest is written before the next line. BrokenPipeError is
    raised: the reader has closed the pipe, and the file is not at fault.
    """

    def __init__(self, file: Target, name: str, log: Callable[[str], None]) -> None:
        self.lost = 0
        self._file = file
        self._name = name
        self._log = log
        self._pending: list[str] = []
        self._size = 0
        self._rest = b""  # of a truncated line
        self._lost_before: int | None = None  # value of `lost` when writing began to fail

    def write(self, line: str) -> None:
        """Buffers a line, which ends in a newline."""
        self._pending.append(line)
        self._size += len(line)
        if self._size >= MAX_PENDING:
            self.flush()

    def flush(self) -> None:
        """Writes all buffered lines to the file."""
        lines = "".join(self._pending).encode()
        self._pending.clear()
        self._size = 0
        data = memoryview(self._rest + lines)
        if not data:
            return
        size, done = len(data), 0
        try:
            if not self._rest:
                self._file.begin(size)
            while done < size:
                done += self._file.write(data[done:]) or _would_block()
        except BrokenPipeError:
            raise
        except OSError as error:
            written = bytes(data[:done])
            begun = len(written) - written.rfind(b"\n") - 1  # bytes of a cut line
            if begun and not self._rest and self._file.take_back(begun):
                done -= begun
                begun = 0
            self._fail(error, bytes(data[done:]), is_cut=bool(begun) if done else bool(self._rest))
        else:
            self._rest = b""
            self._recover()

    def refresh(self) -> None:
        """Makes sure that the file still has its name, also while there are no lines."""
        if self._rest:
            return  # it belongs to the file that is open
        try:
            self._file.begin(0)
        except OSError as error:
            self._fail(error, b"", is_cut=False)

    def _fail(self, error: OSError, left: bytes, *, is_cut: bool) -> None:
        self._rest = left[: left.index(b"\n") + 1] if is_cut else b""
        if self._lost_before is None:
            self._lost_before = self.lost
            self._log(f"{self._name}: {reason_of(error)}; events are lost until it can be written again")
        self.lost += left.count(b"\n", len(self._rest))

    def _recover(self) -> None:
        if self._lost_before is None:
            return
        count = self.lost - self._lost_before
        self._lost_before = None
        noun = "event was" if count == 1 else "events were"
        self._log(f"{self._name}: can be written again; {count:,} {noun} lost")


def _would_block() -> int:
    """For a write that returns None: the pipe is non-blocking, and its reader is slow."""
    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
