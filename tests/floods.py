"""Floods that each fill one table of the engine: `python -m tests.floods NAME` runs one.

The result is a JSON object on standard output: the peak growth of the process in bytes, and the engine's
counters. Each flood runs in its own process, so that the memory measured is that of the engine.

`run_beside_honest` runs one for two minutes of packet time, together with the flows of honest clients.
"""

from __future__ import annotations

import heapq
import itertools
import json
import operator
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from netmon import _engine
from tests import flood_packets as packets_of
from tests import honest
from tests.flood_packets import CLIENTS, ETHERNET, GAP_NS, RAW_IP, START_NS, Packets


@dataclass(frozen=True, slots=True)
class Flood:
    """The packets, the engine's limits, and the table that fills up."""

    packets: Callable[[int], Packets]
    count: int
    table: str | None  # in stats()["evicted"]; None: nothing may be evicted
    limits: dict[str, int]
    per_second: int = 5_000  # beside honest clients
    link: int = RAW_IP


SMALL = {
    "max_flows": 20_000,
    "max_heads": 2_000,
    "max_names": 16_000,
    "max_idle_connections": 10_000,
}
NAMING = {**SMALL, "name_machines": True}
FLOODS = {
    "syns": Flood(packets_of.syns, 300_000, "flows", SMALL),
    "named_flows": Flood(packets_of.named_flows, 200_000, "flows", SMALL),
    "one_hosts_syns": Flood(packets_of.one_hosts_syns, 300_000, "flows", SMALL),
    "unfinished_hellos": Flood(packets_of.unfinished_hellos, 200_000, "heads", SMALL, 20_000),
    "one_hosts_unfinished_hellos": Flood(
        packets_of.one_hosts_unfinished_hellos, 150_000, "heads", SMALL, 60_000
    ),
    "crowded_answers": Flood(packets_of.crowded_answers, 4_000, "names", SMALL, 30),
    "first_fragments": Flood(packets_of.first_fragments, 300_000, "fragments", SMALL),
    "one_hosts_queries": Flood(packets_of.one_hosts_queries, 300_000, "queries", SMALL, 20_000),
    "resting_connections": Flood(packets_of.resting_connections, 200_000, "idle_connections", SMALL),
    "forged_connections": Flood(packets_of.forged_connections, 400_000, "idle_connections", SMALL),
    "small_segments": Flood(packets_of.small_segments, 600_000, "heads", SMALL),
    "unfinished_initials": Flood(packets_of.unfinished_initials, 100_000, "heads", SMALL),
    "new_names": Flood(packets_of.new_names, 300_000, "names", SMALL),
    "unsolicited_names": Flood(packets_of.unsolicited_names, 300_000, "names", SMALL),
    "unanswered_queries": Flood(packets_of.unanswered_queries, 300_000, "queries", SMALL),
    "new_nat64_networks": Flood(packets_of.new_nat64_networks, 100_000, "nat64_networks", SMALL),
    "new_clients": Flood(packets_of.new_clients, 2 * CLIENTS, "clients", SMALL),
    "new_machines": Flood(packets_of.new_machines, 200_000, "machines", NAMING, link=ETHERNET),
    "announced_machines": Flood(packets_of.announced_machines, 200_000, "machines", NAMING, link=ETHERNET),
    "unfinished_messages": Flood(packets_of.unfinished_messages, 300_000, "heads", SMALL),
    "a_million_flows": Flood(packets_of.syns, 1_000_000, None, {}),
    "a_million_named_flows": Flood(packets_of.named_flows, 1_000_000, None, {}),
}


def resident_bytes(field: str) -> int:
    """`VmRSS` (current) or `VmHWM` (peak) of this process."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(rf"{field}:\s*(\d+) kB", status)[1]) * 1024


def run(flood: Flood) -> dict:
    """Feeds a flood to an engine. Returns the growth and the counters."""
    engine = _engine.Engine(_engine.Matcher([], [], []), **flood.limits)
    packets = flood.packets(flood.count)
    first = next(packets)  # allocates what the flood itself needs
    before = resident_bytes("VmRSS")
    for number, packet in enumerate(itertools.chain([first], packets)):
        engine.feed(START_NS + number * GAP_NS, flood.link, packet, len(packet))
    stats = engine.stats()
    return {
        "grown_bytes": resident_bytes("VmHWM") - before,
        **{
            key: stats[key]
            for key in ("packets", "flows", "live_flows", "live_heads", "dns_names", "evicted")
        },
    }


def run_beside_honest(flood: Flood) -> tuple[dict[str, int], dict[str, int]]:
    """Two minutes of a flood and of honest clients.

    Returns how many honest flows of each kind were named, and what was evicted, by table.
    """
    matcher = _engine.Matcher([(0, "suffix", "honest.example")], [], [])
    engine = _engine.Engine(matcher, **flood.limits)
    gap_ns = honest.SECOND_NS // flood.per_second
    count = honest.DURATION_NS // gap_ns
    rows = []
    hostile = ((number * gap_ns, flood.link, packet) for number, packet in enumerate(flood.packets(count)))
    others = ((time_ns, RAW_IP, packet) for time_ns, packet in honest.packets())
    for time_ns, link, packet in heapq.merge(hostile, others, key=operator.itemgetter(0)):
        engine.feed(START_NS + time_ns, link, packet, len(packet))
    evicted = engine.stats()["evicted"]
    rows += engine.finish()[0]
    fields = [name for name, _ in _engine.FLOW_FIELDS]
    named = honest.count_named([dict(zip(fields, row, strict=True)) for row in rows])
    return {kind: named[kind] for kind in honest.KINDS}, evicted


if __name__ == "__main__":
    chosen = FLOODS[sys.argv[1]]
    print(json.dumps(run_beside_honest(chosen) if "honest" in sys.argv else run(chosen)))
