"""The sources of records: capture files, mirror ports, scapy. All yield the same kind of batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from netmon._engine import Matcher
from netmon.records import DnsRecord, FlowRecord
from netmon.sources.kept import KeptPackets

Stats = dict[str, Any]
"""The engine's counters, described in `netmon/_engine.pyi`."""


class Batch(NamedTuple):
    """Records in the order in which the engine produced them."""

    flows: list[FlowRecord]
    dns: list[DnsRecord]


class ContinuousSource(Protocol):
    """A source that yields batches until it is stopped."""

    kept: KeptPackets
    """The packets that are kept as evidence."""

    def batches(self) -> Iterator[Batch]:
        """All batches, including the last flows. Raises SourceError."""
        ...

    def stats(self) -> Stats:
        """The current counters."""
        ...

    def reload(self, matcher: Matcher) -> Batch:
        """Switches to new signatures. The result is the last batch that the old ones tagged.

        Raises SourceError.
        """
        ...

    def stop(self) -> None:
        """Ends `batches` soon. Safe in a signal handler."""
        ...

    def turns(self) -> list[int]:
        """The iterations of each capture loop. A number that no longer grows means that the loop hangs."""
        ...


def to_batch(rows: tuple[Sequence[tuple[Any, ...]], Sequence[tuple[Any, ...]]]) -> Batch:
    """The engine's rows as records."""
    flows, dns = rows
    return Batch([FlowRecord(*row) for row in flows], [DnsRecord(*row) for row in dns])
