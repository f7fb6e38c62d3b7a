"""The time of `netmon read` with one worker and with two, each with all cores.

    python -m tests.bench.workers [--packets 4000000] [--mix small] [--rounds 7]

Pairs of runs take turns in both orders. The ratios are those of pairs, and medians; on a machine that is busy
otherwise, which the load average shows, there is no second core to gain.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.bench.load import MIXES, write_load
from tests.machine import NETMON

OUTPUTS = {"summary": (), "--json": ("--json",), "--json --all": ("--json", "--all")}


class Cost(NamedTuple):
    """The cost of one run in seconds."""

    wall_s: float
    cpu_s: float  # user and system time of all threads


def measure(load: Path, output: str, workers: int) -> Cost:
    """Reads a load with so many workers. Raises RuntimeError if that fails."""
    words = (*NETMON, "read", "--no-exit-code", "--workers", str(workers), *OUTPUTS[output], str(load))
    begun_s = time.monotonic()
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        _pid, status, usage = os.wait4(run.pid, 0)
        wall_s = time.monotonic() - begun_s
        run.returncode = os.waitstatus_to_exitcode(status)
    if run.returncode != 0:
        raise RuntimeError(f"netmon read ended with {run.returncode}")
    return Cost(wall_s, usage.ru_utime + usage.ru_stime)


def race(load: Path, output: str, rounds: int) -> list[tuple[Cost, Cost]]:
    """The costs of pairs of runs, with one worker and with two."""
    pairs = []
    for number in range(rounds):
        order = (1, 2) if number % 2 else (2, 1)
        costs = {workers: measure(load, output, workers) for workers in order}
        pairs.append((costs[1], costs[2]))
    return pairs


def main() -> None:
    """Makes a load, runs the pairs and prints the table."""
    parser = argparse.ArgumentParser(description="The time of netmon read with one worker and with two.")
    parser.add_argument("--packets", type=int, default=4_000_000)
    parser.add_argument("--mix", choices=MIXES, default="enterprise")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    print(
        f"{'':14}{'1: wall s':>11}{'CPU s':>8}{'2: wall s':>11}{'CPU s':>8}{'faster':>9}{'CPU':>7}{'load':>7}"
    )
    with tempfile.TemporaryDirectory() as folder:
        load = Path(folder) / "load.pcap"
        write_load(load, arguments.packets, mix=MIXES[arguments.mix])
        for output in OUTPUTS:
            pairs = race(load, output, arguments.rounds)
            own = [
                statistics.median(value)
                for costs in zip(*pairs, strict=True)
                for value in zip(*costs, strict=True)
            ]
            faster = statistics.median(one.wall_s / two.wall_s for one, two in pairs)
            cpu = statistics.median(two.cpu_s / one.cpu_s for one, two in pairs)
            one_wall_s, one_cpu_s, two_wall_s, two_cpu_s = own
            print(
                f"{output:14}{one_wall_s:11.2f}{one_cpu_s:8.2f}{two_wall_s:11.2f}{two_cpu_s:8.2f}"
                f"{faster:8.2f}x{cpu:6.2f}x{os.getloadavg()[0]:7.1f}"
            )


if __name__ == "__main__":
    main()
