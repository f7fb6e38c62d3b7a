"""Lines for a stream whose reader may stall, such as a terminal after Ctrl-S, without waiting for it."""

from __future__ import annotations

import os
import select
import time
from collections import deque

MAX_LINES = 1_000
"""Lines that wait; further ones are lost, and counted."""
PATIENCE_S = 3.0
"""How long the end of the sensor waits for a reader who takes nothing."""


class StallingStream:
    """Writes lines as soon as that does not block. Raises BrokenPipeError if the reader has gone.

    Lines that a full disk refuses are lost and counted as well.
    """

    def __init__(self, descriptor: int) -> None:
        self.lost = 0
        self._descriptor = descriptor
        self._waiting: deque[bytes] = deque()
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)

    def write(self, text: str) -> None:
        """Writes the text, or keeps it until there is room."""
        if len(self._waiting) < MAX_LINES:
            self._waiting.append(text.encode(errors="backslashreplace"))
        else:
            self.lost += 1
        self.drain()

    def drain(self, patience_s: float = 0.0) -> None:
        """Writes what waits, as far as there is room."""
        ends_s = time.monotonic() + patience_s
        while self._waiting:
            left_ms = max(0.0, ends_s - time.monotonic()) * 1000
            if not self._poll.poll(left_ms):
                return
            # A pipe that has room at all takes this much without blocking (pipe(7)).
            part = self._waiting[0][: select.PIPE_BUF]
            try:
                written = os.write(self._descriptor, part)
            except BlockingIOError:
                return
            except BrokenPipeError:
                self._waiting.clear()
                raise
            except OSError:
                written = len(self._waiting[0])
                self.lost += 1
            rest = self._waiting.popleft()[written:]
            if rest:
                self._waiting.appendleft(rest)

    def is_idle(self) -> bool:
        """True if nothing waits."""
        return not self._waiting
