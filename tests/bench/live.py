"""Packets lost in live capture: netmon beside tcpdump, ndpiReader and Suricata, at rates that are stepped up.

    python -m tests.bench.live [--packets 300000] [--rates 50000,100000,200000,400000,0]
                               [--mix enterprise] [--flow-packets 200] [--open-flows 3000]
                               [--workers 1] [--ring-mib 32] [--stopped] [--percent 100]

As root. A load is replayed into a veth pair in a namespace of its own for each run; 0 is as fast as
possible. The sender has one core and the program the other. Those that are installed run: netmon with its
kernel sieve and without, `tcpdump -w /dev/null` with a buffer as large as netmon's ring, ndpiReader, and
Suricata (in Debian's backports) with a ring of that size, without rules, which writes flows, names and DNS.

For each run, the table has what was sent, what the program says that it saw, what was lost, and what of that
neither the kernel nor the program counts. CPU time is that of the program while packets arrive. The kernel
copies packets to the ring, and runs the sieve, where they arrive: that is in the time of the sender, which is
shown beside it. With `--stopped` the programs stand still while packets are sent, and so lose all that their
buffers do not hold, on any machine. With `--percent`, the program has so much of its core, so that it
reaches its limit before the sender does.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.bench.load import MIXES, OPEN_FLOWS, write_load
from tests.bench.tcpdump import tcpdump
from tests.machine import NETMON
from tests.privileges.live import OTHER_END, PORT, SETUP

RATES = (50_000, 100_000, 200_000, 400_000, 0)
WEB = "127.0.0.1:10979"
CONFIG = f"web: {{listen: '{WEB}'}}\nstore: {{path: off}}\ncapture: "
QUIET = "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6"  # the kernel sends nothing of its own
SURICATA = """%YAML 1.1
---
runmode: workers
outputs:
  - eve-log: {enabled: yes, filetype: regular, filename: eve.json, types: [dns, tls, quic, flow]}
