"""Live capture on mirror ports by the engine."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from netmon._engine import CaptureError, Matcher, Sensor, interface_link
from netmon.errors import SourceError
from netmon.sources import Batch, Stats, to_batch
from netmon.sources.bpf import Program, compile_filter

POLL_S = 0.5
"""The longest wait for records, in seconds, and so the longest delay of a stop or a reload."""


class LiveSource:
    """Captures on the interfaces of a sensor. The constructor starts the capture, and raises SourceError."""

    def __init__(
        self,
        interfaces: Sequence[str],
        matcher: Matcher,
        *,
        filter_expression: str = "",
        workers: int = 1,
        ring_bytes: int = 32 << 20,
        snaplen: int = 65_535,
        promiscuous: bool = True,
        report_every_s: int = 5,
        limits: Mapping[str, Any] | None = None,
    ) -> None:
        self._stop = threading.Event()
        try:
            program = _compile(filter_expression, interfaces, snaplen) if filter_expression else []
            self._sensor = Sensor(
                matcher,
                interfaces,
                filter=program,
                workers=workers,
                ring_bytes=ring_bytes,
                snaplen=snaplen,
                promiscuous=promiscuous,
                report_every_s=report_every_s,
                **(limits or {}),
            )
        except CaptureError as error:
            raise SourceError(str(error)) from error

    def batches(self) -> Iterator[Batch]:
        """Batches until `stop`, then the last flows. Without traffic, an empty one comes every half second.

        Raises SourceError if an interface fails, after the batches up to then.
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
        """The iterations of each worker's loop. A number that no longer grows means that the worker hangs."""
        return self._sensor.turns()


def _compile(expression: str, interfaces: Sequence[str], snaplen: int) -> Program:
    """One program for all interfaces, which must have the same link type."""
    links = {name: interface_link(name) for name in interfaces}
    if len(set(links.values())) > 1:
        kinds = ", ".join(f"{name} {link}" for name, link in links.items())
        raise SourceError(f"a filter works for one link type, but the interfaces have several: {kinds}")
    return compile_filter(expression, next(iter(links.values())), snaplen, live=True)
