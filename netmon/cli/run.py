"""`netmon run`: the live sensor."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from netmon import wiring
from netmon._engine import Matcher, Sieve
from netmon.cli.exit_codes import FOUND
from netmon.cli.grouping import grouped
from netmon.cli.live_results import LiveResults
from netmon.cli.mirror_ports import capture_problem, interfaces_option, mirror_ports, open_live
from netmon.cli.offload import load_sieve, usable
from netmon.cli.options import SourceName
from netmon.cli.output_paths import check_shared_paths
from netmon.cli.run_options import SensorOptions
from netmon.cli.run_screen import RunScreen
from netmon.cli.single_options import exit_code_option, language_option
from netmon.cli.spoken_language import LanguageName, chosen_language
from netmon.config.settings import Config, store_path
from netmon.errors import NetmonError, OutputError
from netmon.evidence.assembly import opened_evidence
from netmon.outputs.backlog import Backlog
from netmon.outputs.event_file import EventFile
from netmon.outputs.lines import Lines, StandardOutput
from netmon.outputs.spool import Spool
from netmon.places.providers import known_providers
from netmon.privileges.drop import drop
from netmon.privileges.preload import preload
from netmon.sources import ContinuousSource
from netmon.sources.bpf import prepare_filter
from netmon.sources.scapy_source import ScapyLiveSource, import_scapy
from netmon.store.retention import Limit
from netmon.store.writer import StoreWriter
from netmon.version import package_sha256, package_version

if TYPE_CHECKING:
    from netmon.sensor import Sensor
    from netmon.web.listeners import Listener

Log = Callable[[str], None]


@click.command()
@interfaces_option
@click.argument("filter_words", metavar="[FILTER…]", nargs=-1, help="BPF filter, applied by the kernel.")
@click.option("--json", is_flag=True, help="Write ECS events to standard output instead of findings.")
@click.option("--require-all", is_flag=True, help="Start only if every interface can be captured.")
@exit_code_option(default=False)
@language_option
@grouped(SensorOptions)
def run(
    interfaces: tuple[str, ...],
    filter_words: tuple[str, ...],
    json: bool,
    require_all: bool,
    exit_code: bool,
    language: LanguageName | None,
    options: SensorOptions,
) -> None:
    """Monitors mirror ports, prints new findings, and serves Prometheus metrics.

    Prints a line for each new finding and a summary at the end; on a terminal, the last line shows the state.

    SIGTERM and SIGINT stop it after the last flows are flushed. SIGHUP reloads the signatures; if the new
    ones have errors, the old ones stay in use. Requires CAP_NET_RAW. Started as root, it becomes the user
    netmon, or nobody, and keeps that capability only.

    If an interface goes down or is removed, capture goes on with the others, and resumes on it once it is
    back. A start fails only if no interface can be captured, unless --require-all is given.

    Examples:

      sudo "$(command -v netmon)" run -i eth1 --country DE

      sudo "$(command -v netmon)" run -i eth1 not host 192.0.2.7

      sudo "$(command -v netmon)" run -i eth1 -i eth2 --json > events.jsonl
    """
    settings = options.load()
    check_shared_paths(settings, os.environ)
    ports = mirror_ports(settings, interfaces)
    # The sensor and the web server are slow to import, and no other command needs them.
    from netmon.sensor import Sensor  # noqa: PLC0415
    from netmon.web.listeners import close_all, open_listeners  # noqa: PLC0415
    from netmon.web.server import describe  # noqa: PLC0415

    with ExitStack() as stack:
        screen = RunScreen(shows_findings=not json)
        stack.callback(screen.close)
        log = screen.log
        if require_all:
            settings = replace(settings, capture=replace(settings.capture, require_all=True))
        # What is opened once and may need root comes first; what is opened again, as the sensor's user.
        privacy = wiring.make_privacy(settings)
        try:
            listeners = () if settings.web.is_off else open_listeners(settings.web, os.environ)
        except OutputError:
            if (problem := capture_problem(settings, ports)) is not None:
                log(problem)  # it weighs more than an address that is in use
            raise
        stack.callback(close_all, listeners)
        expression = " ".join(filter_words)
        fallback: list[str] = []
        sieve = load_sieve(settings, expression, options.source, fallback.append)
        settings, notes = _give_up_privileges(settings, expression, options.source)
        sieve = usable(sieve, fallback.append)
        notes += fallback
        with _explained(notes, log):
            capture = partial(_open_source, settings, ports, expression, options.source, sieve, log)
            sensor = Sensor(settings, capture, log)
            evidence = stack.enter_context(opened_evidence(settings, privacy, log))
            if evidence is not None:
                sensor.add_evidence(evidence)
            events = list(_open_events(stack, settings, log, to_stdout=json))
            for lines in events:
                sensor.add_events(lines, privacy, evidence if lines is events[-1] else None)
            store, spool = _open_store(stack, settings, log), _open_spool(stack, settings, log)
            if store or spool or settings.has_run_events:
                sensor.add_record(privacy, store, spool, expression)
            spoken = chosen_language(language)
            results = LiveResults(sensor, settings, privacy, screen, spoken, with_summary=not json)
            where = describe(_serve(stack, sensor, settings, listeners, log)) if listeners else "off"
        _handle_signals(sensor)
        sensor.run(f"watching {', '.join(ports)}; metrics: {where}")
        results.end()
    if exit_code and results.found_alarms:
        sys.exit(FOUND)


def _open_source(
    settings: Config,
    ports: tuple[str, ...],
    expression: str,
    source: SourceName,
    sieve: Sieve | None,
    log: Log,
    matcher: Matcher,
) -> ContinuousSource:
    """Starts the capture. Raises SourceError."""
    if source is SourceName.SCAPY:
        log(
            "--source scapy: an interface that goes down or is removed ends the capture on all, and "
            "interfaces are not told apart; where AF_PACKET is available, --source native has neither limit"
        )
        return ScapyLiveSource(
            ports,
            matcher,
            filter_expression=expression,
            report_every_s=settings.report_every_s,
            limits=settings.engine_keywords(),
        )
    return open_live(settings, ports, expression, matcher, sieve)


def _give_up_privileges(settings: Config, expression: str, source: SourceName) -> tuple[Config, list[str]]:
    """Gives up what the sensor does not need, and notes what to tell. Raises ConfigError and StartError."""
    if expression:
        prepare_filter(expression, settings.capture.snaplen)
    if source is SourceName.SCAPY:
        import_scapy()  # its files may be out of reach later
        # It calls what it likes.
        settings = replace(settings, privileges=replace(settings.privileges, filter_calls=False))
    preload()
    known_providers()  # the files of the package may be out of reach later, or those of another version
    package_sha256()
    return drop(settings, os.environ)


@contextmanager
def _explained(notes: list[str], log: Log) -> Iterator[None]:
    """Logs the notes after a start that succeeds, or that fails for lack of a permission."""
    try:
        yield
    except (NetmonError, PermissionError) as error:
        for note in notes if "permission denied" in str(error).lower() else ():
            log(note)
        raise
    for note in notes:
        log(note)


def _open_events(stack: ExitStack, settings: Config, log: Log, *, to_stdout: bool) -> Iterator[Lines]:
    """Where events are written: standard output, the configured file."""
    if to_stdout and sys.stdout:
        backlog = Backlog(StandardOutput(sys.stdout.fileno()))
        stack.callback(backlog.close, "standard output", log)
        yield Lines(backlog, "standard output", log)
    if settings.events is not None:
        file = EventFile(settings.events, settings.rotation, log)
        stack.callback(file.close)
        yield Lines(file, str(settings.events), log)


def _open_store(stack: ExitStack, settings: Config, log: Log) -> StoreWriter | None:
    """The store, unless it is off."""
    path = store_path(settings, os.environ)
    if path is None:
        return None
    limit = Limit(settings.store.keep_days, settings.store.max_mib << 20)
    writer = StoreWriter(path, limit, log)
    stack.callback(writer.close)
    return writer


def _open_spool(stack: ExitStack, settings: Config, log: Log) -> Lines | None:
    """The spool, if there is one. Raises OutputError."""
    folder = settings.spool.folder
    if folder is None:
        return None
    spool = Spool(folder, settings.spool.max_bytes)
    stack.callback(spool.close)
    return Lines(spool, str(folder), log)


def _serve(
    stack: ExitStack, sensor: Sensor, settings: Config, listeners: Sequence[Listener], log: Log
) -> Sequence[str]:
    """Serves the sensor's metrics until the stack is closed. Returns the URLs without a path."""
    from netmon.web.guard import WebGuard  # noqa: PLC0415
    from netmon.web.handler import Site  # noqa: PLC0415
    from netmon.web.scrapes import Scrapes  # noqa: PLC0415
    from netmon.web.server import WebServer  # noqa: PLC0415

    guard = WebGuard(settings.web.config_file, log)
    site = Site(
        scrapes=Scrapes(sensor.prometheus.registry),
        live=Scrapes(sensor.prometheus.live_registry),
        version=package_version(),
        name=f"{settings.sensor} ({settings.site})" if settings.site else settings.sensor,
        options=settings.web,
        guard=guard,
        is_ready=sensor.is_ready,
        reload=sensor.reload,
        view=sensor.view,
    )
    web = WebServer(listeners, site)
    web.start()
    stack.callback(web.stop)
    return web.urls


def _handle_signals(sensor: Sensor) -> None:
    """SIGTERM and SIGINT stop the sensor, a second signal interrupts it; SIGHUP reloads the signatures."""

    def stop(_number: int, _frame: object) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.default_int_handler)
        sensor.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    signal.signal(signal.SIGHUP, lambda _number, _frame: sensor.request_reload())
