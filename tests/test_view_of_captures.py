"""What netmon reports about its own view, in captures from other projects."""

import json
import os
import subprocess
import sys
from collections import Counter

import pytest
from msgspec.structs import replace

from netmon import _engine
from netmon.records import EVIDENCE, NAMES, UNNAMED, FlowRecord
from tests.check_captures import CAPTURES, read_truth
from tests.craft.pcap import Frame, Interface, pcapng

FILES = sorted(read_truth())
DUPLICATES = {
    "PcapPlusPlus/many_interfaces-1.pcapng": 2,  # frames 1 and 3, 2 and 4: two interfaces
    "gopacket/be-test202.pcapng": 1,  # frames 3 and 6: two interfaces
    "nDPI/1kxun.pcap": 124,  # every packet of one host, 30 to 60 µs apart
    "nDPI/dtls.pcap": 1,  # frames 1 and 2
}
"""The number of packets that captures hold twice, with the same IPv4 identification."""


def read(file, **limits):
    """Flows and counters of a capture."""
    engine = _engine.Engine(_engine.Matcher([], [], []), every_flow=True, **limits)
    capture = _engine.CaptureFile(str(CAPTURES / file))
    rows = []
    while engine.read(capture, 10_000):
        rows += engine.drain()[0]
    rows += engine.drain()[0] + engine.finish()[0]
    return [FlowRecord(*row) for row in rows], engine.stats()


def total(stats, key):
    return sum(view[key] for view in stats["view"].values())


def test_interfaces_come_in_the_order_of_their_numbers(tmp_path):
    """In any run: the hashes of names differ from one to the next."""
    names = ["eth10", "b", "eth9", "a", "eth1"]
    frames = [Frame(number, bytes(60), interface=number % len(names)) for number in range(20)]
    (tmp_path / "a.pcapng").write_bytes(pcapng(frames, [Interface(name, 1) for name in names]))
    (tmp_path / "netmon.yaml").write_text("events: {datasets: [view]}\n")
    words = [sys.executable, "-m", "netmon", "read", "--json", "--config", "netmon.yaml", "a.pcapng"]
    for seed in range(4):
        environment = os.environ | {"PYTHONHASHSEED": str(seed)}
        done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, check=False)
        events = map(json.loads, done.stdout.splitlines())
        found = [
            one["observer"]["ingress"]["interface"]["name"] for one in events if "ingress" in one["observer"]
        ]
        assert found == names


@pytest.mark.parametrize("file", FILES)
def test_counters_add_up(file):
    """Each flow has one evidence, and a reason exactly if that is not a name; flows and bytes add up."""
    flows, stats = read(file)
    by_evidence, by_reason = Counter(), Counter()
    for flow in flows:
        assert (flow.reason is None) == (flow.evidence in NAMES) == (flow.name is not None)
        by_evidence[flow.evidence] += flow.sent_bytes + flow.received_bytes
        by_reason[flow.reason] += flow.sent_bytes + flow.received_bytes
    assert sum(stats["named"].values()) == stats["flows"] == len(flows)
    assert sum(stats["unnamed"].values()) == sum(stats["named"][key] for key in EVIDENCE if key not in NAMES)
    assert stats["named_bytes"] == {key: by_evidence[key] for key in EVIDENCE}
    assert stats["unnamed_bytes"] == {key: by_reason[key] for key in UNNAMED}
    assert stats["packets"] == total(stats, "packets")


@pytest.mark.parametrize("file", FILES)
def test_duplicates_are_those_found_by_comparing_packets(file):
    """Only duplicates are recognised as such; without recognition the same flows count these packets too."""
    flows, stats = read(file)
    every, undetected = read(file, duplicate_window_ms=0)
    assert total(stats, "duplicate_packets") == DUPLICATES.get(file, 0)
    assert total(undetected, "duplicate_packets") == 0
    for key in ("packets", "flows", "named", "unnamed", "hellos"):
        assert stats[key] == undetected[key]
    for once, twice in zip(flows, every, strict=True):
        packets = once.sent_packets + once.received_packets
        assert packets + once.duplicates == twice.sent_packets + twice.received_packets
        same = {"view", "duplicates", "last_ns"} | {
            f"{new}{way}_{what}"
            for new in ("", "new_")
            for way in ("sent", "received")
            for what in ("packets", "bytes")
            if new + what != "new_packets"
        }
        assert replace(once, **{key: getattr(twice, key) for key in same}) == twice


def test_missing_bytes_are_reported():
    """netmon reports missing segments where tshark does, and none in a complete capture."""
    lacking = {file for file in FILES if total(read(file)[1], "unseen_tcp_bytes")}
    assert lacking == {
        "PcapPlusPlus/tls2.pcap",
        "nDPI/1kxun.pcap",
        "nDPI/fuzz-2006-06-26-2594.pcap",
        "nDPI/instagram.pcap",
        "nDPI/tls_1.3_unidirectional_client.pcapng",
        "nDPI/tls_missing_ch_frag.pcap",
        "zeek/erspan.pcap",
    }
