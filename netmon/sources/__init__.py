"""The sources of records: capture files, mirror ports, scapy. All yield the same kind of batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from msgspec import Struct

from netmon._engine import Matcher
from netmon.records import DnsRecord, FlowRecord
from netmon.sources.kept import KeptPackets

Row = tuple[Any, ...]
Stats = dict[str, Any]
"""The engine's counters, described in `netmon/_engine.pyi`."""


class Batch(Struct, frozen=True):
    """Records in the order in which the engine produced them.

    The engine may have written the events of some of them: see `EventWriter`.
    """

    flows: list[FlowRecord]
    dns: list[DnsRecord]
    written: Sequence[tuple[int, str]] = ()
    """Lines of events, each with the number of flows that come before it."""
    messages: str = ""
    """Lines of events of DNS messages, which come last."""


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


def to_batch(rows: tuple[Sequence[Row | str], Sequence[Row | str]]) -> Batch:
    """The engine's rows as records."""
    flows: list[FlowRecord] = []
    written: list[tuple[int, str]] = []
    for row in rows[0]:
        if isinstance(row, str):
            written.append((len(flows), row))
        else:
            flows.append(FlowRecord(*row))
    dns = [DnsRecord(*row) for row in rows[1] if not isinstance(row, str)]
    return Batch(flows, dns, written, "".join(row for row in rows[1] if isinstance(row, str)))
