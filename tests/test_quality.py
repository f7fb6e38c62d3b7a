"""When a view is called poor, and what is said about it."""

import pytest

from netmon.quality import THRESHOLDS, Watch, find_faults, percent_text

GOOD = {
    "packets": 100_000,
    "duplicate_packets": 0,
    "cut_packets": 0,
    "coalesced_packets": 0,
    "tcp_bytes": 50_000_000,
    "unseen_tcp_bytes": 0,
    "connections": 1000,
    "one_way_connections": 0,
    "incomplete_hellos": 0,
}
KERNEL = {"packets": 100_000, "dropped": 0, "freezes": 0, "interface_dropped": 0}


def stats(*, interface="eth1", live=(), **view):
    return {"view": {interface: GOOD | view}, "interfaces": {interface: KERNEL | dict(live)}}


def problems(found):
    return [fault.problem for fault in find_faults(found)]


def test_a_good_view_has_no_fault():
    """Nothing is said where there is nothing to say; a file that was empty has no fault either."""
    assert problems(stats()) == []
    assert find_faults({"view": {}}) == []


@pytest.mark.parametrize(
    ("view", "problem"),
    [
        ({"unseen_tcp_bytes": 600_000}, "unseen"),
        ({"one_way_connections": 101}, "one_way"),
        ({"duplicate_packets": 5001}, "duplicates"),
        ({"incomplete_hellos": 51}, "gap"),
        ({"cut_packets": 1001}, "cut"),
        ({"coalesced_packets": 1001}, "coalesced"),
    ],
)
def test_each_figure_has_its_share(view, problem):
    """Just above its share it is a fault, at a tenth of it none."""
    assert problems(stats(**view)) == [problem]
    assert problems(stats(**{key: count // 10 for key, count in view.items()})) == []


@pytest.mark.parametrize("problem", ["dropped", "interface_dropped"])
def test_every_dropped_packet_counts(problem):
    """One packet that the kernel or the interface dropped is told."""
    assert problems(stats(live={problem: 1})) == [problem]


def test_a_line_has_numbers_and_what_to_do():
    """The interface, how much of how much, and the remedy, in one line."""
    [fault] = find_faults(stats(one_way_connections=250))
    assert fault.text == (
        "eth1: 250 of 1,000 connections were seen in one direction only: "
        "mirror both directions, or capture on the other port as well"
    )
    [fault] = find_faults({"view": {"": GOOD | {"duplicate_packets": 50_000}}})
    assert fault.text.startswith("50 % of packets are duplicates")


def test_few_packets_prove_nothing():
    """A handful of connections or packets calls no view poor."""
    few = {"packets": 10, "duplicate_packets": 5, "connections": 2, "one_way_connections": 2}
    assert problems({"view": {"": dict.fromkeys(GOOD, 0) | few}}) == []


def test_problems_are_a_closed_set():
    """Each rule is about a counter of its own and has a label of its own."""
    problems = {one.problem for one in THRESHOLDS}
    assert len(problems) == len({one.part for one in THRESHOLDS}) == len(THRESHOLDS)


def test_a_watch_tells_at_once_and_then_once_a_minute():
    """What becomes poor is told; for a minute nothing more; then what came since, and only that."""
    watch = Watch()
    assert watch.check(stats(), 0) == []
    [line] = watch.check(stats(live={"dropped": 5}), 1)
    assert "the kernel dropped 5 of " in line
    assert watch.check(stats(live={"dropped": 9}), 30) == []
    [line] = watch.check(stats(live={"dropped": 9}), 61)
    assert "the kernel dropped 4 of " in line
    assert watch.check(stats(live={"dropped": 9}), 122) == []


def test_a_watch_tells_each_kind_of_its_own():
    """One thing that is poor does not hide another that becomes poor within the same minute."""
    watch = Watch()
    assert len(watch.check(stats(unseen_tcp_bytes=2_000_000), 0)) == 1
    [line] = watch.check(stats(unseen_tcp_bytes=9_000_000, connections=2000, one_way_connections=500), 1)
    assert "in one direction only" in line
    assert sum(watch.degraded.values()) == 2


def test_a_watch_forgets_what_is_over():
    """An hour of good view does not hide a bad minute, and the gauge goes back to 0 after it."""
    watch = Watch()
    for minute in range(61):
        assert watch.check(stats(packets=1_000_000 * minute), 60 * minute) == []
    bad = {"packets": 60_100_000, "duplicate_packets": 50_000}
    assert len(watch.check(stats(**bad), 3661)) == 1
    assert watch.degraded["eth1", "duplicates"] == 1
    assert sum(watch.degraded.values()) == 1
    for second in (3722, 3783):
        assert watch.check(stats(**bad), second) == []
    assert set(watch.degraded.values()) == {0}


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 0, "0 %"),
        (0, 5, "0 %"),
        (1, 5000, "< 0.1 %"),
        (1, 100, "1.0 %"),
        (1, 8, "12 %"),
        (4999, 5000, "> 99.9 %"),
        (5, 5, "100 %"),
    ],
)
def test_shares_in_words(part, whole, text):
    """A little is not nothing, and almost all is not all."""
    assert percent_text(part, whole) == text
