"""What it costs to write every event: `netmon read --json --all` beside the summary of the same capture.

    python -m tests.bench.events [--packets 1000000] [--rounds 5] [CAPTURE…]

The commands take turns, so that a busy machine slows both alike; the table shows medians of CPU seconds, what
an event costs, and the rate of packets beside that of the summary. Without captures, a load is made. Captures
of few packets are refused: their events cost less than what two starts differ by.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
from pathlib import Path

from netmon._engine import CaptureFile, Engine, Matcher
from tests.bench.bench import measure
from tests.bench.load import write_load
from tests.machine import NETMON

EVERY = ("--json", "--all")
FEWEST_PACKETS = 200_000
PACKETS_AT_ONCE = 100_000


def race(capture: Path, rounds: int) -> tuple[float, float]:
    """The CPU seconds of the summary and of all events."""
    costs: dict[tuple[str, ...], list[float]] = {(): [], EVERY: []}
    for _ in range(rounds):
        for words, own in costs.items():
            own.append(measure((*NETMON, "read", *words, str(capture))).cpu_s)
    summary, every = (statistics.median(own) for own in costs.values())
    return summary, every


def count_events(capture: Path) -> int:
    """The lines that are written."""
    done = subprocess.run((*NETMON, "read", *EVERY, str(capture)), capture_output=True, check=False)
    return done.stdout.count(b"\n")


def count_packets(capture: Path) -> int:
    """The packets of a capture."""
    engine, file = Engine(Matcher([], [], [])), CaptureFile(str(capture))
    while engine.read(file, PACKETS_AT_ONCE):
        engine.drain()
    return file.packets


def main() -> None:
    """Runs the commands and prints the table."""
    parser = argparse.ArgumentParser(description="The cost of events.")
    parser.add_argument("captures", nargs="*", type=Path, metavar="CAPTURE")
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        captures = arguments.captures or [Path(folder) / "load.pcap"]
        if not arguments.captures:
            write_load(captures[0], arguments.packets)
        for capture in captures:
            if (packets := count_packets(capture)) < FEWEST_PACKETS:
                parser.error(f"{capture.name}: {packets:,} packets; at least {FEWEST_PACKETS:,} are needed")
        print(f"{'':20}{'events':>9}{'summary s':>11}{'events s':>10}{'µs each':>9}{'rate':>7}")
        for capture in captures:
            events = count_events(capture)
            summary, every = race(capture, arguments.rounds)
            each = (every - summary) / max(events, 1) * 1e6
            print(
                f"{capture.stem:20}{events:9,}{summary:11.3f}{every:10.3f}{each:9.2f}{summary / every:7.2f}"
            )


if __name__ == "__main__":
    main()
