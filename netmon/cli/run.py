"""`netmon run`: the live sensor."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from netmon import wiring
from netmon._engine import Matcher
from netmon.cli.options import SourceName, grouped
from netmon.cli.terminal import log
from netmon.cli.web_options import RunOptions
from netmon.config.settings import Config
from netmon.errors import ConfigError
from netmon.outputs.lines import Lines
from netmon.sources import ContinuousSource
from netmon.sources.live import LiveSource
from netmon.sources.scapy_source import ScapyLiveSource
from netmon.version import package_version

if TYPE_CHECKING:
    from netmon.sensor import Sensor


@grouped
def run(
    interfaces: Annotated[
        list[str] | None,
        typer.Option(
            "--interface",
            "-i",
            metavar="IF",
            help="Mirror port, a pattern such as 'ens*', or any; repeat the option for more.",
        ),
    ] = None,
    filter_words: Annotated[
        list[str] | None, typer.Argument(metavar="[FILTER…]", help="BPF filter, applied by the kernel.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Write ECS events to standard output.")] = False,
    require_all: Annotated[
        bool, typer.Option("--require-all", help="Start only if every interface can be captured.")
    ] = False,
    *,
    options: RunOptions,
) -> None:
    """Monitors mirror ports and serves Prometheus metrics.

    SIGTERM and SIGINT stop it after the last flows are flushed. SIGHUP reloads the signatures; if the new
    ones have errors, the old ones stay in use. Requires CAP_NET_RAW.

    An interface may go down, be removed and come back: the others are captured on, and it is captured again
    by itself. A start fails only if no interface can be captured, unless --require-all is given.

    Examples:

      sudo "$(command -v netmon)" run -i eth1 --country DE

      sudo "$(command -v netmon)" run -i eth1 not host 192.0.2.7

      sudo "$(command -v netmon)" run -i eth1 -i eth2 --json > events.jsonl
    """
    settings = options.load()
    ports = tuple(dict.fromkeys((*settings.capture.interfaces, *(interfaces or ()))))
    if not ports:
        raise ConfigError("no interface to monitor: give one with -i, or set capture.interfaces")
    # The sensor and the web server are slow to import, and no other command needs them.
    from netmon.sensor import Sensor  # noqa: PLC0415
    from netmon.web.server import describe  # noqa: PLC0415

    with ExitStack() as stack:
        if require_all:
            settings = replace(settings, capture=replace(settings.capture, require_all=True))
        open_source = partial(_open_source, settings, ports, " ".join(filter_words or ()), options.source)
        sensor = Sensor(settings, open_source, log)
        level = settings.privacy_level if options.privacy is None else options.privacy
        privacy = wiring.make_privacy(settings, level)
        for lines in _open_events(stack, settings.events, to_stdout=json):
            sensor.add_events(lines, privacy)
        where = "off" if settings.web.is_off else describe(_serve(stack, sensor, settings))
        _handle_signals(sensor)
        sensor.run(f"watching {', '.join(ports)}; metrics: {where}")


def _open_source(
    settings: Config, ports: tuple[str, ...], expression: str, source: SourceName, matcher: Matcher
) -> ContinuousSource:
    """Starts the capture. Raises SourceError."""
    limits, capture = settings.engine_keywords(), settings.capture
    if source is SourceName.SCAPY:
        return ScapyLiveSource(
            ports,
            matcher,
            filter_expression=expression,
            report_every_s=settings.report_every_s,
            limits=limits,
        )
    return LiveSource(
        ports,
        matcher,
        filter_expression=expression,
        require_all=capture.require_all,
        workers=capture.workers,
        ring_bytes=capture.ring_mib << 20,
        snaplen=capture.snaplen,
        promiscuous=capture.promiscuous,
        report_every_s=settings.report_every_s,
        limits=limits,
    )


def _open_events(stack: ExitStack, path: Path | None, *, to_stdout: bool) -> Iterator[Lines]:
    """Where events are written: standard output, the configured file, or both."""
    files = [("standard output", sys.stdout.fileno())] if to_stdout and sys.stdout else []
    if path is not None:
        files.append((str(path), stack.enter_context(path.open("ab")).fileno()))
    for name, number in files:
        yield Lines(io.FileIO(number, "wb", closefd=False), name, log)


def _serve(stack: ExitStack, sensor: Sensor, settings: Config) -> Sequence[str]:
    """Serves the sensor's metrics until the stack is closed. Returns the URLs without a path."""
    from netmon.web.guard import WebGuard  # noqa: PLC0415
    from netmon.web.handler import Site  # noqa: PLC0415
    from netmon.web.listeners import open_listeners  # noqa: PLC0415
    from netmon.web.scrapes import Scrapes  # noqa: PLC0415
    from netmon.web.server import WebServer  # noqa: PLC0415

    guard = WebGuard(settings.web.config_file, log)
    site = Site(
        scrapes=Scrapes(sensor.prometheus.registry),
        version=package_version(),
        name=f"{settings.sensor} ({settings.site})" if settings.site else settings.sensor,
        options=settings.web,
        guard=guard,
        is_ready=sensor.is_ready,
        reload=sensor.reload,
        view=sensor.view,
    )
    web = WebServer(open_listeners(settings.web, os.environ), site)
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
