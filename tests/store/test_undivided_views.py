"""What a sensor saw counts in each period that it touches, and it is told where that is more."""

import json

import pytest

from netmon.language.language import Language
from netmon.store import spans
from netmon.store.history import as_json, missing_lines, read_history
from netmon.store.queries import Scope
from netmon.store.undivided import UndividedViews, undivided_views
from tests.store.test_store_history import BEGIN_NS, HOUR_NS, hours, watched


def packets_of(store, scope):
    """The packets of a period, as its counters and as its sums have them."""
    counted = sum(one.value for one in spans.counters(store, scope) if one.name == "packets")
    lost, seen = spans.dropped(store, scope)
    assert seen - lost == counted
    return counted


@pytest.mark.parametrize("border", [0, 6, 12, 24])
def test_a_record_that_ends_at_the_border_is_of_one_period(store, border):
    """Periods that follow each other add up, to the packet, and nothing needs to be said."""
    watched(store, (0, 6), (6, 12), (12, 24), dropped=1)
    parts = [hours(None, border), hours(border, None)]
    assert sum(packets_of(store, part) for part in parts) == packets_of(store, Scope()) == 3000
    assert [undivided_views(store, part) for part in parts] == [UndividedViews()] * 2


def test_a_record_without_duration_is_of_one_period(store):
    """A capture of one packet begins and ends with it, also where a period does."""
    watched(store, (6, 6))
    assert [packets_of(store, part) for part in (hours(0, 6), hours(6, 7))] == [0, 1000]


@pytest.mark.parametrize("period", [(None, 1), (7, None), (1, 2), (0, 5), (5.5, 6), (-3, 1)])
def test_a_record_over_the_border_is_told(store, period):
    """It counts in full, since its counters cannot be divided, and so it is said how much that is."""
    watched(store, (0, 6), (6, 12), dropped=10)
    scope = hours(*period)
    assert packets_of(store, scope) == 1000
    assert undivided_views(store, scope) == UndividedViews(1, 1010)
    view = read_history(store, scope, "day")
    assert json.loads(as_json(view))["undivided_views"] == {"records": 1, "packets": 1010}
    assert list(missing_lines(view))[-1] == (
        "1 record of what the sensor saw also covers time before or after this period, and its counters "
        "cannot be divided: all its packets, 1,010, are counted here."
    )
    assert "Alle ihre Pakete (1.010) zählen hier mit." in list(missing_lines(view, Language("de")))[-1]


def test_a_record_on_both_sides_of_a_nanosecond_is_told(store):
    """The border is exact."""
    watched(store, (0, 6))
    end_ns = BEGIN_NS + 6 * HOUR_NS
    for since_ns, expected in ((end_ns - 1, UndividedViews(1, 1000)), (end_ns, UndividedViews())):
        assert undivided_views(store, Scope.between(since_ns, None)) == expected
    for until_ns, expected in ((end_ns, UndividedViews()), (end_ns - 1, UndividedViews(1, 1000))):
        assert undivided_views(store, Scope.between(None, until_ns)) == expected


def test_everything_is_whole(store):
    """Without limits there is no other time."""
    watched(store, (0, 6), (7, 24))
    assert undivided_views(store, Scope()) == UndividedViews()
