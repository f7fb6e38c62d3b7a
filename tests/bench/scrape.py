"""The cost of a scrape: CPU seconds for a page of 10,000 series, in both formats.

    python -m tests.bench.scrape [--series 10000] [--rounds 15]

The series are flows of fictional components at fictional places, as many as the page needs.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

from msgspec.structs import replace

from netmon import _engine
from netmon.exposition import choose_encoder
from netmon.outputs.prometheus import MAX_LABEL_SETS, RTT_BUCKETS_S, Prometheus
from tests.records import classified

FORMATS = {"text": "", "OpenMetrics": "application/openmetrics-text; version=1.0.0"}
PER_LABEL_SET = 3  # bytes sent, bytes received, flows
PER_HISTOGRAM = len(RTT_BUCKETS_S) + 3  # the rest, the count and the sum


def page_of(series: int) -> Callable[[str], bytes]:
    """A function that renders a page with at least that many series for an Accept header."""
    output = Prometheus("bench", _engine.Engine(_engine.Matcher([], [], [])).stats, hold_s=0)
    for number in range(min(series // PER_LABEL_SET, MAX_LABEL_SETS)):
        output.flow(replace(classified(flow_id=number), component=f"component{number}"))
    for number in range((series - MAX_LABEL_SETS * PER_LABEL_SET) // PER_HISTOGRAM):
        output.flow(replace(classified(flow_id=number), vendor=f"vendor{number}"))

    def render(accept: str) -> bytes:
        encode, _ = choose_encoder(accept)
        return encode(output.registry)

    return render


def cpu_seconds(render: Callable[[str], bytes], accept: str, rounds: int) -> float:
    """The median of that many scrapes."""
    costs = []
    for _ in range(rounds):
        begin = time.process_time()
        render(accept)
        costs.append(time.process_time() - begin)
    return statistics.median(costs)


def main() -> None:
    """Measures both formats and prints a line for each."""
    parser = argparse.ArgumentParser(description="What a scrape costs.")
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    render = page_of(arguments.series)
    for name, accept in FORMATS.items():
        lines = sum(1 for line in render(accept).splitlines() if not line.startswith(b"#"))
        seconds = cpu_seconds(render, accept, arguments.rounds)
        print(f"{name:12} {lines:7,} series  {seconds * 1000:6.1f} ms of CPU")


if __name__ == "__main__":
    main()
