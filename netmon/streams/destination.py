"""Where events go: a URL → a broker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from urllib.parse import SplitResult, urlsplit, urlunsplit

from netmon.errors import OutputError
from netmon.streams import Broker
from netmon.streams.kafka_broker import KafkaBroker
from netmon.streams.nats_broker import NatsBroker
from netmon.streams.syslog_broker import SyslogAddress, SyslogBroker, Transport

EXAMPLES = "nats://host/subject, kafka://host:9092/topic or syslog+tcp://host:514"
_SYSLOG_PORTS = {"tcp": 514, "tls": 6514, "udp": 514}


@dataclass(frozen=True, slots=True)
class BrokerAccess:
    """How a broker is reached, besides its URL."""

    credentials: Path | None = None
    """A file of NATS credentials."""
    authority: Path | None = None
    """The certificates that the server's certificate is checked against."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Options of the Kafka client, librdkafka."""


def open_broker(url: str, access: BrokerAccess) -> Broker:
    """The broker at a URL. Raises OutputError for a URL that names none, or without the client library."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise OutputError(f"{url}: {error}; write {EXAMPLES}") from error
    name = parts.path.strip("/")
    if parts.scheme in ("nats", "tls") and parts.hostname and name and "/" not in name:
        return NatsBroker(urlunsplit(parts._replace(path="")), name, access.credentials)
    if parts.scheme == "kafka" and parts.netloc and name and "/" not in name:
        return KafkaBroker(parts.netloc, name, access.options)
    if parts.scheme.startswith("syslog+"):
        return SyslogBroker(_syslog_address(url, parts, port), access.authority)
    raise OutputError(f"{without_password(url)}: names no broker; write {EXAMPLES}")


def without_password(url: str) -> str:
    """The URL as it may be logged."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _syslog_address(url: str, parts: SplitResult, port: int | None) -> SyslogAddress:
    transport = parts.scheme.removeprefix("syslog+")
    if transport == "unix" and parts.path and not parts.netloc:
        return SyslogAddress("unix", path=parts.path)
    if transport in _SYSLOG_PORTS and parts.hostname and parts.path in ("", "/"):
        number = _SYSLOG_PORTS[transport] if port is None else port
        return SyslogAddress(cast(Transport, transport), parts.hostname, number)
    raise OutputError(f"{url}: write syslog+tcp://host:514, or tls, udp, or syslog+unix:///dev/log")
