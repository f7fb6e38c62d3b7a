"""`netmon forward`: passes the events of a spool on to a broker."""

from __future__ import annotations

import hashlib
import signal
from pathlib import Path
from typing import Annotated

import typer

from netmon.cli.terminal import log
from netmon.streams.delivery import Delivery
from netmon.streams.destination import BrokerAccess, open_broker, without_password
from netmon.streams.spool_reader import SpoolReader


def forward(
    spool: Annotated[Path, typer.Argument(metavar="SPOOL", help="Folder of the sensor's spool.")],
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="URL",
            help="nats://HOST/SUBJECT, kafka://HOST:PORT/TOPIC, or syslog+tcp://HOST:PORT (also +tls, +udp, "
            "and syslog+unix:///dev/log).",
        ),
    ],
    credentials: Annotated[
        Path | None, typer.Option("--credentials", metavar="FILE", help="NATS credentials.")
    ] = None,
    ca: Annotated[
        Path | None,
        typer.Option("--ca", metavar="FILE", help="Certificates that a syslog server over TLS is checked against."),
    ] = None,
    options: Annotated[
        list[str] | None,
        typer.Option("--kafka", metavar="KEY=VALUE", help="Option of librdkafka; repeat the option for more."),
    ] = None,
    position: Annotated[
        Path | None,
        typer.Option(
            "--position", metavar="FILE", help="File that remembers what was delivered. Default: in the spool."
        ),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Stop when everything is delivered.")] = False,
) -> None:
    """Delivers the events of a spool to NATS JetStream, Kafka or syslog, and follows it.

    The sensor writes a spool if spool.folder is set. Every event is delivered at least once: what the broker
    did not confirm is sent again, also after a restart. Events carry event.id, so nothing counts twice in
    a store. While the broker is away, the spool keeps the events, up to spool.max_mib.

    Run it as a service beside the sensor, which itself cannot open connections.

    Examples:

      netmon forward /var/lib/netmon/spool --to nats://broker.example/netmon.events

      netmon forward spool --to kafka://broker.example:9092/netmon --kafka security.protocol=SSL

      netmon forward spool --to syslog+tls://logs.example --once
    """
    pairs = [one.partition("=") for one in options or ()]
    wrong = next((key for key, equals, _ in pairs if not equals), None)
    if wrong is not None:
        raise typer.BadParameter(f"'{wrong}' is not KEY=VALUE", param_hint="--kafka")
    access = BrokerAccess(credentials, ca, {key: value for key, _, value in pairs})
    broker = open_broker(to, access)
    name = without_password(to)
    digest = hashlib.sha256(to.encode()).hexdigest()[:12]
    reader = SpoolReader(spool, position or spool / f"position-{digest}.json")
    delivery = Delivery(reader, broker, name, log)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: delivery.stop())
    if not once:
        log(f"delivering {spool} to {name}")
    try:
        delivery.run(until_empty=once)
    finally:
        broker.close()
        log(f"{delivery.delivered:,} events delivered to {name}")
