"""Labels of the map: none covers another one, a marker or the edge."""

from itertools import combinations

import hypothesis.strategies as st
from hypothesis import given

from netmon.report.labels import Box, Wanted, place_labels

FRAME = Box(0, 0, 720, 430)
MARKERS = st.builds(
    Wanted,
    st.floats(0, 720),
    st.floats(0, 430),
    st.floats(2, 16),
    st.floats(20, 160),
    st.sampled_from([15.0, 30.0]),
)


@given(st.lists(MARKERS, max_size=25), st.lists(st.tuples(st.floats(0, 700), st.floats(0, 420)), max_size=5))
def test_labels_cover_nothing(wanted, sensors):
    """Whatever the map shows: labels keep away from each other, from sensors, and stay inside the frame."""
    taken = [Box(x, y, x + 10, y + 10) for x, y in sensors]
    boxes = [placed.box for placed in place_labels(wanted, taken, FRAME) if placed is not None]
    assert all(box.is_inside(FRAME) for box in boxes)
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    assert not any(box.overlaps(other) for box in boxes for other in taken)


def test_a_label_stands_beside_its_marker():
    """Where there is room, it is to the right, without a line to it."""
    [placed] = place_labels([Wanted(300, 200, 6, 80, 30)], [], FRAME)
    assert placed.box == (311, 185, 391, 215)
    assert (placed.anchor, placed.is_led) == ("start", False)


def test_neighbours_get_both_labels():
    """Two markers that nearly touch: one label to each side."""
    one, other = place_labels([Wanted(300, 200, 6, 80, 30), Wanted(308, 203, 6, 80, 30)], [], FRAME)
    assert other.box.left > 308
    assert one.box.right < 300


def test_a_crowd_has_lines():
    """Where the room beside a marker is taken, the label moves away and a line leads to it."""
    crowd = [Wanted(300 + 9 * at, 200 + 6 * at, 6, 90, 30) for at in range(5)]
    placed = place_labels(crowd, [], FRAME)
    assert all(placed)
    assert any(one.is_led for one in placed)


def test_a_label_without_room_is_left_out():
    """Rather than covering others."""
    crowd = [Wanted(30, 30, 6, 300, 30)] * 40
    assert None in place_labels(crowd, [], Box(0, 0, 350, 120))


def test_larger_letters_are_preferred():
    """At the right edge, where only small letters fit beside a marker, the label is placed elsewhere."""
    small, large = Wanted(630, 200, 6, 70, 30), Wanted(630, 200, 6, 70, 30, wide=120)
    assert [place_labels([one], [], FRAME)[0].anchor for one in (small, large)] == ["start", "end"]


def test_small_letters_are_better_than_none():
    """Where large ones fit nowhere."""
    [placed] = place_labels([Wanted(60, 60, 6, 70, 30, wide=500)], [], Box(0, 0, 200, 120))
    assert placed.box.right - placed.box.left == 70
