"""`netmon run`: the live sensor."""

from __future__ import annotations

import io
import math
import os
import signal
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from typing import Annotated, Any

import typer

from netmon import quality
from netmon.cli import wiring
from netmon.cli.terminal import tell
from netmon.cli.wiring import ConfigOption, CountryOption, PrivacyOption, SignaturesOption, SourceOption
from netmon.config import Config, parse_listen, state_folder
from netmon.days import DAY_S
from netmon.destinations.file import DestinationsFile
from netmon.errors import ConfigError, NetmonError, SourceError
from netmon.monitor import Monitor
from netmon.outputs import Output
from netmon.outputs.events import Events
from netmon.outputs.lines import Lines
from netmon.outputs.prometheus import Prometheus
from netmon.places.round_trips import SmallestRoundTrips
from netmon.privacy import Privacy
from netmon.signatures.match import compile_matcher
from netmon.sources import Batch, Stats
from netmon.sources.live import LiveSource
from netmon.sources.scapy_source import ScapyLiveSource
from netmon.supervisor import Supervisor
from netmon.web.guard import WebGuard
from netmon.web.server import WebServer

_RELOAD_WITHIN_S = 30.0
_LOOK_EVERY_S = 1.0
_REFRESH_EVERY_S = 60.0
"""How often location databases are looked at; SIGHUP does so at once."""


def run(
    interfaces: Annotated[
        list[str] | None,
        typer.Option("--interface", "-i", metavar="IF", help="Mirror port; may be given several times."),
    ] = None,
    filter_words: Annotated[
        list[str] | None, typer.Argument(metavar="[FILTER…]", help="BPF filter, run by the kernel.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Write ECS events to standard output.")] = False,
    listen: Annotated[
        str | None, typer.Option("--listen", metavar="HOST:PORT|off", help="Where to serve metrics.")
    ] = None,
    web_config: Annotated[
        Path | None,
        typer.Option("--web-config", metavar="FILE", help="TLS and passwords, as a web.config.yml."),
    ] = None,
    config: ConfigOption = None,
    signatures: SignaturesOption = None,
    country: CountryOption = None,
    privacy_level: PrivacyOption = None,
    source: SourceOption = "native",
) -> None:
    """Watches mirror ports and serves Prometheus metrics.

    SIGTERM and SIGINT end it with the last flows flushed; SIGHUP, or a POST to /-/reload, reloads the
    signatures, and the old ones stay if the new ones are wrong. Needs CAP_NET_RAW.

    Examples:

      sudo netmon run -i eth1 --country DE

      sudo netmon run -i eth1 -i eth2 --json not host 192.0.2.7 > events.jsonl
    """
    settings = wiring.load_config(config, signatures, country)
    ports = tuple(dict.fromkeys((*settings.capture.interfaces, *(interfaces or ()))))
    if not ports:
        raise ConfigError("no interface to watch: name one with -i, or set capture.interfaces")
    address = settings.listen
    if listen is not None:
        try:
            address = None if listen == "off" else parse_listen(listen)
        except ValueError as error:
            raise ConfigError(f"--listen: {error}") from error
    with ExitStack() as stack:
        sensor = _Sensor(settings, ports, " ".join(filter_words or ()), source)
        level = settings.privacy_level if privacy_level is None else privacy_level
        sensor.add_events(stack, wiring.make_privacy(settings, level), to_stdout=json)
        where = "off"
        if address is not None:
            version = wiring.package_version()
            web = WebServer(
                *address,
                sensor.prometheus.registry,
                version,
                is_ready=sensor.is_ready,
                reload=sensor.reload,
                guard=WebGuard(web_config or settings.web_config, tell),
            )
            web.start()
            stack.callback(web.stop)
            where = f"{web.url}/metrics"
        sensor.take_signals()
        what = f"watching {', '.join(ports)}; metrics: {where}"
        tell(what)
        sensor.supervisor.ready(what)
        sensor.watch()


