"""What the files of a finding cost by privacy level: from the kept packets to their bytes, nothing written.

`python -m tests.bench.evidence` takes every flow of a vendor in some captures as if it were a finding.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from netmon import wiring
from netmon.config.load import load
from netmon.config.settings import Config
from netmon.evidence.document import Writer
from netmon.privacy import ADDRESS, NETWORK, NOTHING, PSEUDONYM, Privacy
from netmon.records import ClassifiedFlow
from netmon.signatures.match import compile_matcher
from netmon.sources.files import FileSource
from netmon.sources.kept import KeptPacket
from tests.machine import ROOT

GOLDEN = ROOT / "tests" / "golden"
CASES = {
    "an office (TLS, some HTTP)": (ROOT / "netmon" / "data" / "demo.pcap", None),
    "CONNECT and TLS": (GOLDEN / "http_connect" / "input.pcap", GOLDEN / "netmon.yaml"),
    "PROXY protocol and TLS": (GOLDEN / "proxy_headers" / "input.pcap", GOLDEN / "netmon.yaml"),
    "QUIC": (GOLDEN / "quic_hellos" / "input.pcap", GOLDEN / "netmon.yaml"),
}
LEVELS = (ADDRESS, PSEUDONYM, NETWORK, NOTHING)
REPEATS = 10

Found = list[tuple[ClassifiedFlow, list[KeptPacket]]]


class FindingCost(NamedTuple):
    """CPU milliseconds and bytes for one finding."""

    milliseconds: float
    size: int


def flows_of(capture: Path, config: Config) -> tuple[Found, Writer]:
    """The flows of vendors with the packets that are kept of them, and what writes their files."""
    known = wiring.load_signatures(config)
    monitor = wiring.make_monitor(config, known)
    limits = config.engine_keywords() | {"max_evidence_bytes": 64 << 20}
    source = FileSource([str(capture)], compile_matcher(known), limits=limits)
    found = []
    for batch in source.batches():
        for flow in batch.flows:
            one = monitor.classify(flow)
            if one.vendor is not None and flow.phase == "end":
                found.append((one, source.kept.of(flow.flow_id)))
    return found, Writer(config, Privacy(config.privacy_level, bytes(32)), known)


def time_level(capture: Path, file: Path | None, level: int) -> FindingCost:
    """The cost of a finding at a level: the median over some repetitions."""
    signatures = None if file is None else GOLDEN / "signatures"
    config = Config() if file is None else load(file)
    config = replace(config, privacy_level=level, databases=(), signatures=signatures)
    found, writer = flows_of(capture, config)
    times, size = [], 0
    for _ in range(REPEATS):
        start_s = time.process_time()
        made = [writer.files(flow, kept, ()) for flow, kept in found]
        times.append((time.process_time() - start_s) / len(found))
        size = sum(len(data) for files in made for data in files.contents.values()) // len(found)
    return FindingCost(statistics.median(times) * 1000, size)


def main() -> None:
    """Measures each case, and prints a line for it."""
    argparse.ArgumentParser(description="The cost of a finding's files by privacy level.").parse_args()
    for name, (capture, file) in CASES.items():
        costs = [time_level(capture, file, level) for level in LEVELS]
        shown = ", ".join(
            f"level {level}: {one.milliseconds:.2f} ms" for level, one in zip(LEVELS, costs, strict=True)
        )
        ratio = costs[1].milliseconds / costs[0].milliseconds
        print(f"{name}: {shown} (x{ratio:.1f}); {costs[1].size:,} bytes")


if __name__ == "__main__":
    main()
