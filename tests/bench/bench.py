"""The CPU time that netmon and similar programs need for one capture: user and system seconds in one run.

    python -m tests.bench.bench [--packets 1000000] [--rounds 5] [--json FILE] [--instructions]

The programs take turns, so that a busy machine slows all of them alike; the table shows medians.
tshark reads part of the load, and its result is scaled by packets. What each program does:

    netmon    DNS and TLS names, flows, bytes, tags, verdicts (`netmon read`)
    tcpdump   only reading: a filter that matches no packet, and no output
    ndpi      flows and protocols with names (ndpiReader)
    tshark    full dissection, two fields printed

With `--instructions`, callgrind counts the instructions of netmon and tcpdump as well: those of a packet,
from loads of two sizes, and those of a start. A busy machine does not change them.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.bench.callgrind import instructions
from tests.bench.load import write_load
from tests.machine import NETMON

SLICE_PACKETS = 50_000  # what tshark reads
NOTHING = "udp port 1"  # matches no packet of the load
COUNTED_PACKETS = (100_000, 300_000)


@dataclass(frozen=True)
class Contender:
    """A program and the capture that it reads."""

    name: str
    words: tuple[str, ...]
    packets: int


@dataclass(frozen=True)
class Cost:
    """The cost of one run."""

    cpu_s: float  # user and system time
    wall_s: float
    peak_bytes: int  # resident memory


# A process inherits its parent's peak memory, so a small one starts the program and measures it.
LAUNCHER = """
import json, os, sys, time
start = time.monotonic()
pid = os.fork()
if pid == 0:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.execvp(sys.argv[1], sys.argv[1:])
_pid, status, usage = os.wait4(pid, 0)
cpu_s = usage.ru_utime + usage.ru_stime
print(json.dumps([os.waitstatus_to_exitcode(status), cpu_s, time.monotonic() - start, usage.ru_maxrss]))
"""


def measure(words: tuple[str, ...]) -> Cost:
    """Runs a program to its end. Returns its cost; raises RuntimeError if it fails."""
    launch = (sys.executable, "-S", "-E", "-c", LAUNCHER, *words)
    done = subprocess.run(launch, capture_output=True, text=True, check=True)
    code, cpu_s, wall_s, peak_kib = json.loads(done.stdout)
    if code not in (0, 3):  # 3: netmon found something unexpected
        raise RuntimeError(f"{words[0]} ended with {code}: {done.stderr[-500:]}")
    return Cost(cpu_s, wall_s, peak_kib * 1024)


def contenders(load: Path, part: Path, packets: int) -> list[Contender]:
    """The programs installed on this machine, netmon first."""
    fields = ("-T", "fields", "-e", "tls.handshake.extensions_server_name", "-e", "dns.qry.name")
    candidates = [
        Contender("netmon", (*NETMON, "read", str(load)), packets),
        Contender("tcpdump", ("tcpdump", "-n", "-r", str(load), "-w", "/dev/null", NOTHING), packets),
        Contender("ndpi", ("ndpiReader", "-q", "-i", str(load)), packets),
        Contender("tshark", ("tshark", "-n", "-r", str(part), *fields), min(packets, SLICE_PACKETS)),
    ]
    return [candidate for candidate in candidates if shutil.which(candidate.words[0])]


def race(programs: list[Contender], rounds: int) -> dict[str, dict]:
    """Runs the programs in turns. Returns the medians by name."""
    costs: dict[str, list[Cost]] = {program.name: [] for program in programs}
    for _round in range(rounds):
        for program in programs:
            costs[program.name].append(measure(program.words))
    results = {}
    for program in programs:
        own = costs[program.name]
        cpu_s = statistics.median(cost.cpu_s for cost in own)
        results[program.name] = {
            "packets": program.packets,
            "cpu_s": cpu_s,
            "cpu_s_all": [cost.cpu_s for cost in own],
            "wall_s": statistics.median(cost.wall_s for cost in own),
            "packets_per_cpu_s": program.packets / cpu_s,
            "peak_bytes": max(cost.peak_bytes for cost in own),
        }
    for result in results.values():
        result["netmon_is_faster_by"] = results["netmon"]["packets_per_cpu_s"] / result["packets_per_cpu_s"]
    return results


def counted(folder: Path) -> dict[str, tuple[float, float]]:
    """The instructions of netmon and tcpdump by name: for a packet, and for a start."""
    counts: dict[str, list[tuple[int, int]]] = {}
    for size in COUNTED_PACKETS:
        load = folder / f"load-{size}.pcap"
        packets = write_load(load, size)["packets"]
        for program in contenders(load, load, packets):
            if program.name in ("netmon", "tcpdump"):
                counts.setdefault(program.name, []).append((packets, instructions(program.words)))
    slopes = {}
    for name, [(few, less), (many, more)] in counts.items():
        per_packet = (more - less) / (many - few)
        slopes[name] = (per_packet, less - few * per_packet)
    return slopes


def run(packets: int, rounds: int, folder: Path) -> dict:
    """Writes a load into the folder and runs the programs on it. Returns its summary and the results."""
    load, part = folder / "load.pcap", folder / "slice.pcap"
    summary = write_load(load, packets)
    write_load(part, min(packets, SLICE_PACKETS))
    return {"load": summary, "results": race(contenders(load, part, summary["packets"]), rounds)}


def main() -> None:
    """Runs the programs, prints the table, and saves the numbers."""
    parser = argparse.ArgumentParser(description="netmon's CPU time beside its peers'.")
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    parser.add_argument("--instructions", action="store_true", help="count instructions, by callgrind")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = run(arguments.packets, arguments.rounds, Path(folder))
        if arguments.instructions:
            outcome["instructions"] = counted(Path(folder))
    load = outcome["load"]
    print(
        f"{load['packets']} packets, mean frame {load['mean_frame']} B,"
        f" {100 * load['parsed_share']:.2f} % of them hello, DNS or QUIC Initial;"
        f" medians of {arguments.rounds} rounds\n"
    )
    print(f"{'':8}{'CPU s':>8}{'wall s':>8}{'packets/CPU s':>15}{'peak MiB':>10}{'netmon is faster by':>21}")
    for name, result in outcome["results"].items():
        print(
            f"{name:8}{result['cpu_s']:8.2f}{result['wall_s']:8.2f}{result['packets_per_cpu_s']:15,.0f}"
            f"{result['peak_bytes'] / 2**20:10.0f}{result['netmon_is_faster_by']:20.2f}x"
        )
    for name, (per_packet, start) in outcome.get("instructions", {}).items():
        print(f"{name}: {per_packet:,.0f} instructions for a packet, {start / 1e9:.2f} billion for a start")
    if arguments.json:
        arguments.json.write_text(json.dumps(outcome, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
