"""Options that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from netmon.cli.late import LateModule
from netmon.cli.spoken_language import LanguageName
from netmon.cli.values import WORD, OneOf, milliseconds

if TYPE_CHECKING:
    from netmon import records
    from netmon.cli.grouping import Decorator
else:
    records = LateModule("netmon.records")

language_option = click.option(
    "--language",
    type=OneOf(LanguageName),
    metavar="en|de",
    help="Language of the output for people. Default: that of the locale, or English.",
)
round_trip_option = click.option(
    "--rtt-ms",
    type=milliseconds,
    metavar="MS",
    help="Smallest round trip to the address: shows what it excludes.",
)
store_option = click.option(
    "--store", type=WORD, metavar="STORE", help="Store instead of that of the configuration."
)


def exit_code_option(*, default: bool) -> Decorator:
    """Whether findings are told by the exit code."""
    return click.option(
        "--exit-code/--no-exit-code",
        default=default,
        help="Exit with 3 if there was a finding of severity warning or critical.",
    )


def round_trip_of(rtt_ms: float | None, when_ns: int) -> records.RoundTrip | None:
    """The round trip that an option gives, as measured at that time without a middlebox in between."""
    return None if rtt_ms is None else records.RoundTrip(round(rtt_ms * 1e6), 1, when_ns, "unlikely")
