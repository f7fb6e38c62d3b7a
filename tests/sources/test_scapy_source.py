"""Packets read by scapy give the same results as those read by the engine."""

import gc
import importlib.util
import sys
import warnings
from collections import Counter
from pathlib import Path

import pytest
from msgspec.structs import replace

from netmon._engine import Matcher
from netmon.errors import SourceError, install_command
from netmon.sources.files import FileSource
from netmon.sources.scapy_source import ScapyFileSource, ScapyLiveSource
from tests.craft.pcap import Frame, Interface, pcapng

# scapy leaves a file that it refuses to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
ROOT = Path(__file__).parents[2]
NEEDS_SCAPY = pytest.mark.skipif(importlib.util.find_spec("scapy") is None, reason="needs scapy")
SKIPPED = {
    "pcap-parser/modified-format.pcap": "scapy does not support this format",
    "two_clocks/input.pcapng": "scapy does not tell interfaces apart, and so not their clocks",
}
"""Captures that scapy reads otherwise, or not at all, and why."""
CAPTURES = sorted(
    path
    for path in [*(ROOT / "tests/captures").rglob("*.*cap*"), *(ROOT / "tests/golden").rglob("input.*")]
    if path.suffix in (".pcap", ".pcapng") and path.stat().st_size < 400_000
)
SAMPLE = CAPTURES[::4] + [
    path for path in CAPTURES if path.parent.name in ("coalesced_frame", "truncated_file")
]


def read(source):
    """Flows, DNS messages and counters of a source, without interfaces, which scapy does not report."""
    batches = list(source.batches())
    flows = [replace(flow, interface=None) for batch in batches for flow in batch.flows]
    stats = source.stats()
    views = stats.pop("view").values()
    stats["view"] = sum((Counter(view) for view in views), Counter())
    dns = [replace(message, interface=None) for batch in batches for message in batch.dns]
    return flows, dns, stats


@pytest.fixture
def matcher():
    return Matcher([], [], [])


@NEEDS_SCAPY
@pytest.mark.parametrize("path", SAMPLE, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_results_equal_those_of_the_native_reader(matcher, path):
    """Every flow, every DNS message and every counter is equal."""
    name = f"{path.parent.name}/{path.name}"
    if name in SKIPPED:
        pytest.skip(SKIPPED[name])
    native = read(FileSource([str(path)], matcher, every_flow=True))
    assert read(ScapyFileSource([str(path)], matcher, every_flow=True)) == native


@NEEDS_SCAPY
@pytest.mark.parametrize("resolution", [0, 6, 9, 12])
def test_a_time_beyond_all_times_is_the_last_one(matcher, tmp_path, resolution):
    """A stamp of 64 bits in coarse units is later than times can be, and is read as by the native reader."""
    data = bytearray(pcapng([Frame(0, bytes(60))], [Interface("eth0", 1)]))
    data[data.index(b"eth0") + 8] = resolution
    data[-80:-72] = b"\xff" * 8
    (tmp_path / "late.pcapng").write_bytes(data)
    paths = [str(tmp_path / "late.pcapng")]
    native = read(FileSource(paths, matcher, every_flow=True))
    assert read(ScapyFileSource(paths, matcher, every_flow=True)) == native


@NEEDS_SCAPY
def test_several_files_are_one_run(matcher, tmp_path):
    """Names learned in one file name the flows of the next, which begins a minute later."""
    first, second = (ROOT / "tests/golden" / case / "input.pcap" for case in ("dns_client", "complete_hello"))
    later, at = bytearray(second.read_bytes()), 24
    while at < len(later):
        later[at : at + 4] = (int.from_bytes(later[at : at + 4], "little") + 60).to_bytes(4, "little")
        at += 16 + int.from_bytes(later[at + 8 : at + 12], "little")
    (tmp_path / "later.pcap").write_bytes(later)
    paths = [str(first), str(tmp_path / "later.pcap")]
    native = read(FileSource(paths, matcher, every_flow=True))
    assert read(ScapyFileSource(paths, matcher, every_flow=True)) == native


@NEEDS_SCAPY
def test_a_truncated_file_is_read_up_to_its_end(matcher):
    """The incomplete packet is skipped, and a line reports where."""
    path = str(ROOT / "tests/golden/truncated_file/input.pcap")
    source = ScapyFileSource([path], matcher)
    list(source.batches())
    assert source.stats()["packets"] == 12
    assert source.problems == [f"{path}: reading stopped in a packet, after 12 complete packets"]


@NEEDS_SCAPY
@pytest.mark.parametrize("content", [b"", b"hello", b"\xd4\xc3\xb2\xa1"])
def test_a_file_that_is_not_a_capture(matcher, tmp_path, content):
    """The error is one line that names the file."""
    file = tmp_path / "file.pcap"
    file.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # scapy leaves the file open
        with pytest.raises(SourceError, match=r"file\.pcap: scapy cannot read it: "):
            list(ScapyFileSource([str(file)], matcher).batches())
        gc.collect()


@NEEDS_SCAPY
def test_no_such_interface(matcher):
    """The constructor raises an error of one line that names the interface."""
    with pytest.raises(SourceError, match=r"^no-such-if0: scapy cannot capture: .*not found"):
        ScapyLiveSource(["no-such-if0"], matcher)


@pytest.mark.lab
@NEEDS_SCAPY
@pytest.mark.usefixtures("libpcap")
def test_wrong_filter(matcher):
    """The constructor raises an error of one line that quotes the filter."""
    with pytest.raises(SourceError, match=r"^lo: scapy cannot capture: .*tcp prot"):
        ScapyLiveSource(["lo"], matcher, filter_expression="tcp prot")


@pytest.mark.parametrize("make", [ScapyFileSource, ScapyLiveSource])
def test_missing_scapy(matcher, monkeypatch, make):
    """The error has the command that installs scapy."""
    monkeypatch.setitem(sys.modules, "scapy.all", None)
    with pytest.raises(SourceError) as caught:
        make(["anything"], matcher)
    assert str(caught.value) == f"scapy is not installed; install it with: {install_command('scapy>=2.5')}"
