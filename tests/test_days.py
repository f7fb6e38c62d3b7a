"""Days as text."""

import pytest

from netmon.days import DAY_NS, iso_day, moment_of

JUNE_17_NS = 1_781_654_400_000_000_000


def test_days_are_utc():
    """The last nanosecond of a day belongs to it."""
    days = [iso_day(JUNE_17_NS + offset) for offset in (-1, 0, DAY_NS - 1, DAY_NS)]
    assert days == ["2026-06-16", "2026-06-17", "2026-06-17", "2026-06-18"]


@pytest.mark.parametrize(
    ("when_ns", "text"),
    [
        (1_790_000_000_999_999_999, "2026-09-21T14:13:20+00:00"),
        (2**63 - 1, "2262-04-11T23:47:16+00:00"),
        (2**64 * 1000, "9999-12-31T23:59:59+00:00"),
    ],
)
def test_moments(when_ns, text):
    """A moment is to the second, and one that no calendar has is the last second of the year 9999."""
    assert moment_of(when_ns).isoformat() == text
