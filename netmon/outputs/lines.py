"""Complete lines in a file. A full disk stops neither the capture nor the metrics."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable

from netmon.errors import reason_of

MAX_PENDING = 65_536
"""Characters buffered before they are written without a flush."""


class Lines:
    """A text stream of lines. Lines that cannot be written are counted in `lost`, and logged once.

    When a full disk truncates a line, the rest of it is written before the next line. BrokenPipeError is
    raised: the reader has closed the pipe, and the file is not at fault.
    """

    def __init__(self, file: io.FileIO, name: str, log: Callable[[str], None]) -> None:
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
            while done < size:
                done += self._file.write(data[done:]) or _would_block()
        except BrokenPipeError:
            raise
        except OSError as error:
            is_cut = data[done - 1] != ord("\n") if done else bool(self._rest)
            self._fail(error, bytes(data[done:]), is_cut=is_cut)
        else:
            self._rest = b""
            self._recover()

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
