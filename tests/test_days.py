"""Days as text."""

from netmon.days import DAY_NS, iso_day

JUNE_17_NS = 1_781_654_400_000_000_000


def test_days_are_utc():
    """The last nanosecond of a day belongs to it."""
    days = [iso_day(JUNE_17_NS + offset) for offset in (-1, 0, DAY_NS - 1, DAY_NS)]
    assert days == ["2026-06-16", "2026-06-17", "2026-06-17", "2026-06-18"]
