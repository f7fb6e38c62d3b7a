"""What a packet costs by the size of tables: few and many signatures, live flows, learned names.

    python -m tests.bench.curves [--svg docs/curves.svg] [--quick]

Each row is the same load, read after what fills the table. Instructions are counted by callgrind; time is
the least of a few runs, and shows the caches of the machine, which instructions do not.
"""

from __future__ import annotations

import argparse
import json
import resource
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from netmon._engine import CaptureFile, Engine, Matcher
from tests.bench.callgrind import instructions
from tests.bench.load import ETHERNET, FIRST_TIME_S, write_load
from tests.bench.packets import Pair
from tests.bench.plot import Curve, plot

PACKETS = 100_000
SPAN_S = 0.5  # of a busy link: what is done once a second is done once
ROUNDS = 3
SIZES = {
    "signatures": (10, 1_000, 100_000),
    "live flows": (1_000, 10_000, 100_000, 1_000_000),
    "learned names": (1_000, 10_000, 100_000),
}
ETHERNET_HEADER = bytes.fromhex("020000000001 020000000002 0800")
SERVER, RESOLVER, CLIENT = bytes((198, 51, 100, 1)), bytes((198, 51, 100, 53)), bytes((192, 0, 2, 1))
SYN = 2


@dataclass(frozen=True)
class Point:
    """What a packet of the load costs with a table of this size."""

    size: int
    instructions: float
    nanoseconds: float
    peak_bytes: int


def syns(flows: int) -> Iterator[bytes]:
    """A first packet of so many connections."""
    for number in range(flows):
        client = struct.pack("!I", 0x0A000000 + number)
        yield Pair(ETHERNET_HEADER, client, SERVER, proto=6, sport=40_000, dport=443).tcp(1, 0, SYN)


def look_ups(names: int) -> Iterator[bytes]:
    """Queries for so many names, and their answers."""
    there = Pair(ETHERNET_HEADER, CLIENT, RESOLVER, proto=17, sport=40_000, dport=53)
    back = Pair(ETHERNET_HEADER, RESOLVER, CLIENT, proto=17, sport=53, dport=40_000)
    for number in range(names):
        host = f"host{number}".encode()
        name = bytes((len(host),)) + host + b"\x07learned\x07example\x00"
        question = name + struct.pack("!HH", 1, 1)
        yield there.udp(struct.pack("!6H", number & 0xFFFF, 0x0100, 1, 0, 0, 0) + question)
        record = struct.pack("!HHHIHI", 0xC00C, 1, 1, 3600, 4, 0x14000000 + number)
        yield back.udp(struct.pack("!6H", number & 0xFFFF, 0x8180, 1, 1, 0, 0) + question + record)


def write_before_load(path: Path, frames: Iterator[bytes], count: int) -> None:
    """Writes frames within the second before the load begins."""
    with path.open("wb", buffering=1 << 20) as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, ETHERNET))
        for number, frame in enumerate(frames):
            micros = number * 900_000 // count
            file.write(struct.pack("<IIII", FIRST_TIME_S - 1, micros, len(frame), len(frame)) + frame)


def matcher(signatures: int) -> Matcher:
    """So many names, and as many networks."""
    names = [(number, "suffix", f"cloud{number}.example") for number in range(signatures)]
    octets = [(20 + (number >> 16), number >> 8 & 255, number & 255) for number in range(signatures)]
    networks = [(number, "{}.{}.{}.0/24".format(*three)) for number, three in enumerate(octets)]
    return Matcher(names, networks, [])


def feed(signatures: int, files: list[str]) -> dict[str, float]:
    """Reads files one after the other. The CPU time of the last one, and the peak of the memory."""
    engine = Engine(matcher(signatures), max_flows=1_200_000)
    elapsed = 0.0
    for path in files:
        file = CaptureFile(path)
        start = time.process_time()
        while engine.read(file, PACKETS):
            engine.drain()
        elapsed = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"seconds": elapsed, "peak_bytes": peak}


def measure(signatures: int, before: Path, load: Path, packets: int, size: int) -> Point:
    """What a packet of the load costs after what is read before it."""
    words = (sys.executable, "-m", "tests.bench.curves", "--feed", str(signatures), str(before))
    with_load = (*words, str(load))
    runs = [
        json.loads(subprocess.run(with_load, capture_output=True, text=True, check=True).stdout)
        for _round in range(ROUNDS)
    ]
    return Point(
        size,
        (instructions(with_load) - instructions(words)) / packets,
        min(run["seconds"] for run in runs) * 1e9 / packets,
        max(run["peak_bytes"] for run in runs),
    )


def measured(folder: Path, most: int) -> Iterator[tuple[str, Point]]:
    """The points of all curves up to a size, as they are measured."""
    load, before = folder / "load.pcap", folder / "before.pcap"
    packets = write_load(load, PACKETS, span_s=SPAN_S)["packets"]
    for curve, sizes in SIZES.items():
        for size in sizes:
            if size > most:
                continue
            frames, count = {
                "signatures": (syns(1), 1),
                "live flows": (syns(size), size),
                "learned names": (look_ups(size), 2 * size),
            }[curve]
            write_before_load(before, frames, count)
            signatures = size if curve == "signatures" else 1_000
            yield curve, measure(signatures, before, load, packets, size)


def main() -> None:
    """Measures the curves and prints them."""
    parser = argparse.ArgumentParser(description="What a packet costs by the sizes of tables.")
    parser.add_argument("--svg", type=Path, help="write a plot to this file")
    parser.add_argument("--quick", action="store_true", help="only sizes up to 10,000")
    parser.add_argument("--feed", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.feed:
        signatures, *files = arguments.feed
        print(json.dumps(feed(int(signatures), files)))
        return
    points: dict[str, list[Point]] = {}
    print(f"{'':14}{'size':>10}{'instructions':>14}{'ns':>8}{'peak MiB':>10}")
    with tempfile.TemporaryDirectory() as folder:
        for curve, point in measured(Path(folder), 10_000 if arguments.quick else 1_000_000):
            points.setdefault(curve, []).append(point)
            print(
                f"{curve:14}{point.size:10,}{point.instructions:14,.0f}"
                f"{point.nanoseconds:8,.0f}{point.peak_bytes / 2**20:10,.0f}",
                flush=True,
            )
    if arguments.svg:
        curves = [
            Curve(name, [(point.size, point.instructions) for point in own]) for name, own in points.items()
        ]
        arguments.svg.write_text(plot("Instructions per packet", "entries", curves), encoding="utf-8")


if __name__ == "__main__":
    main()
