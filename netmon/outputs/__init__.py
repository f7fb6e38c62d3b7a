"""Where classified flows go. An output gets one frozen record at a time and knows nothing of packets."""

from __future__ import annotations

from typing import Protocol

from netmon.records import ClassifiedFlow, DnsRecord


class Output(Protocol):
    """One destination of what netmon sees."""

    def flow(self, classified: ClassifiedFlow) -> None:
        """Takes one report on one flow."""
        ...

    def dns(self, record: DnsRecord) -> None:
        """Takes one DNS message."""
        ...

    def flush(self) -> None:
        """Hands on what it holds: a batch is over. The end of a run is one, too."""
        ...
