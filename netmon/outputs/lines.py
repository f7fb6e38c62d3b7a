"""Whole lines on a file that may be full: that stops neither capture nor metrics."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable

from netmon.errors import reason_of

MAX_PENDING = 65_536
"""Characters held before they are written without being flushed."""


class Lines:
    """A text stream of lines. Those that the file cannot take are counted in `lost`; that is told once.

    A line that a full disk cut in two is made whole before the next one. A reader who has gone
    (BrokenPipeError) is no fault of the file: that goes through.
    """

    def __init__(self, file: io.FileIO, name: str, tell: Callable[[str], None]) -> None:
        self.lost = 0
        self._file = file
        self._name = name
        self._tell = tell
        self._pending: list[str] = []
        self._size = 0
        self._rest = b""  # of a line of which the file holds the beginning
        self._failed_at: int | None = None  # `lost` when it began to fail

    def write(self, line: str) -> None:
        """Takes a line with its end."""
        self._pending.append(line)
        self._size += len(line)
        if self._size >= MAX_PENDING:
            self.flush()

    def flush(self) -> None:
        """Hands everything to the system."""
        lines = "".join(self._pending).encode()
        self._pending.clear()
        self._size = 0
        data = memoryview(self._rest + lines)
        if not data:
            return
        whole, done = len(data), 0
        try:
            while done < whole:
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
        if self._failed_at is None:
            self._failed_at = self.lost
            self._tell(f"{self._name}: {reason_of(error)}; events are lost until it can be written again")
        self.lost += left.count(b"\n", len(self._rest))

    def _recover(self) -> None:
        if self._failed_at is None:
            return
        count = self.lost - self._failed_at
        self._failed_at = None
        self._tell(f"{self._name}: written again; {count:,} {'event' if count == 1 else 'events'} missing")


def _would_block() -> int:
    """What a file says by None: it is set not to wait, and its reader is slow."""
    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
