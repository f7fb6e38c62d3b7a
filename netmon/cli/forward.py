"""`netmon forward`: passes the events of a spool on to a broker."""

from __future__ import annotations

import hashlib
import signal
from pathlib import Path

import click

from netmon.cli.broker_options import credentials_option, kafka_option, read_pairs
from netmon.cli.terminal import log
from netmon.cli.values import FILE
from netmon.streams.delivery import Delivery
from netmon.streams.destination import BrokerAccess, open_broker, without_password
from netmon.streams.spool_reader import SpoolReader


@click.command()
@click.argument("spool", type=FILE, metavar="SPOOL", help="Folder of the sensor's spool.")
@click.option(
    "--to",
    required=True,
    metavar="URL",
    help="nats://HOST/SUBJECT, kafka://HOST:PORT/TOPIC, or syslog+tcp://HOST:PORT (also +tls, +udp, "
    "and syslog+unix:///dev/log).",
)
@credentials_option
@click.option(
    "--ca", type=FILE, metavar="FILE", help="Certificates to check a syslog server over TLS against."
)
@kafka_option
@click.option(
    "--position",
    type=FILE,
    metavar="FILE",
    help="File that remembers what is delivered. Default: in SPOOL.",
)
@click.option("--once", is_flag=True, help="Stop when everything is delivered.")
def forward(
    spool: Path,
    to: str,
    credentials: Path | None,
    ca: Path | None,
    kafka: tuple[str, ...],
    position: Path | None,
    once: bool,
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
    access = BrokerAccess(credentials, ca, read_pairs(kafka))
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
