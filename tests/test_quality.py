"""When a view counts as poor, and what is reported about it."""

import pytest

from netmon.activity import Activity
from netmon.language.language import LANGUAGES, Language
from netmon.quality import (
    THRESHOLDS,
    Watch,
    find_faults,
    percent_text,
)
from netmon.unread import partly_unread_text, unread_text

GOOD = {
    "packets": 100_000,
    "undecoded_packets": 0,
    "duplicate_packets": 0,
    "cut_packets": 0,
    "coalesced_packets": 0,
    "sieved_packets": 0,
    "sieved_bytes": 0,
    "sieve_refusals": 0,
    "tcp_bytes": 50_000_000,
    "unseen_tcp_bytes": 0,
    "connections": 1000,
    "one_way_connections": 0,
    "incomplete_hellos": 0,
    "solicited_dns_answers": 100,
    "unsolicited_dns_answers": 0,
    "overlapping_flows": 0,
    "misdated_packets": 0,
    "clock_steps": 0,
}
KERNEL = {"packets": 100_000, "dropped": 0, "freezes": 0, "interface_dropped": 0}


MACSEC, UNKNOWN = ("ethertype", 0x88E5), ("ethertype", 0x9999)


def stats(*, interface="eth1", live=(), undecoded=None, **view):
    """Counters of one interface; `undecoded`: packets that were not decoded, by what they carry."""
    kinds = undecoded or {}
    undecoded_packets = sum(kinds.values())
    view = {
        "undecoded_packets": undecoded_packets,
        "flow_packets": max(0, GOOD["packets"] - undecoded_packets),
    } | view
    return {
        "view": {interface: GOOD | view},
        "interfaces": {interface: KERNEL | dict(live)},
        "undecoded": {interface: kinds},
    }


def problems(found):
    return [fault.problem for fault in find_faults(found)]


def test_a_good_view_has_no_fault():
    """Nothing is reported if nothing is missing; an empty file has no fault either."""
    assert problems(stats()) == []
    assert find_faults({"view": {}}) == []


