"""Live capture on mirror ports by the engine."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from netmon._engine import CaptureError, Matcher, Sensor, Sieve
from netmon.errors import SourceError
from netmon.sources import Batch, Stats, to_batch
from netmon.sources.bpf import ETHERNET, Program, compile_filter
from netmon.sources.kept import KeptPackets

POLL_S = 0.5
"""The longest wait for records, in seconds, and so the longest delay of a stop or a reload."""

_LINKS = (ETHERNET, 101)
"""Link types of interfaces: Ethernet, and raw IP."""


class LiveSource:
    """Captures on interfaces, which may come and go. The constructor starts the capture.

    It raises SourceError if no interface can be captured, or with `require_all`, if one of them cannot.
    """

    def __init__(
        self,
        interfaces: Sequence[str],
        matcher: Matcher,
        *,
        filter_expression: str = "",
        require_all: bool = False,
        workers: int = 1,
        ring_bytes: int = 32 << 20,
        snaplen: int = 65_535,
        promiscuous: bool = True,
        sieve: Sieve | None = None,
        report_every_s: int = 5,
        limits: Mapping[str, Any] | None = None,
    ) -> None:
        self._stop = threading.Event()
        try:
            self._sensor = Sensor(
                matcher,
                interfaces,
                filters=_compile(filter_expression, snaplen),
                require_all=require_all,
                workers=workers,
                ring_bytes=ring_bytes,
                snaplen=snaplen,
                promiscuous=promiscuous,
                sieve=sieve,
                report_every_s=report_every_s,
                **(limits or {}),
            )
        except CaptureError as error:
            raise SourceError(str(error)) from error
        self.kept = KeptPackets(self._sensor)

    def batches(self) -> Iterator[Batch]:
        """Batches until `stop`, then the last flows. Without traffic, an empty one comes every half second.

        Raises SourceError if the engine fails, after the batches up to then.
        """
        failure: CaptureError | None = None
        while not self._stop.is_set() and failure is None:
            try:
                yield to_batch(self._sensor.poll(POLL_S))
            except CaptureError as error:
                failure = error
        yield to_batch(self._sensor.stop())
        if failure is not None:
            raise SourceError(str(failure)) from failure

    def reload(self, matcher: Matcher) -> Batch:
        """Switches to new signatures. The result is the last batch that the old ones tagged."""
        return to_batch(self._sensor.reload(matcher))

    def stop(self) -> None:
        """Makes `batches` end soon. Safe to call in a signal handler."""
        self._stop.set()

    def stats(self) -> Stats:
        """The current counters. May be called from any thread."""
        return self._sensor.stats()

    def turns(self) -> list[int]:
        """The iterations of each thread's loop. A number that no longer grows means that the thread hangs."""
        return self._sensor.turns()


def _compile(expression: str, snaplen: int) -> dict[int, Program]:
    """The filter for each link type that it fits. Raises SourceError if there is none."""
    programs: dict[int, Program] = {}
    problems: list[SourceError] = []
    for link in _LINKS if expression else ():
        try:
            programs[link] = compile_filter(expression, link, snaplen, live=True)
        except SourceError as error:
            problems.append(error)
    if problems and not programs:
        raise problems[0]
    return programs
