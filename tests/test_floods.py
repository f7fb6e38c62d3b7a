"""No flood makes the engine grow beyond its limits, hides the flows of honest clients, or goes uncounted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import honest
from tests.floods import FLOODS, SMALL, run_beside_honest

FLOW_BYTES = 400  # with its hello
MEAN_HEAD_BYTES, MEAN_NAME_BYTES = 4096, 512
FRAGMENT_BYTES = 4 << 20
SLACK_BYTES = 4 << 20

HEADS_BOUND = SMALL["max_flows"] * FLOW_BYTES + 2 * SMALL["max_heads"] * MEAN_HEAD_BYTES
"""Growing buffers are up to twice as large as their contents."""
IDLE_BYTES = 400  # with its names
IDLE_BOUND = SMALL["max_idle_connections"] * IDLE_BYTES
NAMES_BOUND = 2 * SMALL["max_names"] * 2 * MEAN_NAME_BYTES
"""Two tables, by client and by server; an entry and its slot in the table."""
CLIENTS_BOUND = SMALL["max_flows"] * FLOW_BYTES + SMALL["max_names"] // 8 * 8 * MEAN_NAME_BYTES
"""An eighth of the names; each client receives eight public names."""
NAT64_BOUND = SMALL["max_flows"] * FLOW_BYTES + SMALL["max_names"] // 8 * (2 * MEAN_NAME_BYTES + 256)
"""An eighth of the names, each in two tables; each network has four prefixes."""
MACHINES_BOUND = SMALL["max_flows"] * FLOW_BYTES + 2 * SMALL["max_names"] // 8 * 512
"""An eighth of the names, by address and by hardware address, each with up to two names."""
BOUNDS = {
    "syns": SMALL["max_flows"] * FLOW_BYTES,
    "one_hosts_syns": SMALL["max_flows"] * FLOW_BYTES,
    "named_flows": SMALL["max_flows"] * FLOW_BYTES + IDLE_BOUND,
    "resting_connections": SMALL["max_flows"] * FLOW_BYTES + IDLE_BOUND,
    "forged_connections": SMALL["max_flows"] * FLOW_BYTES + IDLE_BOUND,
    "unfinished_hellos": HEADS_BOUND,
    "one_hosts_unfinished_hellos": HEADS_BOUND,
    "crowded_answers": NAMES_BOUND,
    "first_fragments": 2 * FRAGMENT_BYTES + SMALL["max_flows"] * FLOW_BYTES,
    "one_hosts_queries": SMALL["max_flows"] * FLOW_BYTES,
    "small_segments": HEADS_BOUND,
    "unfinished_initials": HEADS_BOUND,
    "new_names": NAMES_BOUND,
    "unsolicited_names": NAMES_BOUND // 8,
    "unanswered_queries": 0,
    "new_nat64_networks": NAT64_BOUND,
    "new_clients": CLIENTS_BOUND,
    "new_machines": MACHINES_BOUND,
    "announced_machines": MACHINES_BOUND,
    "unfinished_messages": HEADS_BOUND,
    "a_million_flows": 1_000_000 * FLOW_BYTES,
    "a_million_named_flows": 1_000_000 * FLOW_BYTES,
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc to measure memory"),
    pytest.mark.reuse(
        "engine",
        "tests/*flood*.py",
        "tests/honest.py",
        "tests/craft",
        "tests/machine.py",
        "netmon/_engine.pyi",
    ),
]


def run(name: str) -> dict:
    """The result of a flood, run in its own process."""
    words = (sys.executable, "-m", "tests.floods", name)
    root = Path(__file__).parent.parent
    return json.loads(subprocess.run(words, cwd=root, capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize("name", FLOODS)
def test_memory_stays_within_the_bound_and_evictions_are_counted(name: str) -> None:
    """The process grows by no more than the configuration allows, and evictions are counted."""
    flood, seen = FLOODS[name], run(name)
    assert seen["grown_bytes"] <= BOUNDS[name] + SLACK_BYTES
    assert seen["flows"] == seen["live_flows"] + seen["evicted"]["flows"]
    if flood.table is None:
        assert not any(seen["evicted"].values())
        assert seen["live_flows"] == flood.count
    else:
        assert seen["evicted"][flood.table] > flood.count // 400
        assert seen["live_flows"] <= flood.limits["max_flows"]
        assert seen["live_heads"] <= flood.limits["max_heads"]
        assert seen["dns_names"] <= 2 * flood.limits["max_names"]


@pytest.mark.parametrize("name", [name for name, flood in FLOODS.items() if flood.table])
def test_honest_flows_are_named_beside_the_flood(name: str) -> None:
    """In two minutes of a flood that evicts, at least 99 % of the honest flows of each kind are named."""
    named, evicted = run_beside_honest(FLOODS[name])
    assert evicted[FLOODS[name].table] > 0, "the table was not full, so the flood proves nothing"
    assert {kind: count for kind, count in named.items() if count < honest.FLOWS * 0.99} == {}
