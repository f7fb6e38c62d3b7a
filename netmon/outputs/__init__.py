"""Where results go. An output gets one frozen record at a time and never sees packets."""

from __future__ import annotations

from typing import Protocol

from netmon.records import ClassifiedFlow, DnsRecord


class Output(Protocol):
    """Receives netmon's results, and writes or sums them up."""

    def flow(self, classified: ClassifiedFlow) -> None:
        """Processes one report on one flow."""
        ...

    def dns(self, record: DnsRecord) -> None:
        """Processes one DNS message."""
        ...

    def flush(self) -> None:
        """Writes what is buffered. Called after every batch, and so at the end of a run."""
        ...