af-packet:
  - """
SURICATA_FRAME = 1600  # it is told the size of its ring in frames
SETTLED_S = 0.5
SIEVED_S = 12.0  # what was dropped by the sieve is counted by then
LONGEST_S = 20.0
PERIOD_US = 50_000
"""Buffers must hold what arrives in it, and 2 % of it are the least that the kernel allows."""
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Result:
    """What became of the packets of a run."""

    program: str
    rate: int  # asked for; 0: as fast as possible
    sent: int
    sent_per_s: float
    seen: int
    counted: int  # as lost, by the kernel or the program
    sieved: int
    cpu_s: float
    sender_cpu_s: float

    @property
    def lost(self) -> int:
        """Packets that were sent and not seen."""
        return self.sent - self.seen


def cpu_s_of(pid: int) -> float:
    """User and system time of all threads of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Running:
    """A program on one end of a veth pair in a namespace of its own."""

    def __init__(self, words: Sequence[str], log: Path) -> None:
        core = str(max(os.sched_getaffinity(0)))
        command = ["unshare", "--net", "sh", "-c", f"{QUIET} && {SETUP}", "sh", "taskset", "-c", core, *words]
        self._log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)

    def wait_for(self, text: str) -> None:
        """Returns once it has written this. Raises RuntimeError if it ends or takes too long."""
        end = time.monotonic() + LONGEST_S
        while text not in self.log:
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{text!r} is missing: {self.log[-500:]}")
            time.sleep(0.02)

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def inside(self, *words: str) -> str:
        """The output of a program in its network."""
        command = ["nsenter", "--net", f"--target={self.process.pid}", *words]
        return subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout

    def cpu_s(self) -> float:
        """User and system time of all its threads."""
        return cpu_s_of(self.process.pid)

    def interface_drops(self) -> int:
        """Packets that the interface dropped before any program could see them."""
        [port] = json.loads(self.inside("ip", "-s", "-j", "link", "show", "dev", PORT))
        return port["stats64"]["rx"]["dropped"]

    def end(self) -> None:
        """Lets it end by itself, as with Ctrl-C."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=LONGEST_S)


@dataclass(frozen=True)
class Contender:
    """A program that captures; `read` gives the packets seen, those lost in its buffer, and those sieved."""

    name: str
    words: tuple[str, ...]
    ready: str
    read: Callable[[Running, int], tuple[int, int, int]]


def read_netmon(running: Running, sent: int) -> tuple[int, int, int]:
    """By its metrics, once all packets are counted, or should be."""
    running.inside("ip", "link", "set", "lo", "up")
    end = time.monotonic() + SIEVED_S
    while True:
        sums = dict.fromkeys(NETMON_COUNTERS, 0)
        for family in text_string_to_metric_families(running.inside("curl", "-s", f"http://{WEB}/metrics")):
            for sample in family.samples:
                if sample.name in sums and sample.labels.get("reason") != "interface":
                    sums[sample.name] += int(sample.value)
        packets, dropped, sieved = sums.values()
        if packets + dropped + sieved >= sent or time.monotonic() > end:
            return packets + sieved, dropped, sieved
        time.sleep(SETTLED_S)


NETMON_COUNTERS = (
    "netmon_view_packets_total",
    "netmon_capture_dropped_packets_total",
    "netmon_sieved_packets_total",
)


def read_tcpdump(running: Running, _sent: int) -> tuple[int, int, int]:
    """By what it says at its end."""
    time.sleep(SETTLED_S)
    running.end()
    seen, dropped = (
        int(re.findall(rf"(\d+) packets {what}", running.log)[0])
        for what in ("captured", "dropped by kernel")
    )
    return seen, dropped, 0


def read_ndpi(running: Running, _sent: int) -> tuple[int, int, int]:
    """By what it says at its end, which is not how many were lost."""
    time.sleep(SETTLED_S)
    running.end()
    [seen] = re.findall(r"IP packets:\s+\d+\s+of (\d+) packets total", running.log) or ["0"]
    return int(seen), 0, 0


def read_suricata(running: Running, _sent: int) -> tuple[int, int, int]:
    """By what it says at its end: packets, with those that its ring had no room for."""
    time.sleep(SETTLED_S)
    running.end()
    [(packets, dropped)] = re.findall(r"packets: (\d+), drops: (\d+)", running.log)
    return int(packets) - int(dropped), int(dropped), 0


def contenders(config: Path, ring_mib: int, workers: int) -> list[Contender]:
    """The programs that are installed."""
    capture = {"ring_mib": ring_mib, "workers": workers}
    config.write_text(CONFIG + json.dumps(capture) + "\n", encoding="utf-8")
    netmon = (*NETMON, "run", "-i", PORT, "--json", "--no-exit-code", "--config", str(config))
    discard = tcpdump("-i", PORT, "-B", str(ring_mib << 10))
    suricata = config.with_name("suricata.yaml")
    ring = {"interface": PORT, "threads": 1, "cluster-id": 9, "tpacket-v3": True, "block-size": 1 << 20}
    ring["ring-size"] = (ring_mib << 20) // SURICATA_FRAME
    suricata.write_text(SURICATA + json.dumps(ring) + "\n", encoding="utf-8")
    candidates = [
        Contender("netmon", (*netmon, "--offload", "auto"), "watching", read_netmon),
        Contender("netmon, no sieve", (*netmon, "--offload", "off"), "watching", read_netmon),
        Contender("tcpdump", discard, "listening on", read_tcpdump),
        Contender(
            "ndpiReader",
            ("stdbuf", "-oL", "ndpiReader", "-i", PORT, "-s", "600"),
            "Running thread",
            read_ndpi,
        ),
        Contender(
            "suricata",
            ("suricata", "-c", str(suricata), "--af-packet", "-S", "/dev/null", "-l", str(config.parent)),
            "Engine started",
            read_suricata,
        ),
    ]
    missing = {name for name in ("tcpdump", "ndpiReader", "suricata") if not shutil.which(name)}
    return [one for one in candidates if one.name not in missing]


@contextmanager
def started(contender: Contender) -> Iterator[Running]:
    """The program, once it captures."""
    with tempfile.TemporaryDirectory() as folder:
        running = Running(contender.words, Path(folder, "log"))
        try:
            running.wait_for(contender.ready)
            for end in (PORT, OTHER_END):  # room for VLAN tags
                running.inside("ip", "link", "set", "dev", end, "mtu", "1600")
            time.sleep(SETTLED_S)
            yield running
        finally:
            running.process.kill()
            running.process.wait()


def cgroups() -> Path:
    """The folder of the control groups that limit CPU time: those of the second version, or of the first."""
    root = Path("/sys/fs/cgroup")
    return root if (root / "cgroup.controllers").exists() else root / "cpu"


@contextmanager
def limited(pid: int, percent: float) -> Iterator[None]:
    """A process has this share of a core meanwhile, with all its threads together."""
    if percent >= 100:
        yield
        return
    quota_us = int(PERIOD_US * percent / 100)
    base = cgroups()
    group = base / f"netmon-bench-{os.getpid()}"
    group.mkdir()
    try:
        if (group / "cpu.max").exists():
            (group / "cpu.max").write_text(f"{quota_us} {PERIOD_US}", encoding="utf-8")
        else:
            (group / "cpu.cfs_period_us").write_text(str(PERIOD_US), encoding="utf-8")
            (group / "cpu.cfs_quota_us").write_text(str(quota_us), encoding="utf-8")
        (group / "cgroup.procs").write_text(str(pid), encoding="utf-8")
        yield
    finally:
        with suppress(ProcessLookupError):
            (base / "cgroup.procs").write_text(str(pid), encoding="utf-8")
        group.rmdir()


def send(running: Running, load: Path, rate: int) -> tuple[int, float, float]:
    """Replays the load: packets sent, how many a second, and the CPU seconds of that."""
    core = str(min(os.sched_getaffinity(0)))
    speed = f"--pps={rate}" if rate else "--topspeed"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = running.inside("taskset", "-c", core, "tcpreplay", speed, f"--intf1={OTHER_END}", str(load))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    [(packets, seconds)] = re.findall(r"Actual: (\d+) packets .* sent in ([\d.]+) seconds", said)
    return int(packets), int(packets) / max(float(seconds), 0.001), cpu_s


def run(
    contender: Contender, load: Path, rate: int, *, is_stopped: bool = False, percent: float = 100
) -> Result:
    """Sends the load to a program at a rate. One that is stopped reads afterwards what its buffer holds."""
    with started(contender) as running:
        before_s, dropped_before = running.cpu_s(), running.interface_drops()
        with limited(running.process.pid, percent):
            if is_stopped:
                running.process.send_signal(signal.SIGSTOP)
            sent, sent_per_s, sender_cpu_s = send(running, load, rate)
            running.process.send_signal(signal.SIGCONT)
            time.sleep(SETTLED_S)
        cpu_s = running.cpu_s() - before_s
        dropped = running.interface_drops() - dropped_before
        seen, lost, sieved = contender.read(running, sent - dropped)
    return Result(contender.name, rate, sent, sent_per_s, seen, lost + dropped, sieved, cpu_s, sender_cpu_s)


def table(results: Sequence[Result]) -> str:
    """The results in Markdown, then the highest rate at which each program lost nothing."""
    head = ("program", "sent per second", "sent", "seen", "lost", "in no counter", "sieved")
    head = (*head, "CPU s per million sent", "of the sender")
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for one in results:
        numbers = [one.sent_per_s, one.sent, one.seen, one.lost, one.lost - one.counted, one.sieved]
        cpu = [f"{cpu_s / one.sent * 1e6:.2f}" for cpu_s in (one.cpu_s, one.sender_cpu_s)]
        lines.append("| " + " | ".join([one.program, *(f"{number:,.0f}" for number in numbers), *cpu]) + " |")
    lines.append("")
    for program in dict.fromkeys(one.program for one in results):
        without = [one.sent_per_s for one in results if one.program == program and one.lost == 0]
        lines.append(f"{program}: no loss at up to {max(without, default=0):,.0f} packets a second")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Sends the load to each program at each rate, and prints the table."""
    parser = argparse.ArgumentParser(description="Packets lost in live capture.")
    parser.add_argument("--packets", type=int, default=300_000)
    parser.add_argument("--rates", default=",".join(map(str, RATES)), help="packets a second")
    parser.add_argument("--mix", choices=MIXES, default="enterprise")
    parser.add_argument("--flow-packets", type=int, default=200, help="mean of data packets in a flow")
    parser.add_argument("--open-flows", type=int, default=OPEN_FLOWS, help="flows at a time")
    parser.add_argument("--ring-mib", type=int, default=32, help="of netmon's rings, and tcpdump's buffer")
    parser.add_argument("--stopped", action="store_true", help="the programs stand still meanwhile")
    parser.add_argument("--percent", type=float, default=100, help="of its core, for the program; 2 or more")
    parser.add_argument("--workers", type=int, default=1, help="netmon's workers")
    arguments = parser.parse_args()
    if not 2 <= arguments.percent <= 100:
        parser.error(f"--percent {arguments.percent:g}: write a number from 2 to 100")
    with tempfile.TemporaryDirectory() as name:
        load = Path(name, "load.pcap")
        mix = replace(MIXES[arguments.mix], flow_packets=arguments.flow_packets)
        write_load(load, arguments.packets, mix=mix, open_flows=arguments.open_flows)
        programs = contenders(Path(name, "netmon.yaml"), arguments.ring_mib, arguments.workers)
        rates = [int(rate) for rate in arguments.rates.split(",")]
        print(
            table(
                [
                    run(program, load, rate, is_stopped=arguments.stopped, percent=arguments.percent)
                    for rate in rates
                    for program in programs
                ]
            )
        )


if __name__ == "__main__":
    main()
