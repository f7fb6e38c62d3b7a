"""A flow as the library gives it: plain values under names that stay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from netmon.records import ClassifiedFlow

_MICROSECOND_NS = 1_000


@dataclass(frozen=True, slots=True)
class Flow:
    """One bidirectional flow.

    Times are nanoseconds since 1970-01-01 UTC, sizes are IP bytes in both headers and payload. What does not
    apply, or is not known, is None. The words of `evidence`, `outcome`, `reason` and the other closed sets
    are those of events: docs/events.md lists them.
    """

    start_ns: int
    last_ns: int
    client: str
    client_port: int
    server: str
    server_port: int
    transport: str  # "tcp" or "udp"
    interface: str | None  # the capture interface, if the file tells
    name: str | None  # of the server: lower case, no trailing dot
    evidence: str  # what shows the name
    vendor: str | None  # None: no signature matched
    component: str | None
    status: str | None  # trust status of the signature
    location: str | None  # such as "moscow", "unknown" or "disputed"
    country: str | None  # ISO 3166-1 alpha-2, "unknown" or "disputed"
    confidence: str | None  # of the place
    not_in: tuple[str, ...]  # countries that the round trip excludes
    outcome: str | None  # "expected", "unexpected", "undecided" or "forbidden"
    reason: str | None  # of the outcome
    severity: str | None  # of a finding; None: it is none
    promise: str | None  # id of the promise that was applied
    explanation: str | None  # what the reason means, in sentences
    sent_bytes: int
    received_bytes: int
    sent_packets: int
    received_packets: int
    view: tuple[str, ...]  # limitations of what was seen of this flow
    first_packet: int | None  # its number over all files, as Wireshark counts

    @property
    def start(self) -> datetime:
        """The time of the first packet, to the microsecond."""
        return _as_datetime(self.start_ns)

    @property
    def last(self) -> datetime:
        """The time of the latest packet, to the microsecond."""
        return _as_datetime(self.last_ns)


def flow_of(classified: ClassifiedFlow) -> Flow:
    """The plain values of a classified flow."""
    flow, place, verdict = classified.flow, classified.place, classified.verdict
    return Flow(
        start_ns=flow.start_ns,
        last_ns=flow.last_ns,
        client=flow.client,
        client_port=flow.client_port,
        server=flow.server,
        server_port=flow.server_port,
        transport=flow.transport,
        interface=flow.interface,
        name=flow.name,
        evidence=flow.evidence,
        vendor=classified.vendor,
        component=classified.component,
        status=classified.status,
        location=None if place is None else place.location,
        country=None if place is None else place.country,
        confidence=None if place is None else place.confidence,
        not_in=place.not_in if place else (),
        outcome=None if verdict is None else verdict.outcome,
        reason=None if verdict is None else verdict.reason,
        severity=None if verdict is None else verdict.severity,
        promise=None if verdict is None else verdict.promise,
        explanation=None if verdict is None else verdict.explanation,
        sent_bytes=flow.sent_bytes,
        received_bytes=flow.received_bytes,
        sent_packets=flow.sent_packets,
        received_packets=flow.received_packets,
        view=flow.view,
        first_packet=flow.first_packet,
    )


def _as_datetime(time_ns: int) -> datetime:
    seconds, rest = divmod(time_ns, 1_000_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // _MICROSECOND_NS)
