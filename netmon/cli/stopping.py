"""Ctrl-C and SIGTERM end a reading early, with a result; a second one ends it at once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from netmon.sources.stop_request import StopRequest


@contextmanager
def stoppable() -> Iterator[StopRequest]:
    """What a source is asked to end by. A signal that the shell has the process ignore stays ignored."""
    stop = StopRequest()
    numbers = [one for one in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(one) != signal.SIG_IGN]
    before = {one: signal.signal(one, lambda number, _frame: stop.ask(number)) for one in numbers}
    # The engine waits for pipes without Python, which runs handlers only in between: the byte wakes it.
    woken = signal.set_wakeup_fd(stop.wakeup.fileno(), warn_on_full_buffer=False)
    try:
        yield stop
    finally:
        signal.set_wakeup_fd(woken)
        for number, handler in before.items():
            signal.signal(number, handler)
