"""Options for the connection to a broker."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

CredentialsOption = Annotated[
    Path | None, typer.Option("--credentials", metavar="FILE", help="NATS credentials.")
]
KafkaOption = Annotated[
    list[str] | None,
    typer.Option("--kafka", metavar="KEY=VALUE", help="Option of librdkafka; repeat the option for more."),
]


def read_pairs(texts: Sequence[str] | None) -> dict[str, str]:
    """The options of librdkafka. Raises BadParameter."""
    pairs = [one.partition("=") for one in texts or ()]
    wrong = next((key for key, equals, _ in pairs if not equals), None)
    if wrong is not None:
        raise typer.BadParameter(f"'{wrong}' is not KEY=VALUE", param_hint="--kafka")
    return {key: value for key, _, value in pairs}
