"""The order of capture files."""

import os
import signal
from itertools import permutations

import pytest

from netmon._engine import Matcher
from netmon.language.language import Language
from netmon.sources import files
from netmon.sources.coverage import Between, FileSpan, coverage_of
from netmon.sources.files import FileSource, in_order
from netmon.sources.stop_request import StopRequest
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


@pytest.mark.parametrize("most", [1, 3, 100])
def test_flows_that_end_with_the_capture_come_in_batches(tmp_path, monkeypatch, most):
    """In one order, whatever the size of the batches."""
    ports = range(5000, 5010)
    frames = [Frame(10**9, ethernet(ip(*ENDS, UDP, udp(*ENDS, (port, 6000), b"x")))) for port in ports]
    (tmp_path / "open").write_bytes(pcap(frames, 1))
    monkeypatch.setattr(files, "FLOWS_AT_END", most)
    source = FileSource([str(tmp_path / "open")], Matcher([], [], []), every_flow=True)
    found = [batch.flows for batch in source.batches()]
    assert max(map(len, found)) == min(most, len(ports))
    assert [flow.client_port for batch in found for flow in batch] == list(ports)


def test_with_what_can_be_read_only_once_the_given_order_is_kept(capture, tmp_path):
    """A pipe, and standard input."""
    late, early = capture("late", 300), capture("early", 100)
    os.mkfifo(tmp_path / "pipe")
    for other in (str(tmp_path / "pipe"), "-"):
        assert in_order([late, other, early]) == [late, other, early]


def test_a_file_that_cannot_be_read_does_not_cost_the_others_their_order(capture, tmp_path):
    """One that is no capture, and one that does not exist, come first: they are reported."""
    late, early = capture("late", 300), capture("early", 100)
    (tmp_path / "text").write_text("no capture")
    for other in (str(tmp_path / "text"), str(tmp_path / "missing")):
        assert in_order([late, other, early]) == [other, early, late]


def test_gaps_and_overlaps_are_those_of_the_files_together():
    """A file within another one is an overlap, and leaves no gap after it; short ones are not told."""
    minute = 60 * 10**9
    spans = [FileSpan(*one) for one in (("a", 0, 30 * minute), ("b", 10 * minute, 20 * minute),
             ("c", 31 * minute, 40 * minute), ("d", 42 * minute, 43 * minute))]  # fmt: skip
    found = coverage_of(spans)
    assert found.overlaps == [Between(10 * minute, 20 * minute, "a", "b")]
    assert found.gaps == [Between(40 * minute, 42 * minute, "c", "d")]


def test_many_gaps_are_a_few_lines():
    """The longest five in their order, and the number of the others."""
    spans = [FileSpan(str(number), number * 10**12, number * 10**12 + 10**9 * number) for number in range(50)]
    lines = list(coverage_of(spans).lines())
    assert len(lines) == 6
    assert "between 0 and 1" in lines[0]
    assert lines[-1] == "44 more gaps, which are not longer"


def read(paths):
    """The source of these files, read to its end."""
    source = FileSource(paths, Matcher([], [], []), every_flow=True)
    for _ in source.batches():
        pass
    return source


@pytest.mark.parametrize(
    "sparse", [(10, 500, 600), (10, 11, 600), (10, 600), (10, 900, 950), (3, 4, 5, 800), (0, 999, 1000)]
)
def test_a_file_that_begins_sparsely_is_read_in_the_order_of_times(capture, sparse):
    """Also its first packets, wherever they are in another file, and whichever is named first."""
    paths = [capture("dense", *range(1001)), capture("sparse", *sparse), capture("later", 990, 991, 1100)]
    for order in permutations(paths):
        source = read(list(order))
        view = source.stats()["view"][""]
        assert (view["packets"], view["misdated_packets"]) == (1001 + len(sparse) + 3, 0)


@pytest.mark.parametrize("early_s", [90_000, 10**8, 1_700_000_000])
def test_a_wrong_time_at_the_beginning_of_a_later_file_does_not_move_the_capture(capture, early_s):
    """More than a day before all others, or years: it is read at the place of its file."""
    start_s = 1_700_000_000
    first, second = (range(start_s + at, start_s + at + 100) for at in (0, 100))
    paths = [capture("first", *first), capture("second", start_s - early_s, *second)]
    stats = read(paths).stats()
    assert stats["first_ns"] == start_s * 10**9
    assert stats["view"][""]["misdated_packets"] == 1


def test_more_files_than_are_open_at_once_are_all_read(capture, monkeypatch):
    """Those that overlap beyond the limit begin when others have ended: every packet is read once."""
    monkeypatch.setattr("netmon.sources.merging.MOST_OPEN", 4)
    paths = [capture(f"{number}", number, 100 + number) for number in range(20)]
    source = FileSource(paths, Matcher([], [], []))
    for _ in source.batches():
        pass
    assert source.stats()["packets"] == 40


def test_gaps_and_overlaps_in_german():
    """They are in the reader's language, with its times."""
    second = 10**9
    spans = [FileSpan("a", 0, 10 * second), FileSpan("b", 5 * second, 8 * second)]
    spans += [FileSpan(str(number), number * 1000 * second, number * 1000 * second) for number in range(1, 8)]
    lines = list(coverage_of(spans).lines(Language("de")))
    assert lines[0].startswith("keine Datei hat ein Paket von 01.01.1970 00:16:40Z bis 01.01.1970 00:33:20Z")
    assert lines[-2] == "2 weitere Lücken, die nicht länger sind"
    assert lines[-1].startswith(
        "zwei Dateien decken 01.01.1970 00:00:05Z bis 01.01.1970 00:00:08Z ab: a und b"
    )


@pytest.mark.parametrize("follow", [True, False])
def test_packets_are_those_of_all_files_so_far(capture, tmp_path, follow):
    """Where files are read one after the other, what is reported goes on counting with the next one."""
    first, second = capture("one", 100, 101, 102), capture("two", 200, 201)
    (tmp_path / "pipe").symlink_to("/dev/null")
    paths = [str(tmp_path)] if follow else [first, str(tmp_path / "pipe"), second]
    stop, told = StopRequest(), []

    def report(at):
        told.append((at.path, at.packets))
        if follow and not stop.is_asked and (at.path == second or len(told) > 50):
            stop.ask(signal.SIGINT)

    source = FileSource(paths, Matcher([], [], []), progress=report, stop=stop, follow=follow)
    assert sum(len(batch.flows) for batch in source.batches()) == 0
    assert [packets for path, packets in told if path == first][-1] == 3
    assert [packets for path, packets in told if path == second][-1] == 5
    assert source.stats()["packets"] == 5
