"""The live sensor: a source, the monitor that classifies its flows, and the outputs."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from queue import SimpleQueue
from typing import NamedTuple

from netmon import quality, wiring
from netmon._engine import Matcher
from netmon.activity import Activity
from netmon.config.settings import Config, state_folder
from netmon.days import DAY_S
from netmon.destinations.file import DestinationsFile
from netmon.errors import NetmonError
from netmon.evidence.assembly import OpenEvidence
from netmon.evidence.recorder import Recorder
from netmon.loading import Loading, PacedCount, ReloadRequest
from netmon.monitor import Monitor
from netmon.outputs import Output
from netmon.outputs.births import Labels
from netmon.outputs.ecs import Stream
from netmon.outputs.engine_metrics import FLOW_PACKET_SEEN
from netmon.outputs.events import Events
from netmon.outputs.lines import Lines
from netmon.outputs.machines_file import MachinesFile
from netmon.outputs.metric_events import ChosenDatasets
from netmon.outputs.new_findings import NewFindings
from netmon.outputs.observer import Observer, new_run
from netmon.outputs.process import register_process
from netmon.outputs.prometheus import Prometheus
from netmon.outputs.remembered import Remembered, SeriesFile
from netmon.outputs.run_events import RunPhase
from netmon.places.round_trips_file import RoundTripsFile
from netmon.privacy import Privacy
from netmon.signatures.match import compile_matcher
from netmon.signatures.model import Location, Vendor
from netmon.sources import ContinuousSource, Stats
from netmon.sources.port_lines import PortLines
from netmon.state_file import HeldLog, StateFile
from netmon.store.live_record import LiveRecord
from netmon.store.writer import StoreWriter
from netmon.supervisor import Supervisor
from netmon.timer import Timer
from netmon.version import package_version

RELOAD_WITHIN_S = 30.0
"""How long `Sensor.reload` waits for the sensor's thread."""

_CHECK_EVERY_S = 1.0
_REFRESH_EVERY_S = 60.0


