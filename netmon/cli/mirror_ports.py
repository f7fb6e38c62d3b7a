"""The interfaces that a command listens to, and their capture as the configuration has it."""

from __future__ import annotations

import socket
from collections.abc import Sequence

import click

from netmon._engine import Matcher, Sieve
from netmon.config.settings import Config
from netmon.errors import ConfigError, SourceError
from netmon.sources.live import LiveSource

interfaces_option = click.option(
    "--interface",
    "-i",
    "interfaces",
    multiple=True,
    metavar="IF",
    help="Mirror port, a pattern such as 'ens*', or any; repeat the option for more.",
)


def interfaces_here() -> list[str]:
    """The names of all interfaces."""
    return sorted(name for _, name in socket.if_nameindex())


def mirror_ports(settings: Config, given: Sequence[str]) -> tuple[str, ...]:
    """Those of the configuration, then the given ones, each once. Raises ConfigError if there is none."""
    ports = tuple(dict.fromkeys((*settings.capture.interfaces, *given)))
    if not ports:
        here = ", ".join(interfaces_here()) or "none"
        raise ConfigError(
            f"no interface to monitor: give one with -i, or set capture.interfaces; here are: {here}"
        )
    return ports


def open_live(
    settings: Config, ports: Sequence[str], expression: str, matcher: Matcher, sieve: Sieve | None = None
) -> LiveSource:
    """Starts a capture by the engine. Raises SourceError."""
    capture = settings.capture
    return LiveSource(
        ports,
        matcher,
        filter_expression=expression,
        require_all=capture.require_all,
        workers=capture.workers,
        ring_bytes=capture.ring_mib << 20,
        snaplen=capture.snaplen,
        promiscuous=capture.promiscuous,
        sieve=sieve,
        report_every_s=settings.report_every_s,
        limits=settings.engine_keywords(),
    )


def capture_problem(settings: Config, ports: Sequence[str]) -> str | None:
    """Why the interfaces cannot be captured; None if they can. Tries it for a moment, without signatures."""
    try:
        source = open_live(settings, ports, "", Matcher([], [], []))
    except SourceError as error:
        return str(error)
    source.stop()
    for _batch in source.batches():
        pass
    return None
