"""What an event about a flow of a vendor costs, by the share of such flows: live and from a file.

    python -m tests.bench.vendor_events [--flows 40000] [--events-per-s 20000]

As root. Live, a load is replayed at a rate of events into a veth pair in a namespace, and `netmon run --json`
on one core writes them; an end is lost if the same load has it when it is read. The CPU seconds are those
of packets, flows and events together, without those of a start. `per s` is how many a core could write.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests.bench.events import EVERY
from tests.bench.flows import Mix
from tests.bench.load import write_load
from tests.craft import golden
from tests.machine import NETMON
from tests.privileges.live import Live

SIGNATURES = ("--signatures", str(golden.FOLDER / "signatures"), "--country", "DE")
SETTINGS = "web:\n  listen: off\nstore:\n  path: off\n"
NAMES = tuple(f"{host}.cloud.example" for host in ("eu.files", "updates", "eu.lookups", "portal"))
SMALL = Mix(
    NAMES,
    servers=250,
    flow_packets=4,
    other_share=0,
    ipv6_share=0,
    recorded_share=0,
    post_quantum_share=0,
    networks=("198.51.100.0/24", "203.0.113.0/24"),
)
"""Flows of few packets, so that there are as many as a rate of events needs."""
END = b'"phase":"end"'
QUIET_S = 2.0
PACKETS_PER_FLOW = 18


class Run(NamedTuple):
    """The CPU seconds of a run, and its events."""

    cpu_s: float
    events: int
    ends: int


@contextmanager
def _measured(costs: list[float]) -> Iterator[None]:
    """Appends the CPU seconds of the processes that end meanwhile."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    yield
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    costs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def read(load: Path, *words: str) -> Run:
    """Reads a file."""
    costs: list[float] = []
    with _measured(costs):
        done = subprocess.run(
            (*NETMON, "read", *SIGNATURES, *words, str(load)), capture_output=True, check=False
        )
    return Run(costs[0], done.stdout.count(b"\n"), done.stdout.count(END))


def watch(folder: Path, send: Callable[[Live], None]) -> Run:
    """Runs a sensor on one core while packets are sent."""
    (folder / "netmon.yaml").write_text(SETTINGS, encoding="utf-8")
    costs: list[float] = []
    with (folder / "events").open("w+b") as events:
        words = ("--json", "--no-exit-code", "--config", folder / "netmon.yaml", *SIGNATURES)
        with Live(folder, *words, before=("taskset", "-c", "1"), stdout=events) as sensor:
            sensor.started()
            send(sensor)
            time.sleep(QUIET_S)
            with _measured(costs):
                sensor.stop()
        events.seek(0)
        lines = events.read()
        return Run(costs[0], lines.count(b"\n"), lines.count(END))


def main() -> None:
    """Measures, and prints a table."""
    parser = argparse.ArgumentParser(description="The cost of a vendor's events, live and from a file.")
    parser.add_argument("--flows", type=int, default=40_000)
    parser.add_argument("--events-per-s", type=int, default=20_000)
    arguments = parser.parse_args()
    print(f"{'vendors':>8} {'':18}{'events':>9}{'CPU s':>8}{'µs each':>9}{'per s':>9}{'lost':>7}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        empty = folder / "empty.pcap"
        write_load(empty, 1, mix=SMALL)
        start_s = read(empty, "--json").cpu_s
        idle_s = watch(folder, lambda _sensor: None).cpu_s
        for share in (1.0, 0.1):
            load = folder / f"{share}.pcap"
            made = write_load(load, arguments.flows * PACKETS_PER_FLOW, mix=replace(SMALL, watch_share=share))
            found = read(load, "--json")
            _show(share, "read --json", found, start_s)
            _show(share, "read --json --all", read(load, *EVERY), start_s)
            seconds = 2 * found.events / arguments.events_per_s  # a start and an end of each flow
            send = partial(Live.replay, capture=load, packets_per_s=round(made["packets"] / seconds))
            live = watch(folder, send)
            _show(share, "run --json", live, idle_s, max(found.ends - live.ends, 0))


def _show(share: float, what: str, run: Run, start_s: float, lost: int | None = None) -> None:
    cpu_s = run.cpu_s - start_s
    each_s = cpu_s / max(run.events, 1)
    print(
        f"{share:8.0%} {what:18}{run.events:9,}{cpu_s:8.2f}{each_s * 1e6:9.1f}{1 / each_s:9,.0f}"
        f"{'' if lost is None else lost:>7}"
    )


if __name__ == "__main__":
    main()
