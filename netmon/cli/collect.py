"""`netmon store collect`: takes the events of sensors from a broker into a store."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path

import click

from netmon.cli.broker_options import credentials_option, kafka_option, read_pairs
from netmon.cli.grouping import grouped
from netmon.cli.options import ConfigOptions
from netmon.cli.single_options import store_option
from netmon.cli.terminal import log
from netmon.config.settings import store_path
from netmon.errors import EventError, LevelError, StoreError
from netmon.store.intake import Intake
from netmon.store.levels import RunLevels
from netmon.store.opening import opened_by_name
from netmon.store.sqlite import SqliteStore
from netmon.streams.collection import Collection
from netmon.streams.destination import BrokerAccess, open_reader, without_password


@click.command()
@click.argument("url", metavar="URL", help="nats://HOST/SUBJECT or kafka://HOST:PORT/TOPIC.")
@store_option
@click.option(
    "--group",
    default="netmon",
    metavar="NAME",
    help="Durable consumer or group: a name for each store.",
)
@credentials_option
@kafka_option
@click.option("--once", is_flag=True, help="Stop when everything is collected.")
@grouped(ConfigOptions)
def collect(
    url: str,
    store: str | None,
    group: str,
    credentials: Path | None,
    kafka: tuple[str, ...],
    once: bool,
    options: ConfigOptions,
) -> None:
    """Takes the events of any number of sensors from NATS JetStream or Kafka into a store, and goes on.

    An event is acknowledged after the store has committed it, and one that is stored already changes
    nothing: nothing is lost, and nothing counts twice, whenever this program, the broker or a sensor stops.

    Examples:

      netmon store collect nats://broker.example/netmon.events --store fleet.db

      netmon store collect kafka://broker.example:9092/netmon --store fleet.db --once
    """
    access = BrokerAccess(credentials, None, read_pairs(kafka))
    reader = open_reader(url, group, access)
    name = without_password(url)
    path = store or store_path(options.load(), os.environ)
    if path is None:
        raise StoreError("there is no store: store.path is off; name one with --store")
    with opened_by_name(path) as opened_store:
        if isinstance(opened_store, SqliteStore):
            opened_store.execute(
                "PRAGMA synchronous=FULL"
            )  # what is acknowledged must survive a power failure

        levels = RunLevels(opened_store)

        def keep(lines: Sequence[bytes]) -> int:
            intake, problems = Intake(opened_store, str(path), levels), []
            for line in lines:
                try:
                    intake.write(line.decode(errors="replace"))
                except (EventError, LevelError) as error:
                    problems.append(error)
            intake.flush()
            opened_store.ensure_in_place()  # otherwise the broker keeps the messages
            if problems and not collection.rejected:  # further ones are counted
                log(f"{name}: {problems[0]}")
            return len(lines) - len(problems)

        collection = Collection(reader, keep, name, log)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: collection.stop())
        if not once:
            log(f"collecting from {name} into {path}")
        try:
            collection.run(until_empty=once)
            opened_store.ensure_in_place()
        finally:
            reader.end()
            log(f"{collection.collected:,} events collected, {collection.rejected:,} messages left out")
