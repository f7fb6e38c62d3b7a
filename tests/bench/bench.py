"""The CPU time that netmon and similar programs need for one capture: user and system seconds in one run.

    python -m tests.bench.bench [--packets 1000000] [--rounds 5] [--mix enterprise] [--with NAME=COMMAND]…
                                [--svg FILE] [--table FILE] [--json FILE] [--instructions]

The programs take turns on one core, so that a busy machine slows all of them alike; the table shows medians.
Besides netmon's two kinds of work, these run if they are installed:

    tcpdump   only reading: a filter that matches no packet, and no output
    ndpi      flows and protocols with names, every flow written (ndpiReader)
    tshark    full dissection, two fields printed; it reads part of the load, which its result is scaled by

`--with` adds any other program. In its command, {load} stands for the capture, and {out} for an empty folder
in which it may write: `--with "mercury=mercury -r {load} -f {out}/flows.json"`.

What a program found are the names of complete ClientHellos that are in its output: of all in what it has
read, and of those that the vendor's signatures match.

With `--instructions`, callgrind counts the instructions of netmon (the summary) and tcpdump as well: those of
a packet, from loads of two sizes, and those of a start. Those of netmon's engine, without Python and the
C library, are told besides. A busy machine does not change them.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from netmon import _engine
from tests.bench.callgrind import instructions_by_object
from tests.bench.found import Found, find_names
from tests.bench.load import MIXES, WATCHED, write_load
from tests.bench.plot import plot_bars
from tests.bench.signatures import write_vendor
from tests.bench.tcpdump import tcpdump
from tests.machine import NETMON

SLICE_PACKETS = 50_000  # what tshark reads
NOTHING = "udp port 1"  # matches no packet of the load
COUNTED_PACKETS = (100_000, 300_000)
ENGINE = Path(_engine.__file__).name
VENDORS_ONLY, EVERY_FLOW = "netmon", "netmon, every flow"


@dataclass(frozen=True)
class Contender:
    """A program and the capture that it reads."""

    name: str
    words: tuple[str, ...]
    packets: int
    names: tuple[str, ...] = ()  # what is to be found in that capture


@dataclass(frozen=True)
class Cost:
    """The cost of one run."""

    cpu_s: float  # user and system time
    wall_s: float
    peak_bytes: int  # resident memory


# A process inherits its parent's peak memory, so a small one starts the program and measures it.
LAUNCHER = """
import json, os, sys, time
output, core = sys.argv[1], int(sys.argv[2])
start = time.monotonic()
pid = os.fork()
if pid == 0:
    os.sched_setaffinity(0, {core})
    os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT, 0o600), 1)
    os.execvp(sys.argv[3], sys.argv[3:])
