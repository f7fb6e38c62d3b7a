"""Options that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from netmon.cli.late import LateModule
from netmon.cli.spoken_language import LanguageName
from netmon.cli.values import milliseconds

if TYPE_CHECKING:
    from netmon import records
else:
    records = LateModule("netmon.records")

LanguageOption = Annotated[
    LanguageName | None,
    typer.Option(
        "--language",
        metavar="en|de",
        help="Language of the output for people. Default: that of the locale, or English.",
    ),
]

RoundTripOption = Annotated[
    float | None,
    typer.Option(
        "--rtt-ms",
        parser=milliseconds,
        metavar="MS",
        help="Smallest round trip to the address: shows what it excludes.",
    ),
]

ExitCode = Annotated[
    bool,
    typer.Option(
        "--exit-code/--no-exit-code",
        help="Exit with 3 if there was a finding of severity warning or critical.",
    ),
]


def round_trip_of(rtt_ms: float | None, when_ns: int) -> records.RoundTrip | None:
    """The round trip that an option gives, as measured at that time without a middlebox in between."""
    return None if rtt_ms is None else records.RoundTrip(round(rtt_ms * 1e6), 1, when_ns, "unlikely")
