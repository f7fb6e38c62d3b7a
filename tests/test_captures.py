"""What netmon reads in captures that no one of this project wrote, held against tshark's answers."""

import json
import subprocess

import pytest

from netmon.verify.compare import Comparison
from netmon.verify.facts import Fact
from tests.captures.truth import read_all
from tests.check_captures import (
    CAPTURES,
    Known,
    compare,
    find_surprises,
    read_capture,
    read_known_differences,
    read_truth,
    score,
)
from tests.machine import need

TRUTH = read_truth()


@pytest.fixture(scope="module")
def comparisons() -> list[Comparison]:
    return [compare(file, truth) for file, truth in sorted(TRUTH.items())]


def test_differences_are_the_listed_ones(comparisons):
    """Names, DNS messages, packets and bytes equal tshark's, but for the differences listed with a reason."""
    assert find_surprises(comparisons, read_known_differences()) == []


@pytest.mark.parametrize(
    "over", ["tcp", "quic", "gquic", "hello", "http", "x509", "dns_tcp", "mdns", "llmnr"]
)
def test_every_name_is_found_and_none_that_is_not_there(comparisons, over):
    """Names in clear, what else hellos say, and these messages are exactly those that tshark sees."""
    expected, found, right = score(comparisons)[over]
    assert right == found == expected > 0


def test_no_dns_message_is_reported_that_is_not_there(comparisons):
    """DNS over UDP is read on any port, and never out of anything else."""
    _expected, found, right = score(comparisons)["dns"]
    assert right == found > 0


def test_known_differences_have_reasons():
    """Every listed difference is of a known file, counts something and gives its reason."""
    for entry in read_known_differences():
        assert entry.file in TRUTH
        assert entry.side in ("missing", "extra")
        assert entry.count > 0
        assert len(entry.reason) > 10


def test_captures_are_unchanged_and_described():
    """Each capture is the one that tshark read, and the README names its origin."""
    readme = (CAPTURES / "README.md").read_text(encoding="utf-8")
    for file, truth in TRUTH.items():
        assert (CAPTURES / file).stat().st_size == truth["size"]
        assert f"| {file} |" in readme


def test_checker_notices_every_change():
    """A difference that is not listed, and a listed one that is gone, are both reported."""
    fact = Fact("tcp", ("192.0.2.1", 1, "198.51.100.1", 443), "www.example.org")
    seen, lost = Comparison("a.pcap"), Comparison("a.pcap")
    for comparison in (seen, lost):
        comparison.expected[fact] = 1
    seen.found[fact] = 1
    known = [Known("a.pcap", "tcp", "missing", 1, "a reason")]
    assert find_surprises([seen], []) == []
    assert find_surprises([lost], known) == []
    assert len(find_surprises([lost], [])) == 1
    assert len(find_surprises([seen], known)) == 1


def test_fingerprints_are_the_published_ones():
    """JA4 equals what others publish for these captures, but where ja4.tsv says by packet why it does not."""
    lines = (CAPTURES / "ja4.tsv").read_text(encoding="utf-8").splitlines()[1:]
    seen = {}
    for line in lines:
        file, packet, proto, src, sport, dst, dport, published, specified, why, source = line.split("\t")
        if file not in seen:
            flows, _messages = read_capture(CAPTURES / file)
            ends = [(f.transport, f.client, f.client_port, f.server, f.server_port) for f in flows]
            seen[file] = dict(zip(ends, (flow.ja4 for flow in flows), strict=True))
        assert seen[file][proto, src, int(sport), dst, int(dport)] == specified, line
        assert (published == specified) or (f"packet {packet} " in why), line
        assert source
    assert len(seen) > 12


@pytest.mark.parametrize("file", ["zeek/dns-https.pcap", "nDPI/doq.pcapng", "mercury/quic_fragmented.pcap"])
def test_truth_is_what_tshark_says(file):
    """The committed answers are those that the extractor gets from the tshark that the README names."""
    need("tshark")
    version = subprocess.run(["tshark", "--version"], capture_output=True, text=True, check=True).stdout
    if "4.0.17" not in version.splitlines()[0]:
        pytest.skip(f"the answers are those of tshark 4.0.17, here is {version.splitlines()[0]}")
    [line] = read_all([file])
    assert json.loads(line) == TRUTH[file]
