"""Where records come from: capture files, mirror ports, scapy. All give the same batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from netmon._engine import Matcher
from netmon.records import DnsRecord, FlowRecord

Stats = dict[str, Any]
"""The engine's counters; `netmon/_engine.pyi` tells what is in it."""


class Batch(NamedTuple):
    """Records in the order in which they came about."""

    flows: list[FlowRecord]
    dns: list[DnsRecord]


class Source(Protocol):
    """Something that gives batches until it is over."""

    def batches(self) -> Iterator[Batch]:
        """Everything it has, the last flows included. Raises SourceError."""
        ...

    def stats(self) -> Stats:
        """The counters as they stand."""
        ...


class ContinuousSource(Source, Protocol):
    """A source that goes on until it is stopped."""

    def reload(self, matcher: Matcher) -> Batch:
        """Uses new signatures from now on; what the old ones had tagged so far. Raises SourceError."""
        ...

    def stop(self) -> None:
        """Ends `batches` soon. Safe in a signal handler."""
        ...

    def turns(self) -> list[int]:
        """Turns that each loop of the capture has made; one that stands still hangs."""
        ...


def to_batch(rows: tuple[Sequence[tuple[Any, ...]], Sequence[tuple[Any, ...]]]) -> Batch:
    """The engine's rows as records."""
    flows, dns = rows
    return Batch([FlowRecord(*row) for row in flows], [DnsRecord(*row) for row in dns])
