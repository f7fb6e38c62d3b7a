"""What it costs to keep flows: from events to a store's file, and to ask it.

`python -m tests.bench.store [FLOWS]`
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from netmon.store import queries
from netmon.store.intake import Intake
from netmon.store.queries import Scope
from netmon.store.sqlite import SqliteStore
from tests.machine import NETMON

DEMO = Path(__file__).parents[2] / "netmon" / "data" / "demo.pcap"
FLOWS_AT_ONCE = 2_000
"""Flows of a transaction; a live sensor has one every half second."""


class StoreCost(NamedTuple):
    """What keeping flows costs; seconds are of CPU."""

    write_s: float
    ask_s: float
    store_bytes: int


def lines(count: int) -> Iterator[str]:
    """The events of so many flows: those of the demo again and again, each with a round trip of its own."""
    command = [*NETMON, "read", "--json", "--country", "DE", "--privacy", "1", str(DEMO)]
    done = subprocess.run(command, capture_output=True, check=False, encoding="utf-8")
    events = [event for event in map(json.loads, done.stdout.splitlines()) if event["netmon"].get("verdict")]
    for number in range(count):
        event = events[number % len(events)]
        event["netmon"]["flow_id"] = number
        event["netmon"]["place"]["rtt_ms"] = number / 1000
        yield json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def measure(path: Path, count: int) -> StoreCost:
    """Writes so many flows, and asks once for the totals by component, place and verdict."""
    store = SqliteStore(path)
    intake = Intake(store, str(path))
    made, write_s = lines(count), 0.0
    while batch := list(islice(made, FLOWS_AT_ONCE)):
        begin_s = time.process_time()
        for line in batch:
            intake.write(line)
        intake.flush()
        write_s += time.process_time() - begin_s
    store.complete_file()
    begin_s = time.process_time()
    found = queries.totals_by(store, Scope(), ["vendor", "component", "country", "outcome", "severity"])
    ask_s = time.process_time() - begin_s
    store.close()
    assert sum(one.totals.flows for one in found) == count
    return StoreCost(write_s, ask_s, path.stat().st_size)


def main() -> None:
    """The benchmark."""
    parser = argparse.ArgumentParser(description="The cost of keeping flows in a store.")
    parser.add_argument("flows", nargs="?", type=int, default=1_000_000, metavar="FLOWS")
    count = parser.parse_args().flows
    with tempfile.TemporaryDirectory() as name:
        cost = measure(Path(name, "flows.db"), count)
    each_us, size = cost.write_s / count * 1e6, cost.store_bytes / count
    print(f"{count:,} flows: {cost.write_s:.0f} s to write ({each_us:.0f} µs each), {size:.0f} bytes each")
    print(f"totals by component, place and verdict: {cost.ask_s:.1f} s")


if __name__ == "__main__":
    main()
