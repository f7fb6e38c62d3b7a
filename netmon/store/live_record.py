"""The record of a live run: flows with their totals so far, the view of each minute, and the run itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from netmon.config.settings import Config
from netmon.outputs.events import Events
from netmon.outputs.observer import Observer
from netmon.outputs.run_events import RunEvents, RunPhase, describe_conditions
from netmon.places.database import Database
from netmon.privacy import Privacy
from netmon.records import ClassifiedFlow, DnsRecord
from netmon.signatures.model import Location, SignatureSet
from netmon.store.writer import STORE_PROBLEMS, StoreWriter


class LiveRecord:
    """An output that writes to a store, besides what the sensor tells it about the run."""

    def __init__(
        self,
        writer: StoreWriter,
        config: Config,
        privacy: Privacy,
        locations: Mapping[str, Location],
        observer: Observer,
    ) -> None:
        self._writer = writer
        self._config = config
        self._level = privacy.level
        self._events = Events(writer, privacy, locations, observer, with_updates=True)
        self._run = RunEvents([writer], observer, is_live=True)
        self._viewed_ns = 0

    def flow(self, classified: ClassifiedFlow) -> None:
        """Writes a report on a flow of a vendor."""
        if classified.vendor is not None or classified.fallbacks:
            self._events.flow(classified)

    def dns(self, record: DnsRecord) -> None:
        """Does nothing: DNS messages are not stored."""

    def flush(self) -> None:
        """Does nothing: the writer's thread writes."""

    def note(
        self,
        phase: RunPhase,
        signatures: SignatureSet,
        databases: Sequence[Database],
        stats: Mapping[str, Any],
        now_ns: int,
    ) -> None:
        """The run begins, ends, or judges under other conditions from now on."""
        self._events.locations = signatures.locations
        conditions = describe_conditions(self._config, signatures, databases, self._level)
        if phase == "start":
            self._viewed_ns = now_ns
        else:
            self.view(stats, now_ns)
        self._run.run(phase, now_ns, conditions=conditions)

    def view(self, stats: Mapping[str, Any], now_ns: int) -> None:
        """What was to be seen since the last call."""
        self._run.view(stats, self._viewed_ns, now_ns)
        self._viewed_ns = now_ns

    @property
    def state(self) -> dict[str, Any]:
        """How the store is, for the metrics."""
        writer = self._writer
        return {
            "is_written": writer.is_written,
            "errors": {problem: writer.errors[problem] for problem in STORE_PROBLEMS},
            "lost": writer.lost,
            "bytes": writer.size,
        }
