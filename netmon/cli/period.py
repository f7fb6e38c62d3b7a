"""The options `--since` and `--until`: days, times, and how long ago."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import click

from netmon.days import DAY_NS, DAY_S, moment_of
from netmon.store.queries import Scope

since_option = click.option(
    "--since", metavar="TIME", help="From then on: 30d, 2h, 2026-06-30, or 2026-06-30T10:00+02:00."
)
until_option = click.option("--until", metavar="TIME", help="Up to this time, or including this day.")
_AGO = re.compile("([1-9][0-9]{0,4})([dhm])")
_TIME = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})(?P<time>[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?"
)
_SECOND_NS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Period(NamedTuple):
    """A period, in nanoseconds since 1970; None: no limit."""

    since_ns: int | None = None
    until_ns: int | None = None
    present_ns: int | None = None  # if it is to come up to the present
    words: Sequence[str] = ()  # the options that select it again at any later time

    def scope(self, vendor: str | None) -> Scope:
        """What is asked for."""
        return Scope.between(self.since_ns, self.until_ns, vendor, self.present_ns)


def period_of(since: str | None, until: str | None) -> Period:
    """The period that the options name."""
    first = None if since is None else _since(since)
    end = None if until is None else _moment(until, "--until", is_end=True)
    if first is not None and end is not None and end <= first:
        raise click.BadParameter(f"'{until}' is not after --since '{since}'", param_hint="--until")
    if since is None or first is None:
        return Period(first, end, words=[] if until is None else ["--until", until])
    is_ago = _AGO.fullmatch(since) is not None
    present_ns = int(time.time()) * _SECOND_NS if is_ago and until is None else None
    if present_ns is not None:
        until = _written(present_ns)
    words = ["--since", _written(first) if is_ago else since]
    return Period(first, end, present_ns, words if until is None else [*words, "--until", until])


def _written(time_ns: int) -> str:
    return f"{moment_of(time_ns):%Y-%m-%dT%H:%M:%SZ}"


def _since(text: str) -> int:
    """The beginning of "30d", which are whole days and include today, of "2h" or "90m", or of a time."""
    found = _AGO.fullmatch(text)
    if found is None:
        return _moment(text, "--since", is_end=False)
    number, unit, now_s = int(found[1]), found[2], int(time.time())
    if unit == "d":
        return (now_s // DAY_S - number + 1) * DAY_NS
    return (now_s - number * (3600 if unit == "h" else 60)) * _SECOND_NS


def _moment(text: str, option: str, *, is_end: bool) -> int:
    """A time, which is in UTC unless it names a zone; of a day without a time, its beginning or its end.

    With a zone, it may be in no year that a datetime can have.
    """
    found = _TIME.fullmatch(text)
    with suppress(ValueError):
        if found is not None:
            zone = (found["zone"] or "Z").replace("Z", "+00:00")
            local = datetime.fromisoformat(f"{found['day']}{found['time'] or 'T00:00'}{zone}")
            since_epoch = local.replace(tzinfo=UTC) - _EPOCH - (local.utcoffset() or timedelta())
            moment_ns = since_epoch // timedelta(microseconds=1) * 1000
            return moment_ns + DAY_NS if is_end and found["time"] is None else moment_ns
    more = ", or 30d or 2h" if option == "--since" else ""
    raise click.BadParameter(
        f"'{text}' is no date: write 2026-06-30{more}, or 2026-06-30T10:00+02:00 (without a zone, it is UTC)",
        param_hint=option,
    )
