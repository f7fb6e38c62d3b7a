"""Lines that wait for a reader who may stall: a live sensor goes on meanwhile."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable

from netmon.errors import reason_of
from netmon.outputs.lines import Target

MAX_BYTES = 16 * 1024 * 1024
"""What waits at most: about ten thousand events."""
CHUNK_BYTES = 512 * 1024
"""What is written at once. After a write, the thread waits up to 5 ms until the sensor's lets go of the
interpreter, so little at a time would be too slow; but a slow reader must be seen to take something."""
RETRY_S = 0.2
"""How long to wait after a write that failed, or that a pipe has no room for."""
PATIENCE_S = 3.0
"""How long the end of the sensor waits for a reader who takes nothing."""


class Backlog:
    """A target of lines that a thread writes to another target.

    What no longer fits is refused in whole lines, and then everything until half of what waits is written.
    Errors of the target are raised once nothing fits; that the reader closed the pipe is raised at once.
    """

    def __init__(self, target: Target, *, max_bytes: int = MAX_BYTES) -> None:
        self._target = target
        self._max_bytes = max_bytes
        self._waiting = bytearray()
        self._error: OSError | None = None
        self._is_refusing = False
        self._is_closed = False
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name="events", daemon=True).start()

    def begin(self, _size: int) -> None:
        """Does nothing."""

    def write(self, data: memoryview) -> int:
        """Keeps as many whole lines as there is room for; returns how many bytes these are.

        Raises OSError if there is room for none.
        """
        with self._changed:
            if self._is_hopeless():
                raise self._error or BrokenPipeError
            held = len(self._waiting)
            room = self._max_bytes - held
            if self._is_refusing and room < self._max_bytes // 2:
                room = 0
            size = len(data) if len(data) <= room else bytes(data[:room]).rfind(b"\n") + 1
            self._is_refusing = size < len(data)
            self._waiting += data[:size]
            self._changed.notify_all()
            if not size:
                raise self._error or BlockingIOError(errno.EAGAIN, "its reader is too slow")
        return size

    def take_back(self, _size: int) -> bool:
        """Never needed, because whole lines are kept or refused."""
        return False

    def close(self, name: str, log: Callable[[str], None]) -> int:
        """Waits until everything is written, as long as the reader takes some of it.

        Logs and returns how many lines could not be written.
        """
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            left = None
            while self._waiting and left != len(self._waiting) and not self._is_hopeless():
                left = len(self._waiting)
                self._changed.wait(PATIENCE_S)
            lost = self._waiting.count(b"\n")
            why = "its reader takes nothing" if self._error is None else reason_of(self._error)
        if lost and not self._is_hopeless():
            noun = "event was" if lost == 1 else "events were"
            log(f"{name}: {why}; the last {lost:,} {noun} lost")
        return lost

    def _is_hopeless(self) -> bool:
        return isinstance(self._error, BrokenPipeError)

    def _run(self) -> None:
        while not self._is_hopeless():
            with self._changed:
                while not self._waiting:
                    if self._is_closed:
                        return
                    self._changed.wait()
                data = bytes(self._waiting[:CHUNK_BYTES])
            self._pass_on(data)

    def _pass_on(self, data: bytes) -> None:
        """Writes some of what waits longest; waits a moment if nothing can be written."""
        error: OSError | None = None
        written = 0
        try:
            written = self._target.write(memoryview(data)) or 0
        except OSError as failure:
            error = failure
        with self._changed:
            del self._waiting[:written]
            self._error = error
            self._changed.notify_all()
            if not written and not self._is_hopeless():
                self._changed.wait(RETRY_S)
