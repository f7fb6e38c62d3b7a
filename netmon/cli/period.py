"""The options `--since` and `--until`: days, times, and how long ago."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Annotated, NamedTuple

import typer

from netmon.store.queries import Scope

SinceOption = Annotated[
    str | None,
    typer.Option(
        "--since", metavar="TIME", help="From then on: 30d, 2h, 2026-06-30, or 2026-06-30T10:00+02:00."
    ),
]
UntilOption = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="Up to this time, or including this day.")
]
_AGO = re.compile("([1-9][0-9]{0,4})([dhm])")
_TIME = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})(?P<time>[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_LATEST = datetime.max.replace(tzinfo=UTC) - _DAY


class Period(NamedTuple):
    """A period, in nanoseconds since 1970; None: no limit."""

    since_ns: int | None = None
    until_ns: int | None = None
    words: Sequence[str] = ()  # the options that select it again at any later time

    def scope(self, vendor: str | None) -> Scope:
        """What is asked for."""
        return Scope.between(self.since_ns, self.until_ns, vendor)


def period_of(since: str | None, until: str | None) -> Period:
    """The period that the options name."""
    now = datetime.now(UTC)
    first = None if since is None else _since(since, now)
    end = None if until is None else _moment(until, "--until", is_end=True)
    if first is not None and end is not None and end <= first:
        raise typer.BadParameter(f"'{until}' is before '{since}'", param_hint="--until")
    words: list[str] = []
    if since is not None and first is not None:
        words += ["--since", f"{first:%Y-%m-%dT%H:%M:%SZ}" if _AGO.fullmatch(since) else since]
    if until is not None:
        words += ["--until", until]
    return Period(_since_epoch(first), _since_epoch(end), words)


def _since_epoch(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def _since(text: str, now: datetime) -> datetime:
    """The beginning of "30d", which are whole days and include today, of "2h" or "90m", or of a time."""
    found = _AGO.fullmatch(text)
    if found is None:
        return _moment(text, "--since", is_end=False)
    number, unit = int(found[1]), found[2]
    if unit == "d":
        return now.replace(hour=0, minute=0, second=0, microsecond=0) - (number - 1) * _DAY
    return now.replace(microsecond=0) - timedelta(minutes=number * (60 if unit == "h" else 1))


def _moment(text: str, option: str, *, is_end: bool) -> datetime:
    """A time, which is in UTC unless it names a zone; of a day without a time, its beginning or its end."""
    found = _TIME.fullmatch(text)
    with suppress(ValueError, OverflowError):
        if found is not None:
            zone = (found["zone"] or "Z").replace("Z", "+00:00")
            written = f"{found['day']}{found['time'] or 'T00:00'}{zone}"
            moment = datetime.fromisoformat(written).astimezone(UTC)
            return min(moment, _LATEST) + _DAY if is_end and found["time"] is None else moment
    more = ", or 30d or 2h" if option == "--since" else ""
    raise typer.BadParameter(
        f"'{text}' is no date: write 2026-06-30{more}, or 2026-06-30T10:00+02:00 (without a zone, it is UTC)",
        param_hint=option,
    )
