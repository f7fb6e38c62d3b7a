"""Looks at a sensor again and again, in a thread, so that keys never wait for a network or a disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Protocol

from netmon.errors import TopError
from netmon.top.glance import NotASensorError, read_glance
from netmon.top.records_reader import read_records
from netmon.top.state import Records, TopState, failed, glanced, recorded

_RECORDS_EVERY_S = 5.0
_REST = 10
"""Time between two readings of the store, and how many times as long as a reading it is at least."""


class MetricsPage(Protocol):
    """Where the metrics are."""

    def read(self) -> str:
        """The page as it is now. Raises TopError."""
        ...


class SensorWatch:
    """What was seen waits in order, until `applied` makes it part of a state."""

    def __init__(
        self,
        page: MetricsPage,
        stores: Sequence[str],
        every_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.every_s = every_s
        self.wants_clients = False
        """Whether flows are grouped by client, for which the store is asked more."""
        self._page = page
        self._stores = stores
        self._clock = clock
        self._changes: SimpleQueue[Callable[[TopState], TopState]] = SimpleQueue()
        self._records_due_s = float("-inf")
        self._had_clients = False
        self._wake, self._is_over = threading.Event(), False

    def first(self, state: TopState) -> TopState:
        """The state after the first look. Raises TopError if the sensor does not answer."""
        self._look(state.where)
        return self.applied(state)

    def look(self, where: str) -> None:
        """Looks once; a sensor that does not answer is a change like any other."""
        try:
            self._look(where)
        except TopError as error:
            problem = str(error)
            self._changes.put(lambda state: failed(state, problem))

    def applied(self, state: TopState) -> TopState:
        """The state after everything that was seen since the last call."""
        while not self._changes.empty():
            state = self._changes.get()(state)
        return state

    def start(self, where: str) -> None:
        """Begins to look, at intervals."""
        threading.Thread(target=self._run, args=(where,), name="top", daemon=True).start()

    def hurry(self) -> None:
        """Looks now rather than at the end of the interval."""
        self._wake.set()

    def stop(self) -> None:
        """Looks no more."""
        self._is_over = True
        self._wake.set()

    def _run(self, where: str) -> None:
        while True:
            self._wake.wait(self.every_s)
            self._wake.clear()
            if self._is_over:
                return
            self.look(where)

    def _look(self, where: str) -> None:
        page = self._page.read()
        try:
            glance = read_glance(page, time.time())
        except NotASensorError as error:
            raise TopError(f"{where}: this is not a sensor of netmon: check the address") from error
        self._changes.put(lambda state: glanced(state, glance))
        wants = self.wants_clients
        begin_s = self._clock()
        if begin_s >= self._records_due_s or wants != self._had_clients:
            self._put(read_records(self._stores, glance, with_clients=wants))
            end_s = self._clock()
            self._records_due_s = end_s + max(_RECORDS_EVERY_S, _REST * (end_s - begin_s))
            self._had_clients = wants

    def _put(self, records: Records) -> None:
        self._changes.put(lambda state: recorded(state, records))
