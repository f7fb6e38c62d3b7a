"""A URL → a broker that events go to, or come from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from urllib.parse import SplitResult, urlsplit, urlunsplit

from netmon.errors import OutputError
from netmon.streams import Broker
from netmon.streams.kafka_broker import KafkaBroker
from netmon.streams.kafka_reader import KafkaReader
from netmon.streams.nats_broker import NatsBroker
from netmon.streams.nats_reader import NatsReader
from netmon.streams.syslog_broker import SyslogAddress, SyslogBroker, Transport

_NATS = ("nats", "tls")
_USER = re.compile(r"//[^/]*@")
EXAMPLES = "nats://host/subject, kafka://host:9092/topic or syslog+tcp://host:514"
READER_EXAMPLES = "nats://host/subject or kafka://host:9092/topic"
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
    parts, name = _split(url, EXAMPLES)
    if parts.scheme in _NATS and name:
        return NatsBroker(urlunsplit(parts._replace(path="")), name, access.credentials)
    if parts.scheme == "kafka" and name:
        return KafkaBroker(parts.netloc, name, access.options)
    if parts.scheme.startswith("syslog+"):
        return SyslogBroker(_syslog_address(url, parts), access.authority)
    raise OutputError(f"{without_password(url)}: names no broker; write {EXAMPLES}")


def open_reader(url: str, group: str, access: BrokerAccess) -> NatsReader | KafkaReader:
    """The reader of the broker at a URL. Raises OutputError as `open_broker` does."""
    parts, name = _split(url, READER_EXAMPLES)
    if parts.scheme in _NATS and name:
        return NatsReader(urlunsplit(parts._replace(path="")), name, group, access.credentials)
    if parts.scheme == "kafka" and name:
        return KafkaReader(parts.netloc, name, group, access.options)
    raise OutputError(f"{without_password(url)}: names no broker to read from; write {READER_EXAMPLES}")


def _split(url: str, examples: str) -> tuple[SplitResult, str]:
    """The parts of a URL, and the subject or topic in it; empty for none. Raises OutputError."""
    try:
        parts = urlsplit(url)
        # Kafka's part may be a list of servers, of which no port can be told.
        is_list = parts.scheme == "kafka"
        has_host = bool(parts.netloc) if is_list else bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise OutputError(f"{without_password(url)}: {error}; write {examples}") from error
    name = parts.path.strip("/")
    return parts, name if has_host and "/" not in name else ""


def without_password(url: str) -> str:
    """The URL as it may be logged."""
    return _USER.sub("//", url)


def _syslog_address(url: str, parts: SplitResult) -> SyslogAddress:
    transport = parts.scheme.removeprefix("syslog+")
    if transport == "unix" and parts.path and not parts.netloc:
        return SyslogAddress("unix", path=parts.path)
    if transport in _SYSLOG_PORTS and parts.hostname and parts.path in ("", "/"):
        number = _SYSLOG_PORTS[transport] if parts.port is None else parts.port
        return SyslogAddress(cast(Transport, transport), parts.hostname, number)
    raise OutputError(
        f"{without_password(url)}: write syslog+tcp://host:514, or tls, udp, or syslog+unix:///dev/log"
    )
