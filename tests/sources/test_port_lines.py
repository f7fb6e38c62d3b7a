"""Log lines about interfaces: one for each change, but few of an interface that changes all the time."""

import pytest

from netmon.sources.port_lines import PortLines

DOWN = "the interface is down; bring it up: ip link set dev m3 up"
GONE = "no such interface"


def stats(**ports):
    """Counters as the engine has them: a problem, or None, and a number of interruptions by interface."""
    return {
        "interfaces": {name: {"interruptions": count} for name, (_, count) in ports.items()},
        "interface_problems": {name: problem for name, (problem, _) in ports.items() if problem},
    }


@pytest.fixture
def lines():
    """The lines that a sensor logs which began with m1 and m3."""
    one = PortLines()
    assert one.check(stats(m1=(None, 0), m3=(None, 0)), 0.0) == []
    return one


def test_each_change_is_a_line(lines):
    """Of the interface that changed, with the reason and what to do; a state that stays is no line."""
    down = stats(m1=(None, 0), m3=(DOWN, 1))
    assert lines.check(down, 100) == [f"m3: not captured: {DOWN}"]
    assert lines.check(down, 101) == []
    assert lines.check(stats(m1=(None, 0), m3=(GONE, 1)), 200) == [f"m3: not captured: {GONE}"]
    assert lines.check(stats(m1=(None, 0), m3=(None, 1)), 300) == ["m3: captured again"]


def test_an_interface_that_is_missing_at_the_start_is_a_line():
    """It is captured later, and then that is a line as well."""
    lines = PortLines()
    assert lines.check(stats(m1=(None, 0), m3=(GONE, 0)), 0) == [f"m3: not captured: {GONE}"]
    assert lines.check(stats(m1=(None, 0), m3=(None, 0)), 10) == ["m3: captured"]


def test_an_interface_that_appears_and_matches_a_pattern_is_a_line(lines):
    """Those that were there at the start are not."""
    assert lines.check(stats(m1=(None, 0), m3=(None, 0), m4=(None, 0)), 10) == ["m4: captured"]


def test_interruptions_that_are_over_are_a_line(lines):
    """They were too short for a state that could be seen, but packets were lost."""
    assert lines.check(stats(m1=(None, 1), m3=(None, 3)), 10) == [
        "m1: interrupted, captured again",
        "m3: interrupted 3 times, captured again",
    ]


def test_an_interface_that_flaps_has_few_lines_and_the_last_one_is_right(lines):
    """Six lines, then one a minute with a count; the other interface keeps its own."""
    logged = []
    for second in range(1, 601):
        m3 = (None if second % 2 else DOWN, second // 2)
        logged += lines.check(stats(m1=(None, 0), m3=m3), second)
    assert 14 <= len(logged) <= 16
    assert logged[0] == f"m3: not captured: {DOWN}"
    assert logged[5].endswith(" (it changes often: the next line follows in a minute)")
    assert logged[6].startswith("m3: interrupted 30 times, ")
    assert lines.check(stats(m1=(GONE, 1), m3=(None, 300)), 601) == [f"m1: not captured: {GONE}"]
    [last] = lines.check(stats(m1=(GONE, 1), m3=(None, 300)), 700)
    assert last.startswith("m3: interrupted 27 times, captured again")
    assert lines.check(stats(m1=(GONE, 1), m3=(None, 300)), 761) == []
    assert lines.check(stats(m1=(GONE, 1), m3=(DOWN, 301)), 900) == [f"m3: not captured: {DOWN}"]


def test_interfaces_beyond_the_limit_of_patterns_are_a_line(lines):
    """Once, and again if there are more."""
    counters = stats(m1=(None, 0), m3=(None, 0))
    [line] = lines.check(counters | {"unmonitored_interfaces": 2968}, 1)
    assert line.startswith("2,968 more interfaces match a pattern, but ")
    assert lines.check(counters | {"unmonitored_interfaces": 2968}, 2) == []
    assert lines.check(counters | {"unmonitored_interfaces": 10}, 3) == []
    assert len(lines.check(counters | {"unmonitored_interfaces": 2969}, 4)) == 1


def test_a_source_without_interfaces_has_no_lines():
    """Such as scapy's."""
    assert PortLines().check({}, 0) == []