_pid, status, usage = os.wait4(pid, 0)
cpu_s = usage.ru_utime + usage.ru_stime
print(json.dumps([os.waitstatus_to_exitcode(status), cpu_s, time.monotonic() - start, usage.ru_maxrss]))
"""


def measure(words: Sequence[str], output: str = os.devnull) -> Cost:
    """Runs a program to its end on one core. Returns its cost; raises RuntimeError if it fails."""
    core = str(max(os.sched_getaffinity(0)))
    with tempfile.TemporaryDirectory() as folder:
        command = [word.replace("{out}", folder) for word in words]
        launch = (sys.executable, "-S", "-E", "-c", LAUNCHER, output, core, *command)
        done = subprocess.run(launch, capture_output=True, text=True, check=True)
    code, cpu_s, wall_s, peak_kib = json.loads(done.stdout)
    if code not in (0, 3):  # 3: netmon found something unexpected
        raise RuntimeError(f"{words[0]} ended with {code}: {done.stderr[-500:]}")
    return Cost(cpu_s, wall_s, peak_kib * 1024)


def contenders(folder: Path, packets: int, mix: str, others: Sequence[str]) -> tuple[dict, list[Contender]]:
    """Writes the load; its summary, and the programs that read it, netmon first."""
    load, part, signatures = folder / "load.pcap", folder / "slice.pcap", folder / "signatures"
    summary = write_load(load, packets, mix=MIXES[mix])
    of_part = write_load(part, min(packets, SLICE_PACKETS), mix=MIXES[mix])
    names, read = tuple(summary["names"]), summary["packets"]
    signatures.mkdir()
    write_vendor(signatures, WATCHED)
    netmon = (*NETMON, "read", "--signatures", str(signatures))
    fields = ("-T", "fields", "-e", "tls.handshake.extensions_server_name", "-e", "dns.qry.name")
    candidates = [
        Contender(VENDORS_ONLY, (*netmon, "--json", str(load)), read, names),
        Contender(EVERY_FLOW, (*netmon, "--json", "--all", str(load)), read, names),
        Contender("tcpdump", tcpdump("-r", str(load), only=NOTHING), read, names),
        Contender("ndpi", ("ndpiReader", "-v", "2", "-i", str(load)), read, names),
        Contender(
            "tshark", ("tshark", "-n", "-r", str(part), *fields), of_part["packets"], tuple(of_part["names"])
        ),
    ]
    installed = [candidate for candidate in candidates if shutil.which(candidate.words[0])]
    return summary, installed + [other(text, load, summary) for text in others]


def other(text: str, load: Path, summary: dict) -> Contender:
    """The program of `--with NAME=COMMAND`. Raises ValueError if it is none."""
    name, sign, command = text.partition("=")
    words = tuple(word.replace("{load}", str(load)) for word in shlex.split(command))
    if not sign or not name or not words:
        raise ValueError(f"--with {text}: expected NAME=COMMAND")
    if not shutil.which(words[0]):
        raise ValueError(f"--with {name}: {words[0]} is not installed")
    return Contender(name, words, summary["packets"], tuple(summary["names"]))


def race(programs: list[Contender], rounds: int) -> dict[str, dict]:
    """Runs the programs in turns, every second time in reverse order. Returns the medians by name."""
    costs: dict[str, list[Cost]] = {program.name: [] for program in programs}
    for number in range(rounds):
        for program in programs[:: -1 if number % 2 else 1]:
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
            "found": find(program)._asdict(),
        }
    for result in results.values():
        for key, name in (("vendors_only_ratio", VENDORS_ONLY), ("every_flow_ratio", EVERY_FLOW)):
            result[key] = results[name]["packets_per_cpu_s"] / result["packets_per_cpu_s"]
    return results


def find(program: Contender) -> Found:
    """What a program finds of the names in the capture that it reads: one more run, which is not measured."""
    with tempfile.TemporaryDirectory() as folder:
        words = [word.replace("{out}", folder) for word in program.words]
        measure(words, str(Path(folder, "output")))
        return find_names(Path(folder), program.names, WATCHED)


def counted(folder: Path, mix: str) -> dict[str, dict[str, float]]:
    """The instructions of netmon and tcpdump by name: of a packet, of it in the engine, and of a start."""
    counts: dict[str, list[tuple[int, Counter[str]]]] = {}
    # Other netmons of the user would remove from the cache what the first run keeps there, and the order of
    # sets in Python would differ from run to run.
    netmon = ("env", f"XDG_CACHE_HOME={folder / 'cache'}", "PYTHONHASHSEED=0", *NETMON, "read")
    for size in COUNTED_PACKETS:
        load = folder / f"load-{size}.pcap"
        packets = write_load(load, size, mix=MIXES[mix])["packets"]
        discard = tcpdump("-r", str(load), only=NOTHING)
        for name, words in ((VENDORS_ONLY, (*netmon, str(load))), ("tcpdump", discard)):
            if shutil.which(words[0]):
                subprocess.run(words, check=True, capture_output=True)  # fills the caches of a first start
                counts.setdefault(name, []).append((packets, instructions_by_object(words)))
    slopes = {}
    for name, [(few, less), (many, more)] in counts.items():
        per_packet = (more.total() - less.total()) / (many - few)
        slopes[name] = {
            "packet": per_packet,
            "packet_in_engine": (more[ENGINE] - less[ENGINE]) / (many - few),
            "start": less.total() - few * per_packet,
        }
    return slopes


def table(results: dict[str, dict]) -> str:
    """The results as a table in Markdown, with the least and the most CPU time of any round.

    A ratio below 1 is a program that is faster than netmon.
    """
    head = (
        "| | CPU seconds | thousand packets per CPU second | peak memory"
        " | netmon is faster by | netmon, every flow, by | watched names found | names found |"
    )
    lines = [head, "|---" * 8 + "|"]
    for name, result in results.items():
        found = Found(**result["found"])
        cells = (
            name,
            f"{result['cpu_s']:.2f} ({min(result['cpu_s_all']):.2f} to {max(result['cpu_s_all']):.2f})",
            f"{result['packets_per_cpu_s'] / 1000:,.0f}",
            f"{result['peak_bytes'] / 2**20:.0f} MiB",
            f"{result['vendors_only_ratio']:.2f} ×",
            f"{result['every_flow_ratio']:.2f} ×",
            f"{found.watched} of {found.all_watched}",
            f"{found.names:,} of {found.all_names:,}",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Runs the programs, prints the table, and saves what is asked for."""
    parser = argparse.ArgumentParser(description="netmon's CPU time beside its peers'.")
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mix", choices=MIXES, default="enterprise", help="the packets of the load")
    parser.add_argument(
        "--with",
        dest="others",
        action="append",
        default=[],
        metavar="NAME=COMMAND",
        help="another program; {load} and {out} in its command stand for the capture and a folder",
    )
    parser.add_argument("--svg", type=Path, help="write a chart to this file")
    parser.add_argument("--table", type=Path, help="write the table to this file")
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    parser.add_argument("--instructions", action="store_true", help="count instructions, by callgrind")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            load, programs = contenders(folder, arguments.packets, arguments.mix, arguments.others)
        except ValueError as error:
            parser.error(str(error))
        results = race(programs, arguments.rounds)
        slopes = counted(folder, arguments.mix) if arguments.instructions else {}
    print(
        f"{load['packets']} packets, mean frame {load['mean_frame']} B,"
        f" {100 * load['parsed_share']:.2f} % of them hello, DNS or QUIC Initial;"
        f" medians of {arguments.rounds} rounds on one core\n"
    )
    print(table(results))
    for program, slope in slopes.items():
        engine = f" ({slope['packet_in_engine']:,.0f} in the engine)" if slope["packet_in_engine"] else ""
        print(
            f"{program}: {slope['packet']:,.0f} instructions for a packet{engine},"
            f" {slope['start'] / 1e9:.2f} billion for a start"
        )
    if arguments.svg:
        bars = [(program, result["packets_per_cpu_s"] / 1000) for program, result in results.items()]
        title = f"Thousand packets per CPU second ({arguments.mix})"
        arguments.svg.write_text(plot_bars(title, bars), encoding="utf-8")
    if arguments.table:
        arguments.table.write_text(table(results), encoding="utf-8")
    if arguments.json:
        outcome = {"load": load, "results": results, "instructions": slopes}
        arguments.json.write_text(json.dumps(outcome, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
