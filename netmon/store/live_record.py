"""The record of a live run: flows with their totals so far, the view of each minute, and the run itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from netmon.config.settings import Config
from netmon.outputs.ecs import Stream
from netmon.outputs.events import Events
from netmon.outputs.machines import MachineEvents, MachineSets
from netmon.outputs.observer import Observer
from netmon.outputs.run_events import RunEvents, RunPhase, describe_conditions
from netmon.places.database import Database
from netmon.privacy import Privacy
from netmon.privacy.shown_filter import shown_filter
from netmon.records import ClassifiedFlow, DnsRecord
from netmon.signatures.model import Location, SignatureSet

PAUSE_NS = 30_000_000_000
"""The sensor's loop turns more than once a second: after so long, it was stopped, or its clock was set."""

_VIEW_NS = 60_000_000_000
"""The time that a view is about."""


class LiveRecord:
    """An output that writes to a store and a spool, besides what the sensor tells it about the run.

    `further` streams, which get events of flows elsewhere, get what is about the run.
    """

    def __init__(
        self,
        streams: Sequence[Stream],
        config: Config,
        privacy: Privacy,
        locations: Mapping[str, Location],
        observer: Observer,
        machines: MachineSets,
        further: Sequence[Stream] = (),
        expression: str = "",
    ) -> None:
        """`expression`: the filter of the capture."""
        self._streams = streams
        self._further = further
        self._config = config
        self._level = privacy.level
        self._events = Events(_Several(streams), privacy, locations, observer, with_updates=True)
        self._run = RunEvents([*streams, *further], observer, is_live=True)
        self._machines = MachineEvents(streams, privacy, observer, machines, is_live=True)
        self._filter = shown_filter(expression, privacy.level)
        self._viewed_ns = 0
        self._alive_ns = 0

    def flow(self, classified: ClassifiedFlow) -> None:
        """Writes a report on a flow of a vendor."""
        if self._streams and (classified.vendor is not None or classified.fallbacks):
            self._events.flow(classified)
            self._machines.flow(classified)

    def dns(self, record: DnsRecord) -> None:
        """Does nothing: DNS messages are not stored."""

    def flush(self) -> None:
        """Writes what is buffered."""
        for stream in (*self._streams, *self._further):
            stream.flush()

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
            self._viewed_ns = self._alive_ns = now_ns
            self._machines.turn(now_ns)
        else:
            self.view(stats, now_ns)
        interfaces = sorted(stats.get("interfaces", ()))
        about = {"conditions": conditions, "interfaces": interfaces, "filter": self._filter}
        self._run.run(phase, now_ns, **about)
        self.flush()

    def alive(self, stats: Callable[[], Mapping[str, Any]], now_ns: int) -> None:
        """The sensor's loop turns: a view is recorded each minute.

        After a time in which the loop did not turn, a new one begins: a process that is stopped, or a machine
        that sleeps, watches nothing.
        """
        if not 0 <= now_ns - self._alive_ns <= PAUSE_NS:
            self.view(stats(), max(self._alive_ns, self._viewed_ns))
            self._viewed_ns = now_ns
        elif now_ns - self._viewed_ns >= _VIEW_NS:
            self.view(stats(), now_ns)
        self._alive_ns = now_ns

    def view(self, stats: Mapping[str, Any], now_ns: int) -> None:
        """What was to be seen since the last call."""
        self._run.view(stats, self._viewed_ns, now_ns)
        self._viewed_ns = now_ns
        self._machines.turn(now_ns)
        self.flush()


class _Several:
    """One stream in place of several."""

    def __init__(self, streams: Sequence[Stream]) -> None:
        self._streams = streams

    def write(self, line: str) -> None:
        """Writes a line to each."""
        for stream in self._streams:
            stream.write(line)

    def flush(self) -> None:
        """Flushes each."""
        for stream in self._streams:
            stream.flush()
