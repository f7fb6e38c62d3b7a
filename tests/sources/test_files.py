"""The order of capture files."""

import os

import pytest

from netmon.sources.files import in_order
from tests.craft.packets import UDP, address, ethernet, ip, udp
from tests.craft.pcap import Frame, pcap

ENDS = address("192.0.2.10"), address("203.0.113.20")


@pytest.fixture
def capture(tmp_path):
    """Write a capture whose packets have these times in seconds; returns its path."""

    def capture(name, *times_s):
        packet = ethernet(ip(*ENDS, UDP, udp(*ENDS, (5000, 6000), b"x")))
        (tmp_path / name).write_bytes(pcap([Frame(time_s * 10**9, packet) for time_s in times_s], 1))
        return str(tmp_path / name)

    return capture


def test_files_are_sorted_by_their_beginnings(capture):
    """Those that begin at once, and those without packets, keep the order in which they are given."""
    late, early, same, empty = (
        capture("cap10", 300, 301),
        capture("cap2", 100, 101, 102),
        capture("cap1", 100, 101, 102),
        capture("empty"),
    )
    assert in_order([late, early, same, empty]) == [empty, early, same, late]


@pytest.mark.parametrize("stray_s", [1, 99_999])
def test_one_wrong_time_at_the_beginning_does_not_matter(capture, stray_s):
    """Wherever it is among the first packets, and in which direction it is wrong."""
    later = capture("later", 300, 301, 302)
    for times_s in ((stray_s, 200, 201), (200, stray_s, 201), (200, 201, stray_s)):
        assert in_order([later, capture("stray", *times_s)]) == [str(capture("stray", *times_s)), later]
    first = capture("first", 100, 101)
    for times_s in ((stray_s, 200, 201), (200, stray_s, 201)):
        assert in_order([capture("stray", *times_s), first])[0] == first


def test_what_can_be_read_only_once_or_not_at_all_keeps_the_given_order(capture, tmp_path):
    """A pipe, standard input, and a file that is no capture."""
    late, early = capture("late", 300), capture("early", 100)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "text").write_text("no capture")
    for other in (str(tmp_path / "pipe"), "-", str(tmp_path / "text"), str(tmp_path / "missing")):
        assert in_order([late, other, early]) == [late, other, early]
