"""The wish to end a reading before its end, such as by Ctrl-C: what was read until then is shown."""

from __future__ import annotations

import signal

from netmon._engine import Wakeup


class StopRequest:
    """Holds the signal that asked for the end, and wakes whoever waits for a pipe."""

    def __init__(self) -> None:
        self.wakeup = Wakeup()
        self._signal: signal.Signals | None = None

    @property
    def is_asked(self) -> bool:
        """True once the end was asked for."""
        return self._signal is not None

    @property
    def name(self) -> str:
        """The name of the signal."""
        return self._signal.name if self._signal is not None else ""

    @property
    def exit_code(self) -> int:
        """The code of a command that a signal ended, as shells have it."""
        return 128 + (self._signal or 0)

    def ask(self, number: int) -> None:
        """Asks for the end. A second time, ends the process at once."""
        if self._signal is not None:
            raise SystemExit(128 + number)
        self._signal = signal.Signals(number)