@pytest.mark.parametrize(
    ("view", "problem"),
    [
        ({"unseen_tcp_bytes": 600_000}, "unseen"),
        ({"one_way_connections": 101}, "one_way"),
        ({"duplicate_packets": 5001}, "duplicates"),
        ({"incomplete_hellos": 51}, "gap"),
        ({"unsolicited_dns_answers": 901}, "answers_only"),
        ({"undecoded_packets": 5001}, "undecoded"),
        ({"cut_packets": 1001}, "cut"),
        ({"coalesced_packets": 1001}, "coalesced"),
    ],
)
def test_each_figure_has_its_threshold(view, problem):
    """Just above its threshold a figure is a fault; at a tenth of it there is none."""
    assert problems(stats(**view)) == [problem]
    assert problems(stats(**{key: count // 10 for key, count in view.items()})) == []


@pytest.mark.parametrize(
    "problem",
    [("clock_steps", "clock"), ("misdated_packets", "misdated"), ("overlapping_flows", "overlapping")],
)
def test_one_is_enough(problem):
    """A single clock step, packet with a wrong time, or flow of several hosts is reported."""
    counter, name = problem
    assert problems(stats(**{counter: 1})) == [name]


@pytest.mark.parametrize("problem", ["dropped", "interface_dropped"])
def test_every_dropped_packet_counts(problem):
    """A single packet dropped by the kernel or the interface is reported."""
    assert problems(stats(live={problem: 1})) == [problem]


def test_a_line_has_numbers_and_what_to_do():
    """One line has the interface, the figure and its total, and the remedy."""
    [fault] = find_faults(stats(one_way_connections=250))
    assert fault.text == (
        "eth1: 250 of 1,000 connections were seen in one direction only: "
        "mirror both directions, or capture on the other port as well"
    )
    [fault] = find_faults({"view": {"": GOOD | {"duplicate_packets": 50_000}}})
    assert fault.text.startswith("50 % of packets are duplicates")


def test_what_was_not_decoded_is_named_with_its_remedy():
    """The line has the share, the most frequent kinds in words or as a number, and the remedy for one."""
    [fault] = find_faults(stats(undecoded={UNKNOWN: 2000, MACSEC: 20_000}))
    assert fault.text == (
        "eth1: 22 % of packets could not be decoded, so their connections are missing: "
        "EtherType 0x88e5 (MACsec), EtherType 0x9999; mirror where the packets are not encrypted"
    )


@pytest.mark.parametrize(
    ("view", "problem"),
    [
        ({"one_way_connections": 500}, "one_way"),
        ({"unseen_tcp_bytes": 9_000_000}, "unseen"),
        ({"unsolicited_dns_answers": 2000}, "answers_only"),
        ({"incomplete_hellos": 300}, "gap"),
    ],
)
def test_what_may_be_in_undecoded_packets_is_not_blamed_on_the_mirror(view, problem):
    """No advice to mirror both directions if the rest may be in packets that were not decoded."""
    [first, second] = find_faults(stats(undecoded={UNKNOWN: 40_000}, **view))
    assert (first.problem, second.problem) == ("undecoded", problem)
    assert "may be in the packets that could not be decoded (EtherType 0x9999)" in second.text
    assert "mirror" not in second.text
    [alone] = find_faults(stats(undecoded={UNKNOWN: 40}, **view))
    assert "not be decoded" not in alone.text


def test_a_watch_names_what_was_added():
    """The kinds are those of the last minute, not of the run."""
    watch = Watch()
    assert len(watch.check(stats(undecoded={MACSEC: 50_000}), 0)) == 1
    later = stats(undecoded={MACSEC: 50_000, UNKNOWN: 50_000}, packets=200_000)
    [line] = watch.check(later, 61)
    assert "EtherType 0x9999" in line
    assert "MACsec" not in line


def test_silence_names_what_arrives_instead():
    """A mirror whose packets cannot be decoded is not sent to check its cable."""
    activity, found = Activity(), []
    for second in (0, 301):
        found += activity.check(stats(undecoded={MACSEC: 90_000}), 1000.0 + second)
    assert len(found) == 1
    assert "EtherType 0x88e5 (MACsec)" in found[0]
    assert "cable" not in found[0]


def test_a_run_is_unread_if_most_packets_were_not_decoded():
    """Half of the packets of all interfaces is not most; one more is."""
    half = stats(undecoded={UNKNOWN: 50_000})
    assert unread_text(half) is None
    most = stats(undecoded={UNKNOWN: 50_001})
    assert unread_text(most).startswith("50,001 of 100,000 packets could not be decoded: EtherType 0x9999; ")
    most["view"]["eth2"] = GOOD | {"flow_packets": 100_000}
    assert unread_text(most) is None
    assert unread_text({"view": {}}) is None


def test_packets_that_carry_no_connection_make_no_view_readable():
    """A thousand ARP packets beside forty that could not be decoded, and not one that could."""
    some = stats(undecoded={UNKNOWN: 40}, packets=1040, flow_packets=0)
    assert unread_text(some).startswith(
        "40 of 40 packets that may belong to connections could not be decoded: EtherType 0x9999; "
    )
    assert unread_text(stats(undecoded={UNKNOWN: 40}, packets=1081, flow_packets=41)) is None
    assert unread_text(stats(packets=1000, flow_packets=0)) is None


def test_packets_that_the_sieve_dropped_were_decoded():
    """They count as packets of flows, both in the texts and for whether most were decoded."""
    found = stats(undecoded={UNKNOWN: 60}, packets=100, flow_packets=40, sieved_packets=19)
    assert unread_text(found).startswith("60 of 119 packets could not be decoded: ")
    assert partly_unread_text(found, nothing_seen=False).startswith("interface eth1: 60 of 119 packets ")
    found = stats(undecoded={UNKNOWN: 60}, packets=100, flow_packets=40, sieved_packets=20)
    assert unread_text(found) is None
    assert partly_unread_text(found, nothing_seen=False) is None
    few = stats(undecoded={UNKNOWN: 6}, packets=7, flow_packets=1, sieved_packets=3)
    assert partly_unread_text(few, nothing_seen=False).startswith("interface eth1: 6 of 10 packets ")
    dropped = find_faults(stats(live={"dropped": 5}, packets=75, sieved_packets=20))
    assert dropped[0].text.startswith("eth1: the kernel dropped 5 of 100 packets: ")


@pytest.mark.parametrize("undecoded", [{}, {UNKNOWN: 40_000}])
def test_with_a_sieve_what_is_missing_is_said_to_be_of_what_was_read(undecoded):
    """Bytes that are missing among dropped packets are unknown, and only then the text says so."""
    ending = " (of what was read, without sieved packets)"
    for sieved in (0, 1):
        faults = find_faults(stats(undecoded=undecoded, unseen_tcp_bytes=600_000, sieved_packets=sieved))
        [text] = [fault.text for fault in faults if fault.problem == "unseen"]
        assert text.endswith(ending) is bool(sieved)


@pytest.mark.parametrize(("packets", "is_told"), [(9, False), (10, True), (11, True)])
def test_undecoded_packets_count_from_ten_packets_on(packets, is_told):
    """Of nine packets nothing is said, of ten it is: as a fault, and for an interface as no all-clear."""
    found = stats(undecoded={UNKNOWN: packets}, packets=packets, flow_packets=0)
    assert ("undecoded" in problems(found)) is is_told
    assert (partly_unread_text(found, nothing_seen=False) is not None) is is_told
    assert (partly_unread_text(found, nothing_seen=True) is not None) is is_told


def test_an_interface_that_is_mostly_unread_is_told_beside_one_that_is_read():
    """Its packets are few in the run, and all or most of those of the interface."""
    found = stats(packets=5000, flow_packets=5000)
    found["view"]["eth2"] = GOOD | {"packets": 20, "undecoded_packets": 20, "flow_packets": 0}
    found["undecoded"]["eth2"] = {UNKNOWN: 20}
    assert unread_text(found) is None
    text = partly_unread_text(found, nothing_seen=False)
    assert text.startswith("interface eth2: 20 of 20 packets could not be decoded: EtherType 0x9999; ")
    found["view"]["eth2"] |= {"packets": 1020, "flow_packets": 20}
    assert partly_unread_text(found, nothing_seen=False) is None
    found["view"]["eth2"] |= {"flow_packets": 19}
    assert partly_unread_text(found, nothing_seen=False).startswith("interface eth2: 20 of 39 packets")


@pytest.mark.parametrize(("undecoded", "is_told"), [(5000, False), (5001, True), (45_000, True)])
def test_where_nothing_was_seen_a_share_that_is_warned_of_is_told(undecoded, is_told):
    """Less than half of the packets may hold the flows that were not seen; beside flows it is a warning."""
    found = stats(undecoded={UNKNOWN: undecoded})
    assert (partly_unread_text(found, nothing_seen=True) is not None) is is_told
    assert partly_unread_text(found, nothing_seen=False) is None


def test_packets_of_other_protocols_leave_no_interface_unread():
    """ARP on an interface of its own is neither undecoded nor a reason to doubt the result."""
    found = stats(packets=5000, flow_packets=5000)
    found["view"]["eth2"] = GOOD | {"packets": 50, "undecoded_packets": 0, "flow_packets": 0}
    assert partly_unread_text(found, nothing_seen=True) is None


def test_few_packets_prove_nothing():
    """A handful of connections or packets does not make a view poor."""
    few = {"packets": 10, "duplicate_packets": 5, "connections": 2, "one_way_connections": 2}
    assert problems({"view": {"": dict.fromkeys(GOOD, 0) | few}}) == []


def test_problems_are_a_closed_set():
    """Each rule has its own counter and its own label."""
    problems = {one.problem for one in THRESHOLDS}
    assert len(problems) == len({one.part for one in THRESHOLDS}) == len(THRESHOLDS)


def test_a_watch_reports_at_once_and_then_once_a_minute():
    """A fault is reported at once, not repeated for a minute, then reported with what was added since."""
    watch = Watch()
    assert watch.check(stats(), 0) == []
    [line] = watch.check(stats(live={"dropped": 5}), 1)
    assert "the kernel dropped 5 of " in line
    assert watch.check(stats(live={"dropped": 9}), 30) == []
    [line] = watch.check(stats(live={"dropped": 9}), 61)
    assert "the kernel dropped 4 of " in line
    assert watch.check(stats(live={"dropped": 9}), 122) == []


def test_a_watch_reports_each_kind_separately():
    """A fault does not hide another one that begins within the same minute."""
    watch = Watch()
    assert len(watch.check(stats(unseen_tcp_bytes=2_000_000), 0)) == 1
    [line] = watch.check(stats(unseen_tcp_bytes=9_000_000, connections=2000, one_way_connections=500), 1)
    assert "in one direction only" in line
    assert sum(watch.degraded.values()) == 2


def test_a_watch_forgets_what_is_over():
    """An hour of good view does not hide a bad minute, and the gauge returns to 0 after it."""
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
    ("part", "total", "text"),
    [
        (0, 0, "0 %"),
        (0, 5, "0 %"),
        (1, 5000, "< 0.1 %"),
        (1, 100, "1 %"),
        (1, 8, "12 %"),
        (4999, 5000, "> 99.9 %"),
        (995, 1000, "99.5 %"),
        (999, 1000, "99.9 %"),
        (994, 1000, "99 %"),
        (5, 5, "100 %"),
    ],
)
def test_shares_as_text(part, total, text):
    """A small share is not shown as 0 %, and almost everything not as 100 %."""
    assert percent_text(part, total) == text
    assert percent_text(part, total, Language("de")) == text.replace(".", ",")


def test_a_mirror_with_lldp_only_is_silent():
    """After five minutes without a packet of a flow, whatever else arrives, one line says what to check."""
    activity, found = Activity(), []
    for second in range(400):
        found += activity.check(stats(flow_packets=10, packets=100 + second), 1000.0 + second)
    assert found == [
        "eth1: no packet of a flow for 5 minutes: check the mirror session, the cable and the filter"
    ]
    assert activity.last_s == {"eth1": 1000.0}
    assert activity.check(stats(flow_packets=11), 1400.0) == ["eth1: packets of flows are seen again"]
    assert activity.last_s == {"eth1": 1400.0}
    assert activity.lines() == ["eth1: last packet of a flow at 1970-01-01T00:23:20Z"]


def test_an_interface_that_never_showed_a_flow_is_silent_since_the_start():
    """Its time is that of the first check."""
    activity, found = Activity(), []
    for second in (0, 299, 300, 301):
        found += activity.check({"view": {}, "interfaces": {"eth2": KERNEL}}, 1000.0 + second)
    assert len(found) == 1
    assert activity.last_s == {"eth2": 1000.0}


def test_traffic_is_not_silence():
    """An interface with a packet of a flow every four minutes is not reported."""
    activity = Activity()
    for second in range(0, 3600, 60):
        assert activity.check(stats(flow_packets=second // 240), 1000.0 + second) == []


def test_silence_outlasts_a_restart():
    """The time from before a restart stays until a packet is seen; the log waits as after any start."""
    activity, found = Activity({"eth1": 400.0, "eth9": 1.0}), []
    for second in range(300):
        found += activity.check(stats(flow_packets=0), 1000.0 + second)
    assert found == []
    assert activity.last_s == {"eth1": 400.0}
    assert len(activity.check(stats(flow_packets=0), 1300.0)) == 1
    assert activity.check(stats(flow_packets=1), 1301.0) == ["eth1: packets of flows are seen again"]
    assert activity.last_s == {"eth1": 1301.0}


def test_a_time_that_is_yet_to_come_is_not_believed():
    """After the clock was set back, silence begins now."""
    activity = Activity({"eth1": 5000.0})
    activity.check(stats(flow_packets=0), 1000.0)
    assert activity.last_s == {"eth1": 1000.0}


@pytest.mark.parametrize("up", [0, 1])
def test_silence_after_the_clock_was_set_back_is_noticed(up):
    """It begins when the clock was set right, though the last packet was seen while it was ahead."""
    activity, found = Activity(), []
    activity.check(stats(flow_packets=1), 1000.0)
    activity.check(stats(flow_packets=2, live={"up": up}), 9e9)
    for second in range(302):
        found += activity.check(stats(flow_packets=2), 2000.0 + second)
    assert len(found) == 1
    assert activity.last_s == {"eth1": 2000.0}


def test_a_packet_is_worth_saving_once_a_minute():
    """The state is not written with each packet."""
    activity = Activity()
    for second in range(0, 180, 10):
        activity.check(stats(flow_packets=second), 1020.0 + second)
    assert activity.changes == 3


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize(
    ("live", "view", "texts"),
    [
        ({"interface_dropped": 1}, {}, {"en": "dropped 1 packet before", "de": "verwarf 1 Paket, bevor"}),
        ({"interface_dropped": 2}, {}, {"en": "dropped 2 packets before", "de": "verwarf 2 Pakete, bevor"}),
        ({}, {"clock_steps": 1}, {"en": "a second (once): ", "de": "ab (einmal): "}),
        ({}, {"clock_steps": 2}, {"en": "a second (2 times): ", "de": "ab (2 Mal): "}),
        ({}, {"overlapping_flows": 1}, {"en": "for one (once), ", "de": "gehalten (einmal), "}),
        ({}, {"misdated_packets": 1}, {"en": "1 of 100,000 packets has a", "de": "Paketen hat eine Zeit"}),
        ({}, {"misdated_packets": 2}, {"en": "packets have a time", "de": "Paketen haben eine Zeit"}),
    ],
)
def test_one_is_singular(live, view, texts, code):
    """A single packet or time has a sentence of its own."""
    [fault] = find_faults(stats(live=live, **view), Language(code))
    assert texts[code] in fault.text
