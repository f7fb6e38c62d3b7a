"""Delivers the lines of a spool to a broker, in order, until it is stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable

from netmon.errors import reason_of
from netmon.streams import Broker, BrokerError, StreamMessage, parse_message
from netmon.streams.spool_reader import SpoolBatch, SpoolReader

MOST_LINES = 512
"""Lines that are delivered together."""
_IDLE_S = 0.2
_FIRST_RETRY_S, _LONGEST_RETRY_S = 1.0, 30.0


class Delivery:
    """Delivers at least once: what the broker did not confirm is delivered again, also after a restart.

    While the broker is away, the spool keeps the events.
    """

    def __init__(self, reader: SpoolReader, broker: Broker, name: str, log: Callable[[str], None]) -> None:
        """`name` is the broker's in log lines."""
        self.delivered = 0
        self.refused = 0
        self._reader = reader
        self._broker = broker
        self._name = name
        self._log = log
        self._stop = threading.Event()
        self._is_away = False

    def stop(self) -> None:
        """Ends `run` soon. Safe in a signal handler."""
        self._stop.set()

    def run(self, *, until_empty: bool = False) -> None:
        """Delivers until `stop`, or until there is nothing left.

        With `until_empty`, raises BrokerError instead of waiting for a broker that is away.
        """
        retry_s = _FIRST_RETRY_S
        while not self._stop.is_set():
            try:
                batch = self._reader.read(MOST_LINES)
                if batch is None:
                    if until_empty:
                        return
                    self._stop.wait(_IDLE_S)
                    continue
                self._deliver(batch)
                retry_s = _FIRST_RETRY_S
            except (BrokerError, OSError) as error:
                if until_empty:
                    raise
                self._note_absence(reason_of(error) if isinstance(error, OSError) else str(error))
                self._stop.wait(retry_s)
                retry_s = min(2 * retry_s, _LONGEST_RETRY_S)

    def _deliver(self, batch: SpoolBatch) -> None:
        if batch.missed_segments:
            self._log("events were removed from the spool, perhaps before they were delivered: enlarge it")
        messages = [message for line in batch.lines if (message := parse_message(line)) is not None]
        refused = len(batch.lines) - len(messages)
        if messages:
            refused += self._publish(messages)
        self._reader.acknowledge(batch.end)
        self.delivered += len(batch.lines) - refused
        if refused:
            self.refused += refused
            noun = "line is no event" if refused == 1 else "lines are no events"
            self._log(f"{refused:,} {noun} that {self._name} accepts, and left out")

    def _publish(self, messages: list[StreamMessage]) -> int:
        refused = self._broker.publish(messages)
        if self._is_away:
            self._is_away = False
            self._log(f"{self._name}: events are delivered again")
        return refused

    def _note_absence(self, why: str) -> None:
        if not self._is_away:
            self._log(f"{self._name}: {why}; the spool keeps the events, and delivery is tried again")
        self._is_away = True
