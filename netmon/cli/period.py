"""The options `--since` and `--until`: whole days in UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer

_BACK = re.compile(r"(\d{1,5})d")
_EPOCH = date(1970, 1, 1)

SinceOption = Annotated[
    str | None,
    typer.Option(
        "--since", metavar="DAY|Nd", help="First UTC day, such as 2026-09-01; or 30d for the last 30 days."
    ),
]
UntilOption = Annotated[
    str | None,
    typer.Option("--until", metavar="DAY|Nd", help="Last UTC day, which is included; 1d is yesterday."),
]


def period_of(since: str | None, until: str | None) -> tuple[int | None, int | None]:
    """The first day, and the day after the last one, since 1970-01-01; None without a limit."""
    today = datetime.now(UTC).date()
    first, last = _day(since, "--since", today), _day(until, "--until", today)
    if first is not None and last is not None and last < first:
        raise typer.BadParameter(f"'{until}' is before '{since}'", param_hint="--until")
    return first, None if last is None else last + 1


def _day(text: str | None, option: str, today: date) -> int | None:
    """A day since 1970-01-01; of a number of days, the one that is so many days before today."""
    if text is None:
        return None
    back = _BACK.fullmatch(text)
    try:
        day = today - timedelta(days=int(back[1])) if back else date.fromisoformat(text)
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"'{text}' is no day: write it as 2026-09-01, or a number of days back as 30d", param_hint=option
        ) from None
    return (day - _EPOCH).days
