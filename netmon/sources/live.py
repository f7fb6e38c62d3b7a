"""Mirror ports, captured by the engine."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from netmon._engine import CaptureError, Matcher, Sensor, interface_link
from netmon.errors import SourceError
from netmon.sources import Batch, Stats, to_batch
from netmon.sources.bpf import Program, compile_filter

POLL_S = 0.5
"""Longest wait for records: how soon a stop or a reload is noticed."""


class LiveSource:
    """The interfaces of a sensor. Capture begins with the construction, which raises SourceError."""

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
        """Batches until `stop`, then the last flows. An empty one comes every half second.

        Raises SourceError when an interface fails; what it had seen is given before.
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
        """Takes new signatures; the result is what the old ones had tagged so far."""
        return to_batch(self._sensor.reload(matcher))

    def stop(self) -> None:
        """Ends `batches` soon. Safe in a signal handler."""
        self._stop.set()

    def stats(self) -> Stats:
        """The counters as they stand, from any thread."""
        return self._sensor.stats()

    def turns(self) -> list[int]:
        """Turns that each worker has made; one that stands still hangs."""
        return self._sensor.turns()


def _compile(expression: str, interfaces: Sequence[str], snaplen: int) -> Program:
    """One program for all interfaces, whose packets must begin alike."""
    links = {name: interface_link(name) for name in interfaces}
    if len(set(links.values())) > 1:
        kinds = ", ".join(f"{name} {link}" for name, link in links.items())
        raise SourceError(f"a filter works for one link type, but the interfaces have several: {kinds}")
    return compile_filter(expression, next(iter(links.values())), snaplen, live=True)
