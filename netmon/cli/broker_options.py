"""Options for the connection to a broker."""

from __future__ import annotations

from collections.abc import Sequence

import click

from netmon.cli.values import FILE

credentials_option = click.option("--credentials", type=FILE, metavar="FILE", help="NATS credentials.")
kafka_option = click.option(
    "--kafka", multiple=True, metavar="KEY=VALUE", help="Option of librdkafka; repeat the option for more."
)


def read_pairs(texts: Sequence[str]) -> dict[str, str]:
    """The options of librdkafka. Raises BadParameter."""
    pairs = [one.partition("=") for one in texts]
    wrong = next((key for key, equals, _ in pairs if not equals), None)
    if wrong is not None:
        raise click.BadParameter(f"'{wrong}' is not KEY=VALUE", param_hint="--kafka")
    return {key: value for key, _, value in pairs}
