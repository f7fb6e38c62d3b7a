"""The CPU time of a start: user and system seconds until netmon has said what was asked.

    python -m tests.bench.start [--rounds 7] [--instructions]

The commands take turns, so that a busy machine slows all of them alike; the table shows medians, beside those
of a Python that does nothing. With `--instructions`, callgrind counts those of each command as well.
"""

from __future__ import annotations

import argparse
import statistics
import sys

from tests.bench.bench import measure
from tests.bench.callgrind import instructions
from tests.craft import golden
from tests.machine import NETMON

CAPTURE = str(golden.FOLDER / "http_host" / "input.pcap")
COMPLETION = {"_NETMON_COMPLETE": "bash_complete", "COMP_WORDS": "netmon re", "COMP_CWORD": "1"}
STARTS = {
    "python": (sys.executable, "-c", "pass"),
    "--version": (*NETMON, "--version"),
    "--help": (*NETMON, "--help"),
    "completion": ("env", *(f"{key}={value}" for key, value in COMPLETION.items()), *NETMON),
    "read --help": (*NETMON, "read", "--help"),
    "read": (*NETMON, "read", CAPTURE),
    "read, no cache": ("env", "-u", "HOME", "-u", "XDG_CACHE_HOME", *NETMON, "read", CAPTURE),
}


def main() -> None:
    """Runs the commands and prints the table."""
    parser = argparse.ArgumentParser(description="The CPU time of netmon's start.")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--instructions", action="store_true", help="count instructions, by callgrind")
    arguments = parser.parse_args()
    costs: dict[str, list[float]] = {name: [] for name in STARTS}
    for _ in range(arguments.rounds):
        for name, words in STARTS.items():
            costs[name].append(measure(words).cpu_s)
    python = statistics.median(costs["python"])
    counts = {name: instructions(words) for name, words in STARTS.items()} if arguments.instructions else {}
    last = f"{'M instructions':>16}" if counts else ""
    print(f"{'':15}{'CPU s':>8}{'of Python alone':>17}{last}")
    for name, own in costs.items():
        last = f"{counts[name] / 1e6:16.0f}" if counts else ""
        print(f"{name:15}{statistics.median(own):8.3f}{statistics.median(own) / python:16.1f}x{last}")


if __name__ == "__main__":
    main()
