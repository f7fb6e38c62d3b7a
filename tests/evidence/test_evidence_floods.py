"""A flood neither fills the memory for evidence beyond its bound nor costs honest clients their packets."""

import heapq
import json
import operator
import subprocess
import sys

import pytest

from netmon import _engine
from tests import honest
from tests.flood_packets import RAW_IP, START_NS
from tests.floods import FLOODS, SMALL, resident_bytes

MAX_BYTES = 4 << 20
PER_SECOND = 2_000
FIELDS = [name for name, _ in _engine.FLOW_FIELDS]


def run(name, max_bytes):
    """Two minutes of a flood and of honest clients: growth, evictions, honest flows with packets."""
    matcher = _engine.Matcher([(0, "suffix", "honest.example")], [], [])
    engine = _engine.Engine(matcher, **SMALL, max_evidence_bytes=max_bytes)
    gap_ns = honest.SECOND_NS // PER_SECOND
    packets = FLOODS[name].packets(honest.DURATION_NS // gap_ns)
    hostile = ((number * gap_ns, packet) for number, packet in enumerate(packets))
    before = resident_bytes("VmRSS")
    for time_ns, packet in heapq.merge(hostile, honest.packets(), key=operator.itemgetter(0)):
        engine.feed(START_NS + time_ns, RAW_IP, packet, len(packet))
    rows = [dict(zip(FIELDS, row, strict=True)) for row in engine.finish()[0]]
    named = [row for row in rows if row["signature"] is not None]
    kept = [{label for one in engine.kept_packets(row["flow_id"]) for label in one[7]} for row in named]
    proof = {"sni": "name", "quic_sni": "name", "dns_client": "dns_answer"}
    proven = [proof[row["evidence"]] in shown for row, shown in zip(named, kept, strict=True)]
    return {
        "grown": resident_bytes("VmHWM") - before,
        "evicted": engine.stats()["evicted"]["evidence"],
        "named": len(named),
        "proven": sum(proven),
    }


def in_own_process(name, max_bytes):
    """The same in a process of its own, whose memory can be measured."""
    words = (sys.executable, "-m", "tests.evidence.test_evidence_floods", name, str(max_bytes))
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["named_flows", "one_hosts_unfinished_hellos", "unanswered_queries", "new_names"]
)
def test_a_flood_beside_honest_clients(name):
    """Memory grows by the bound, evictions are counted, and honest flows keep what proves their name."""
    off, on = in_own_process(name, 0), in_own_process(name, MAX_BYTES)
    assert off["evicted"] == 0
    assert on["grown"] - off["grown"] < 2 * MAX_BYTES + (8 << 20)  # with those of pending queries and names
    assert on["named"] == off["named"] > 500
    assert on["proven"] == on["named"]
    assert name not in ("named_flows", "one_hosts_unfinished_hellos") or on["evicted"] > 1000


if __name__ == "__main__":
    json.dump(run(sys.argv[1], int(sys.argv[2])), sys.stdout)