class Sensor:
    """Processes the records of a source until it is stopped; `run` is the loop.

    Between batches it reloads signatures on request, uses replaced location databases, saves its state, and
    warns of a limited view. Only `reload`, `view`, `request_reload`, `stop` and `is_ready` may be called from
    other threads, and the last three from signal handlers.
    """

    def __init__(
        self,
        config: Config,
        open_source: Callable[[Matcher], ContinuousSource],
        log: Callable[[str], None],
    ) -> None:
        """`open_source` starts the capture; it is called last, so that packets do not wait for databases.

        `log` gets lines for the administrator. Raises ConfigError, SignatureError, errors of `open_source`.
        """
        self._config = config
        self._log = log
        self._databases = wiring.open_databases(config, log)
        folder = state_folder(config, os.environ)
        self._log_state = HeldLog(log)
        self._state = DestinationsFile(folder, self._log_state)
        self._destinations = self._state.load(config.learning_days * DAY_S)
        self._series = SeriesFile(folder, self._log_further)
        self._trips_file = RoundTripsFile(folder, config.position, self._log_further)
        self._trips = self._trips_file.load()
        self._machines_file = MachinesFile(folder, self._log_further)
        self._machines = self._machines_file.load()
        loaded = self._load()
        self._monitor = loaded.monitor
        self._source = open_source(loaded.matcher)
        self._log_state.release()
        for file in self._state_files():
            file.probe()
        self._supervisor = Supervisor(os.environ)
        self._ports = PortLines()
        self._quality = quality.Watch()
        remembered = self._series.load()
        seen = remembered.last_seen.get(FLOW_PACKET_SEEN, {})
        self._activity = Activity({interface: time_s for (interface,), time_s in seen.items()})
        self._is_suspected = False
        self.prometheus = Prometheus(
            package_version(), self._stats, hold_s=config.hold_zero_s, with_created=config.created_series
        )
        self.prometheus.restore(remembered)
        self._time_s = math.inf
        for registry in (self.prometheus.registry, self.prometheus.live_registry):
            register_process(registry, config.sensor, config.site)
        self._observer = Observer(config.sensor, config.site, new_run())
        self._events: list[Events] = []
        self._lines: list[Lines] = []
        self._chosen: list[Stream] = []
        self._store: StoreWriter | None = None
        self._record: LiveRecord | None = None
        self._outputs: list[Output] = [self.prometheus]
        self._findings: NewFindings | None = None
        self._watch: Callable[[Stats, float], None] = _ignore
        self._recorder: Recorder | None = None
        self._reloads: SimpleQueue[ReloadRequest] = SimpleQueue()
        self._waiting: list[ReloadRequest] = []
        self._reload: _Reload | None = None
        self._checks = Timer(_CHECK_EVERY_S, time.monotonic())
        self._refreshes = Timer(_REFRESH_EVERY_S, time.monotonic() + _REFRESH_EVERY_S)
        self._is_running = False
        self.prometheus.loaded(loaded.monitor.signatures, loaded.series, time.time())

    @property
    def locations(self) -> Mapping[str, Location]:
        """The locations of the signatures in use."""
        return self._monitor.signatures.locations

    @property
    def vendors(self) -> Mapping[str, Vendor]:
        """The vendors of the signatures in use."""
        return self._monitor.signatures.vendors

    def add_output(self, output: Output) -> None:
        """Adds an output. To be called before `run`."""
        self._outputs.append(output)

    def add_findings(self, findings: NewFindings, watch: Callable[[Stats, float], None]) -> None:
        """Adds the lines about new findings. To be called before `run`.

        `watch` is called about once a second with the counters and the time of a monotonic clock.
        """
        self._findings = findings
        self._watch = watch
        self._outputs.append(findings)

    def add_evidence(self, evidence: OpenEvidence) -> None:
        """Adds an output of evidence. To be called before `run`."""
        known, kept = self._monitor.signatures, self._source.kept
        self._recorder = evidence.recorder(known, self._databases, kept, self._observer)
        self._outputs.append(self._recorder)

    def add_events(self, lines: Lines, privacy: Privacy, evidence: OpenEvidence | None = None) -> None:
        """Adds an output of events to `lines`, for the chain of the evidence as well.

        To be called before `add_record`, which brings events about the run, and before `run`.
        """
        stream = lines if evidence is None else evidence.chained(lines)
        self._lines.append(lines)
        self._chosen.append(ChosenDatasets(stream, self._config.datasets))
        if "flow" in self._config.datasets:
            events = Events(stream, privacy, self._monitor.signatures.locations, self._observer)
            self._events.append(events)
            self._outputs.append(events)

    def add_record(
        self, privacy: Privacy, store: StoreWriter | None, spool: Lines | None, expression: str = ""
    ) -> None:
        """Adds a store and a spool, for events of the evidence and of the run (`expression`: its filter)."""
        self._store = store
        self._lines += [spool] if spool else []
        streams: list[Stream] = [one for one in (store, spool) if one is not None]
        locations = self._monitor.signatures.locations
        further = self._chosen if self._config.has_run_events else []
        self._record = LiveRecord(
            streams, self._config, privacy, locations, self._observer, self._machines, further, expression
        )
        self._outputs.append(self._record)
        if self._recorder is not None:
            for stream in (*streams, *further):
                self._recorder.announce(self._observer, stream)

    def run(self, status: str) -> None:
        """Processes records until `stop`, including the last flows, and saves the state at the end.

        `status` is one line for the log and the service manager. Raises SourceError if the source fails.
        """
        self._log(status)
        self._log_ports(self._source.stats())
        self._supervisor.ready(status)
        self._is_running = True
        self._note("start")
        try:
            for batch in self._source.batches():
                wiring.deliver(batch, self._monitor, self._outputs)
                now_s = time.monotonic()
                self._supervisor.alive(self._source.turns, now_s)
                if self._record is not None:
                    self._record.alive(self._source.stats, time.time_ns())
                self._serve_reloads()
                if self._checks.is_due(now_s):
                    self._check(now_s)
                if self._refreshes.is_due(now_s):
                    self._refresh_databases()
            while self._reload or self._waiting:
                self._finish_reload()
                self._serve_reloads()
        finally:
            self._is_running = False
            self._save(math.inf)
            self._note("end")
            self._machines_file.save(self._machines, math.inf)  # without those that were written

    def stop(self) -> None:
        """Ends `run` soon."""
        self._supervisor.stopping()
        self._source.stop()

    def stats(self) -> Stats:
        """The counters of the source."""
        return self._source.stats()

    def is_ready(self) -> bool:
        """True while records are processed."""
        return self._is_running

    def view(self) -> str:
        """When each interface last showed a packet of a flow, one line each."""
        return "".join(f"{line}\n" for line in self._activity.lines())

    def reload(self) -> str | None:
        """Reloads the signatures and waits: an error message if the old ones stay, else None."""
        request = self.request_reload()
        if not request.done.wait(RELOAD_WITHIN_S):
            return "the sensor is busy or ending"
        return request.problem

    def request_reload(self) -> ReloadRequest:
        """Requests a reload of the signatures after the next batch."""
        request = ReloadRequest()
        self._reloads.put(request)
        return request

    def _serve_reloads(self) -> None:
        """Begins a reload that was requested, in a thread, or ends it; packets are processed meanwhile."""
        while not self._reloads.empty():
            self._waiting.append(self._reloads.get())
            self._refreshes.expire()
            for lines in self._lines:
                lines.refresh()  # SIGHUP also says that a file was moved
        if self._reload is not None and self._reload.loading.is_done():
            self._finish_reload()
        if self._reload is None and self._waiting:
            self._supervisor.reloading()
            self._reload = _Reload(tuple(self._waiting), Loading(self._load))
            self._waiting.clear()

    def _finish_reload(self) -> None:
        """Uses what was loaded, or keeps the old signatures if that failed."""
        if self._reload is None:
            return
        (requests, loading), self._reload, problem = self._reload, None, None
        try:
            self._use(loading.result())
        except NetmonError as error:
            self.prometheus.reload_failed()
            self._log(f"the old signatures stay in use: {error}")
            problem = str(error)
        self._supervisor.ready()
        for request in requests:
            request.problem = problem
            request.done.set()

    def _load(self) -> _Loaded:
        progress = PacedCount(self._log, "{:,} names and networks read so far")
        signatures = wiring.load_signatures(self._config, self._log, progress)
        kept = (self._trips, self._databases, self._destinations)
        monitor = wiring.make_monitor(self._config, signatures, *kept)
        return _Loaded(monitor, compile_matcher(signatures), list(monitor.expected_series(time.time_ns())))

    def _use(self, loaded: _Loaded) -> None:
        monitor = loaded.monitor
        rest = self._source.reload(loaded.matcher)
        wiring.deliver(rest, self._monitor, self._outputs)  # flows tagged by the old signatures
        self._monitor = monitor
        self.prometheus.loaded(monitor.signatures, loaded.series, time.time())
        for events in self._events:
            events.locations = monitor.signatures.locations
        if self._recorder is not None:
            self._recorder.writer.signatures = monitor.signatures
        self._note("change")
        self._log(f"signatures reloaded from {monitor.signatures.folder}")

    def _check(self, now_s: float) -> None:
        """Saves the state, and warns of problems that the counters show."""
        # After the events are written: a crash reports a destination twice rather than never.
        self._save(now_s)
        for lines in self._lines:
            lines.refresh()
        stats = self._source.stats()
        is_suspected = stats["interceptions"] > 0
        if is_suspected and not self._is_suspected:
            self._log(quality.INTERCEPTED)
        self._is_suspected = is_suspected
        self._log_ports(stats)
        before_s, self._time_s = self._time_s, time.time()
        if self._time_s < before_s:  # a run begins, or the clock was set back
            self._destinations.clip(int(self._time_s))
            self.prometheus.clip(self._time_s)
        for line in (*self._quality.check(stats, now_s), *self._activity.check(stats, self._time_s)):
            self._log(line)
        self._watch(stats | {"degraded": self._quality.degraded}, now_s)

    def _log_ports(self, stats: Stats) -> None:
        """Logs which interfaces are captured now and were not, or the reverse."""
        for line in self._ports.check(stats, time.monotonic()):
            self._log(line)

    def _save(self, now_s: float) -> None:
        """Writes what has changed of the state."""
        self._state.save(self._destinations, now_s)
        self._series.save(self.prometheus.changes + self._activity.changes, self._remembered, now_s)
        self._trips_file.save(self._trips, now_s)
        self._machines_file.save(self._machines, now_s)

    def _state_files(self) -> tuple[StateFile, ...]:
        kept = (self._state, self._series, self._trips_file, self._machines_file)
        return tuple(one.file for one in kept)

    def _remembered(self) -> Remembered:
        """What metrics must not lose: that of the flows, and when interfaces last showed a packet of one."""
        flows = self.prometheus.remembered()
        seen: dict[Labels, float] = {(name,): time_s for name, time_s in self._activity.last_s.items()}
        return replace(flows, last_seen={**flows.last_seen, FLOW_PACKET_SEEN: seen})

    def _log_further(self, line: str) -> None:
        """Logs a problem of a further file of a folder, unless the first one has it as well."""
        if not self._state.file.is_failing:
            self._log_state(line)

    def _refresh_databases(self) -> None:
        if self._databases.refresh():
            builds = ", ".join(f"{one.name} of {one.date}" for one in self._databases.current)
            self._log(f"location databases in use: {builds}")
            self._note("change")
        for problem in self._databases.take_problems():
            self._log(problem)

    def _note(self, phase: RunPhase) -> None:
        """Records that the run begins, ends, or judges under other conditions from now on."""
        if self._record is not None:
            known, databases = self._monitor.signatures, self._databases.current
            self._record.note(phase, known, databases, self._source.stats(), time.time_ns())

    def _stats(self) -> Stats:
        """The counters of the source and of the sensor."""
        stats = self._source.stats()
        return stats | {
            "evicted": stats["evicted"]
            | {
                "round_trips": self._trips.evicted,
                "destinations": self._destinations.evicted,
                "counted_machines": self._machines.evicted,
                "printed_findings": self._findings.forgotten if self._findings else 0,
            },
            "new_destinations": self._destinations.new_counts,
            "is_state_saved": all(one.is_saved for one in self._state_files()),
            "round_trip_jumps": self._trips.jumps,
            "lost_events": sum(lines.lost for lines in self._lines),
            "degraded": self._quality.degraded,
            "evidence": {} if self._recorder is None else self._recorder.counts(),
            "last_flow_packet_s": dict(self._activity.last_s),
            "location_databases": self._databases.states,
            "store": self._store.state if self._store else None,
        }


class _Loaded(NamedTuple):
    """Signatures, ready for use."""

    monitor: Monitor
    matcher: Matcher
    series: list[tuple[str, str, str, str, str, str]]  # as `Monitor.expected_series` gives them


class _Reload(NamedTuple):
    """A reload in progress, and those who wait for it."""

    requests: tuple[ReloadRequest, ...]
    loading: Loading[_Loaded]


def _ignore(_stats: Stats, _now_s: float) -> None:
    """Watches nothing."""
