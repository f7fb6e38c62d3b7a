"""Takes events from a broker into a store, until it is stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from netmon.errors import StoreError
from netmon.streams import BrokerError

_FIRST_RETRY_S, _LONGEST_RETRY_S = 1.0, 30.0


class BrokerReader(Protocol):
    """A broker that remembers which events were acknowledged, and gives the others again."""

    def read(self) -> list[bytes]:
        """The next events, after a wait of up to a second; empty for none. Raises BrokerError."""
        ...

    def acknowledge(self) -> None:
        """The events that `read` gave last need not be given again. Raises BrokerError."""
        ...

    def is_drained(self) -> bool:
        """Whether everything that the broker holds was acknowledged. Raises BrokerError."""
        ...

    def close(self) -> None:
        """Closes the connection; the next `read` opens a new one."""
        ...


class Collection:
    """Collects at least once: events are acknowledged after the store has committed them.

    A store recognises an event that it has already, so that nothing counts twice.
    """

    def __init__(
        self,
        reader: BrokerReader,
        store: Callable[[Sequence[bytes]], int],
        name: str,
        log: Callable[[str], None],
    ) -> None:
        """`store` commits lines, and returns how many were events; raises StoreError. `name`: for the log."""
        self.collected = 0
        self.rejected = 0
        self._reader = reader
        self._store = store
        self._name = name
        self._log = log
        self._stop = threading.Event()
        self._is_failing = False

    def stop(self) -> None:
        """Ends `run` soon. Safe in a signal handler."""
        self._stop.set()

    def run(self, *, until_empty: bool = False) -> None:
        """Collects until `stop`, or until the broker has nothing left.

        With `until_empty`, raises BrokerError or StoreError instead of trying again.
        """
        retry_s = _FIRST_RETRY_S
        while not self._stop.is_set():
            try:
                if not self._turn() and until_empty and self._reader.is_drained():
                    return
                retry_s = _FIRST_RETRY_S
            except (BrokerError, StoreError) as error:
                if until_empty:
                    raise
                self._reader.close()
                if not self._is_failing:
                    self._log(f"{self._name}: {error}; the broker keeps the events, and this is tried again")
                self._is_failing = True
                self._stop.wait(retry_s)
                retry_s = min(2 * retry_s, _LONGEST_RETRY_S)

    def _turn(self) -> bool:
        """Takes the next events; False if there were none."""
        lines = self._reader.read()
        if lines:
            count = self._store(lines)
            self._reader.acknowledge()
            self.collected += count
            self._note_rejected(len(lines) - count)
        if self._is_failing:
            self._is_failing = False
            self._log(f"{self._name}: events are collected again")
        return bool(lines)

    def _note_rejected(self, count: int) -> None:
        if count and not self.rejected:
            self._log(f"{self._name}: messages that cannot be stored are left out")
        self.rejected += count