class _Reload:
    """Somebody's wish that the signatures be reloaded, and what came of it."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.problem: str | None = None


class _Sensor:
    """A capture, what gives it meaning, and where that goes."""

    def __init__(self, settings: Config, ports: tuple[str, ...], expression: str, source: str) -> None:
        self._settings = settings
        self._trips = SmallestRoundTrips()
        self._databases = wiring.open_databases(settings)
        self._state = DestinationsFile(state_folder(settings, os.environ), tell)
        self._destinations = self._state.load(settings.learning_days * DAY_S)
        self._monitor = self._load()
        matcher = compile_matcher(self._monitor.signatures)
        limits, capture = settings.limits.keywords(), settings.capture
        self._source: LiveSource | ScapyLiveSource
        if wiring.is_scapy(source):
            self._source = ScapyLiveSource(
                ports,
                matcher,
                filter_expression=expression,
                report_every_s=settings.report_every_s,
                limits=limits,
            )
        else:
            self._source = LiveSource(
                ports,
                matcher,
                filter_expression=expression,
                workers=capture.workers,
                ring_bytes=capture.ring_mib << 20,
                snaplen=capture.snaplen,
                promiscuous=capture.promiscuous,
                report_every_s=settings.report_every_s,
                limits=limits,
            )
        self._events: list[Events] = []
        self._lines: list[Lines] = []
        self.prometheus = Prometheus(wiring.package_version(), self._stats)
        self._announce()
        self._outputs: list[Output] = [self.prometheus]
        self._reloads: SimpleQueue[_Reload] = SimpleQueue()
        self._stops = 0
        self._is_suspected = False
        self._quality = quality.Watch()
        self.supervisor = Supervisor(os.environ)
        self._look_again_s = 0.0
        self._refresh_s = time.monotonic() + _REFRESH_EVERY_S
        self._running = False

    def is_ready(self) -> bool:
        """The capture is open and records are being taken."""
        return self._running

    def add_events(self, stack: ExitStack, privacy: Privacy, *, to_stdout: bool) -> None:
        """Writes events to standard output, to the configured file, or both."""
        files = [("standard output", sys.stdout.fileno())] if to_stdout and sys.stdout else []
        path = self._settings.events
        if path is not None:
            files.append((str(path), stack.enter_context(path.open("ab")).fileno()))
        for name, number in files:
            lines = Lines(io.FileIO(number, "wb", closefd=False), name, tell)
            events = Events(lines, privacy, self._monitor.signatures.locations, self._settings.sensor)
            self._lines.append(lines)
            self._events.append(events)
        self._outputs += self._events

    def take_signals(self) -> None:
        """From now on SIGTERM and SIGINT end the watch, and SIGHUP reloads the signatures."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_reload)

    def watch(self) -> None:
        """Takes records until a signal ends it."""
        try:
            self._watch()
        finally:
            self._state.save(self._destinations, math.inf)

    def _watch(self) -> None:
        self._running = True
        for batch in self._source.batches():
            self._take(batch)
            self.supervisor.alive(self._source.turns(), time.monotonic())
            while not self._reloads.empty():
                wanted = self._reloads.get()
                self.supervisor.reloading()
                wanted.problem = self._reload()
                self.supervisor.ready()
                wanted.done.set()
            self._look_after()
            self._refresh_databases()
        self._running = False

    def reload(self) -> str | None:
        """Reloads the signatures, from any thread; what went wrong if the old ones stay."""
        wanted = _Reload()
        self._reloads.put(wanted)
        if not wanted.done.wait(_RELOAD_WITHIN_S):
            return "the sensor is busy or ending"
        return wanted.problem

    def _stats(self) -> Stats:
        stats = self._source.stats()
        return stats | {
            "evicted": stats["evicted"]
            | {"round_trips": self._trips.evicted, "destinations": self._destinations.evicted},
            "new_destinations": self._destinations.new_counts,
            "is_state_saved": self._state.is_saved,
            "lost_events": sum(lines.lost for lines in self._lines),
            "degraded": self._quality.degraded,
            "location_databases": self._databases.states,
        }

    def _take(self, batch: Batch) -> None:
        wiring.deliver(batch, self._monitor, self._outputs)

    def _on_stop(self, _signal: int, _frame: Any) -> None:
        self._stops += 1
        if self._stops > 1:
            raise KeyboardInterrupt
        self.supervisor.stopping()
        self._source.stop()

    def _on_reload(self, _signal: int, _frame: Any) -> None:
        self._reloads.put(_Reload())

    def _load(self) -> Monitor:
        known = wiring.load_signatures(self._settings)
        kept = (self._trips, self._databases, self._destinations)
        return wiring.make_monitor(self._settings, known, *kept)

    def _announce(self) -> None:
        series = self._monitor.foresee(time.time_ns())
        self.prometheus.loaded(self._monitor.signatures, series, time.time())

    def _reload(self) -> str | None:
        self._refresh_s = 0.0
        try:
            if not isinstance(self._source, LiveSource):
                raise SourceError("--source scapy does not reload")
            monitor = self._load()
        except NetmonError as error:
            self.prometheus.reload_failed()
            tell(f"the old signatures stay: {error}")
            return str(error)
        self._take(self._source.reload(compile_matcher(monitor.signatures)))
        self._monitor = monitor
        self._announce()
        for events in self._events:
            events.locations = monitor.signatures.locations
        tell(f"signatures reloaded from {monitor.signatures.folder}")
        return None

    def _refresh_databases(self) -> None:
        now_s = time.monotonic()
        if now_s < self._refresh_s:
            return
        self._refresh_s = now_s + _REFRESH_EVERY_S
        if self._databases.refresh():
            builds = ", ".join(f"{one.name} of {one.date}" for one in self._databases.current)
            tell(f"location databases in use: {builds}")
        for problem in self._databases.take_problems():
            tell(problem)

    def _look_after(self) -> None:
        now_s = time.monotonic()
        if now_s < self._look_again_s:
            return
        self._look_again_s = now_s + _LOOK_EVERY_S
        # After the events were handed on: what a crash takes back is told twice rather than never.
        self._state.save(self._destinations, now_s)
        stats = self._source.stats()
        is_suspected = stats["interceptions"] > 0
        if is_suspected and not self._is_suspected:
            tell(wiring.INTERCEPTED)
        self._is_suspected = is_suspected
        for line in self._quality.check(stats, now_s):
            tell(line)
