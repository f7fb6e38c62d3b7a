"""Events: one ECS object per line (https://www.elastic.co/guide/en/ecs/current/).

Fields that ECS does not define are under `netmon`. The engine writes the facts of flows and DNS messages;
what a flow means comes from `meaning_fields`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netmon._engine import EventWriter
from netmon.outputs.ecs import Stream
from netmon.outputs.meaning_fields import (
    finding_fields,
    geo_text,
    judgement_text,
    parts_text,
    vendor_text,
)
from netmon.outputs.observer import Observer
from netmon.privacy import ADDRESS, Privacy
from netmon.records import ClassifiedFlow, DnsRecord, Place, Severity
from netmon.signatures.model import Location

_SEVERITIES: Mapping[Severity, int] = {"notice": 21, "warning": 47, "critical": 99}
"""ECS leaves the meaning of `event.severity` to the source: these are Elastic's low, medium and critical."""


class Events:
    """Writes JSON lines to a text stream. The same records give the same bytes.

    `locations` provide the coordinates of places, and may be replaced when signatures are reloaded.

    `writer` may be given to a source. Then it writes the events of flows that match no signature, and of DNS
    messages; `write` takes its lines.
    """

    def __init__(
        self,
        stream: Stream,
        privacy: Privacy,
        locations: Mapping[str, Location],
        observer: Observer | None = None,
        *,
        resolvers: Sequence[str] = (),
        with_updates: bool = False,
    ) -> None:
        """`resolvers`: the ids of public resolvers, which the writer of a source needs.

        `with_updates`: also the reports between a flow's start and its end.
        """
        self._stream = stream
        self.locations = locations
        by = observer or Observer()
        self.writer = EventWriter(
            by.sensor,
            by.site,
            by.run,
            show=None if privacy.level == ADDRESS else privacy.show,
            resolvers=resolvers,
            with_updates=with_updates,
        )

    def flow(self, classified: ClassifiedFlow) -> None:
        """Writes an event when a flow is tagged and when it ends."""
        verdict, fallbacks = classified.verdict, classified.fallbacks
        is_tagged = classified.vendor is not None
        self.write(
            self.writer.flow(
                classified.flow,
                verdict is not None and verdict.is_alarm,
                _SEVERITIES[verdict.severity] if verdict and verdict.severity else None,
                self._geo(classified.place),
                vendor_text(classified.vendor, classified.component, classified.status) if is_tagged else "",
                classified.signature,
                classified.resolver,
                parts_text(finding_fields(fallbacks)) if fallbacks else "",
                judgement_text(classified) if is_tagged else "",
            )
        )

    def dns(self, record: DnsRecord) -> None:
        """Writes the event of a DNS message, unless it may not be shown."""
        self.write(self.writer.dns(record))

    def write(self, lines: str) -> None:
        """Writes lines of events, if there are any."""
        if lines:
            self._stream.write(lines)

    def flush(self) -> None:
        """Flushes the stream."""
        self._stream.flush()

    def _geo(self, place: Place | None) -> str:
        if place is None or place.confidence in ("unknown", "disputed"):
            return ""
        return geo_text(place.country, place.city, self.locations.get(place.location))
