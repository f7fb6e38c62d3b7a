"""Where results go. An output gets one frozen record at a time and never sees packets."""

from __future__ import annotations

from typing import Protocol

from netmon.records import ClassifiedFlow, DnsRecord


class Output(Protocol):
    """One destination of netmon's results."""

    def flow(self, classified: ClassifiedFlow) -> None:
        """Processes one report on one flow."""
        ...

    def dns(self, record: DnsRecord) -> None:
        """Processes one DNS message."""
        ...

    def flush(self) -> None:
        """Writes what is buffered. Called after every batch, and so at the end of a run."""
        ...
