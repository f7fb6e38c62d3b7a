"""`--since` and `--until`: days, times and zones, and how long ago."""

import re
import time
from datetime import UTC, datetime

import click
import pytest

from netmon.cli.period import period_of
from netmon.days import DAY_NS
from netmon.store.history import limit_texts

NOON_NS = 1_790_769_600_000_000_000  # 2026-09-30, 12:00 UTC
HOUR_NS = 3_600_000_000_000
MIDNIGHT_NS = NOON_NS - 12 * HOUR_NS


@pytest.mark.parametrize(
    ("text", "since_ns", "until_ns"),
    [
        ("2026-09-30", MIDNIGHT_NS, MIDNIGHT_NS + DAY_NS),
        ("2026-09-30+02:00", MIDNIGHT_NS - 2 * HOUR_NS, MIDNIGHT_NS + 22 * HOUR_NS),
        ("2026-09-30T12:00", NOON_NS, NOON_NS),
        ("2026-09-30 12:00", NOON_NS, NOON_NS),
        ("2026-09-30T12:00:00", NOON_NS, NOON_NS),
        ("2026-09-30T12:00:07Z", NOON_NS + 7_000_000_000, NOON_NS + 7_000_000_000),
        ("2026-09-30T12:00+01:00", NOON_NS - HOUR_NS, NOON_NS - HOUR_NS),
        ("2026-09-30T23:30-12:30", NOON_NS + 24 * HOUR_NS, NOON_NS + 24 * HOUR_NS),
        ("1969-12-31", -DAY_NS, 0),
    ],
)
def test_dates_and_times(text, since_ns, until_ns):
    """A day is meant from its beginning to its end, a time exactly; without a zone both are UTC."""
    assert period_of(text, None).since_ns == since_ns
    assert period_of(None, text).until_ns == until_ns


@pytest.mark.parametrize(("text", "seconds"), [("1h", 3600), ("48h", 172_800), ("90m", 5400)])
def test_how_long_ago(text, seconds):
    """Hours and minutes are counted back from now."""
    assert period_of(text, None).since_ns / 1e9 == pytest.approx(time.time() - seconds, abs=5)


def test_days_ago_are_whole_days():
    """1d is today, which is the first of 30d as well."""
    today = datetime.now(UTC).date().toordinal() - datetime(1970, 1, 1, tzinfo=UTC).toordinal()
    assert period_of("1d", None).since_ns // DAY_NS in (today, today + 1)
    assert period_of("30d", None).since_ns % DAY_NS == 0
    assert period_of("1d", None).since_ns - period_of("30d", None).since_ns in (29 * DAY_NS, 30 * DAY_NS)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "yesterday",
            "30",
            "0d",
            "-1d",
            "30D",
            "2h30m",
            "123456d",
            "30.9.2026",
            "2026-9-30",
            "20260930",
        ),
        *("2026-02-30", "2026-09-30T25:00", "2026-09-30T12", "2026-09-30T12:00 CET", "2026-09-30T12:00+1:00"),
        *("2026-09-30T12:00+25:00", "2026-09-30T12:00:00.5", "2026-W40", "2026-09-30\n", "9999-12-32"),
        "\u0662\u0660\u0662\u0666-09-30",
    ],
)
def test_what_is_no_time_is_refused(text):
    """The line says what was written, and what to write."""
    for words, more in (((text, None), "or 30d or 2h"), ((None, text), "or 2026-06-30T10:00+02:00")):
        with pytest.raises(click.BadParameter) as error:
            period_of(*words)
        assert f"'{text}' is no date: write 2026-06-30" in str(error.value)
        assert more in str(error.value)


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2026-09-30", "2026-09-29"),
        ("2026-09-30T12:00", "2026-09-30T12:00"),
        ("2026-09-30T12:00", "2026-09-30T12:00+00:01"),
        ("1h", "2020-01-01"),
    ],
)
def test_the_end_is_after_the_beginning(since, until):
    """Also across zones."""
    with pytest.raises(click.BadParameter, match=re.escape(f"'{until}' is not after --since '{since}'")):
        period_of(since, until)


def test_a_day_in_two_zones_is_a_period():
    """It begins when it begins in the east, and ends when it ends in the west."""
    one = period_of("2026-09-30+14:00", "2026-09-30-12:00")
    assert (one.until_ns - one.since_ns) // HOUR_NS == 24 + 26


def test_the_words_select_the_same_later():
    """A report tells its command: one with "2h" would be another tomorrow."""
    since, first, until, end = period_of("2h", None).words
    assert (since, until) == ("--since", "--until")
    again = period_of(first, end)
    assert again.since_ns / 1e9 == pytest.approx(time.time() - 7200, abs=5)
    assert again.until_ns / 1e9 == pytest.approx(time.time(), abs=5)
    assert period_of("2026-09-30", "2026-10-01").words == ["--since", "2026-09-30", "--until", "2026-10-01"]


@pytest.mark.parametrize(
    ("since", "until", "shown"),
    [
        (None, "9999-12-31", (None, "9999-12-31")),
        (None, "9999-12-31T23:59:59", (None, "9999-12-31T23:59:59Z")),
        (None, "9999-12-31T23:59:59-10:00", (None, "9999-12-31T23:59:59Z")),  # the last that can be written
        ("0001-01-01", None, ("0001-01-01", None)),
        ("0001-01-01T10:00", "2026-10-01", ("0001-01-01T10:00:00Z", "2026-10-02T00:00:00Z")),
        ("0001-01-01+10:00", None, ("0000-12-31T14:00:00Z", None)),
        ("2262-04-12", "2300-01-01", ("2262-04-12", "2300-01-01")),
    ],
)
def test_far_times_are_shown_as_they_were_asked_for(since, until, shown):
    """Not as the farthest that a store can hold, which queries are asked for."""
    period = period_of(since, until)
    scope = period.scope(None)
    assert limit_texts(scope) == shown
    assert scope.asked == (period.since_ns, period.until_ns)


@pytest.mark.parametrize(
    "text",
    [
        *("0001-01-01", "9999-12-31", "2262-04-12", "1677-09-21", "99999d"),
        *("0001-01-01+10:00", "9999-12-31T23:59:59-10:00"),
    ],
)
def test_times_that_no_store_can_hold(text):
    """They are the farthest that it can."""
    scope = period_of(text, None).scope(None)
    assert -(2**63) < scope.since_ns < 2**63
    if not text.endswith("d"):
        until = period_of(None, text).scope(None)
        assert -(2**63) < until.until_ns < 2**63
