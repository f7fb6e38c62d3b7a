"""What netmon reads in captures of other projects, compared with what tshark reads."""

import hashlib
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
    find_deviations,
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
    """Names, DNS messages, packets and bytes equal those of tshark, except for the listed differences."""
    assert find_deviations(comparisons, read_known_differences()) == []


@pytest.mark.parametrize(
    "over", ["tcp", "quic", "gquic", "hello", "http", "x509", "dns_tcp", "mdns", "llmnr"]
)
def test_precision_and_recall_are_complete(comparisons, over):
    """Names in the clear, other contents of ClientHellos, and these messages are exactly those of tshark."""
    expected, found, right = score(comparisons)[over]
    assert right == found == expected > 0


def test_every_reported_dns_message_exists(comparisons):
    """DNS over UDP is read on any port, and nothing else is taken for it."""
    _expected, found, right = score(comparisons)["dns"]
    assert right == found > 0


def test_known_differences_have_reasons():
    """Every listed difference names a known file and has a count and a reason."""
    for known in read_known_differences():
        assert known.file in TRUTH
        assert known.side in ("missing", "extra")
        assert known.count > 0
        assert len(known.reason) > 10


def test_captures_are_unchanged_and_described():
    """Each capture is the one that tshark read, bit for bit, and the README names its origin."""
    readme = (CAPTURES / "README.md").read_text(encoding="utf-8")
    for file, truth in TRUTH.items():
        assert hashlib.sha256((CAPTURES / file).read_bytes()).hexdigest() == truth["sha256"], file
        assert f"| {file} |" in readme


def test_checker_reports_every_deviation():
    """A difference that is not listed and a listed one that no longer exists are both reported."""
    fact = Fact("tcp", ("192.0.2.1", 1, "198.51.100.1", 443), "www.example.org")
    equal, different = Comparison("a.pcap"), Comparison("a.pcap")
    for comparison in (equal, different):
        comparison.expected[fact] = 1
    equal.found[fact] = 1
    known = [Known("a.pcap", "tcp", "missing", 1, "a reason")]
    assert find_deviations([equal], []) == []
    assert find_deviations([different], known) == []
    assert len(find_deviations([different], [])) == 1
    assert len(find_deviations([equal], known)) == 1


def test_fingerprints_are_the_published_ones():
    """JA4 equals the published values, except where ja4.tsv names the packet and the reason."""
    lines = (CAPTURES / "ja4.tsv").read_text(encoding="utf-8").splitlines()[1:]
    seen = {}
    for line in lines:
        file, packet, proto, src, sport, dst, dport, published, specified, why, source = line.split("\t")
        if file not in seen:
            flows, _messages = read_capture(CAPTURES / file)
            endpoints = [(f.transport, f.client, f.client_port, f.server, f.server_port) for f in flows]
            seen[file] = dict(zip(endpoints, (flow.ja4 for flow in flows), strict=True))
        assert seen[file][proto, src, int(sport), dst, int(dport)] == specified, line
        assert (published == specified) or (f"packet {packet} " in why), line
        assert source
    assert len(seen) > 12


@pytest.mark.reuse("tests/captures", "tests/check_captures.py", "tests/test_captures.py", "netmon/verify")
@pytest.mark.parametrize("file", ["zeek/dns-https.pcap", "nDPI/doq.pcapng", "mercury/quic_fragmented.pcap"])
def test_truth_is_what_tshark_says(file):
    """truth.jsonl has what truth.py extracts with the version of tshark that the README names."""
    need("tshark")
    version = subprocess.run(["tshark", "--version"], capture_output=True, text=True, check=True).stdout
    if "4.0.17" not in version.splitlines()[0]:
        pytest.skip(f"truth.jsonl was made with tshark 4.0.17, installed is {version.splitlines()[0]}")
    [line] = read_all([file])
    assert json.loads(line) == TRUTH[file]
