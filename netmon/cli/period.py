"""The options `--since` and `--until`: whole days in UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated

import typer

_EPOCH_DAY = date(1970, 1, 1).toordinal()

SinceOption = Annotated[
    str | None,
    typer.Option("--since", metavar="DAYS|DATE", help="The last days, as 30d, or from a day on."),
]
UntilOption = Annotated[
    str | None, typer.Option("--until", metavar="DATE", help="Up to this day, which is included.")
]


def period_of(since: str | None, until: str | None) -> tuple[int | None, int | None]:
    """The first day, and the day after the last one, since 1970-01-01; None without a limit."""
    first = None if since is None else _since_day(since, datetime.now(UTC).date())
    end = None if until is None else _day(until, "--until") + 1
    if first is not None and end is not None and end <= first:
        raise typer.BadParameter(f"'{until}' is before '{since}'", param_hint="--until")
    return first, end


def _since_day(text: str, today: date) -> int:
    """The first day of "30d", which includes today, or of a date."""
    days = re.fullmatch("([0-9]{1,5})d", text)
    if days is None:
        return _day(text, "--since")
    return today.toordinal() - _EPOCH_DAY - int(days[1]) + 1


def _day(text: str, option: str) -> int:
    try:
        return date.fromisoformat(text).toordinal() - _EPOCH_DAY
    except ValueError as error:
        more = ", or a number of days, such as 30d" if option == "--since" else ""
        raise typer.BadParameter(f"'{text}' is no date: write 2026-06-30{more}", param_hint=option) from error
