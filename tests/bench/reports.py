"""How long a report takes from a store of many flows, and how large such a store is.

`python -m tests.bench.reports [FLOWS]` makes the store, and reports it in a new process.
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from netmon.days import DAY_NS
from netmon.store.intake import parse_line
from netmon.store.rows import StoreRow
from netmon.store.sqlite import SqliteStore
from netmon.store.tables import FINDINGS, FLOWS, VIEWS
from tests.machine import NETMON
from tests.report.recorded import record
from tests.report.scenes import DAYS, SCENES, START_NS

FLOWS_AT_ONCE = 10_000
CLIENTS = 250
MINUTE_NS = 60_000_000_000
FIRST_DAY = START_NS // DAY_NS


class ReportCost(NamedTuple):
    """What a report costs."""

    wall_s: float
    cpu_s: float
    store_bytes: int


def fill(path: Path, count: int) -> None:
    """A store with a month of the scene "moscow", its flows repeated until there are so many."""
    store = SqliteStore(path)
    rows = [row for line in record(SCENES["moscow"]()) for row in parse_line(line)]
    store.write(row for row in rows if row.table not in (FLOWS, VIEWS))
    store.write(_every_minute(row for row in rows if row.table is VIEWS))
    flows = [row for row in rows if row.table is FLOWS]
    made = _repeat(flows, count)
    while batch := list(islice(made, FLOWS_AT_ONCE)):
        store.write(batch)
    store.close()


def _every_minute(views: Iterable[StoreRow]) -> Iterator[StoreRow]:
    """What an interface showed, once for each minute of the month."""
    at = {name: number for number, name in enumerate(VIEWS.names)}
    for row in views:
        values = list(row.values)
        for minute in range(DAYS * 24 * 60):
            begin_ns = START_NS + minute * MINUTE_NS
            values[at["start_ns"]], values[at["end_ns"]] = begin_ns, begin_ns + MINUTE_NS
            yield StoreRow(VIEWS, tuple(values))


def _repeat(flows: list[StoreRow], count: int) -> Iterator[StoreRow]:
    """So many flows, each on some day of the month; every tenth lasts until the next day."""
    at = {name: number for number, name in enumerate(FLOWS.names)}
    luck = random.Random(7)
    for number in range(count):
        values = list(luck.choice(flows).values)
        values[at["flow"]] = number
        values[at["client"]] = f"192.0.2.{number % CLIENTS}"
        shift = luck.randrange(DAYS) - (values[at["day"]] - FIRST_DAY)
        values[at["day"]] += shift
        for name in ("start_ns", "last_ns"):
            values[at[name]] += shift * DAY_NS
        yield StoreRow(FLOWS, tuple(values))
        if values[at["severity"]] is not None:
            found = {name: values[at[name]] for name in FINDINGS.names if name in at}
            yield StoreRow(FINDINGS, tuple(found.get(name, "{}") for name in FINDINGS.names))
        if number % 10 == 0:
            for name in ("sent_bytes", "received_bytes", "revision"):
                values[at[name]] += 1000
            values[at["day"]] += 1
            values[at["last_ns"]] += DAY_NS
            yield StoreRow(FLOWS, tuple(values))


def time_report(store: Path, output: Path) -> ReportCost:
    """What the report on a store costs, from the start of the process to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.monotonic()
    subprocess.run([*NETMON, "report", "--store", str(store), "-o", str(output)], check=True)
    wall_s = time.monotonic() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return ReportCost(wall_s, cpu_s, store.stat().st_size)


def main() -> None:
    """The benchmark."""
    parser = argparse.ArgumentParser(description="The cost of a report on a store of many flows.")
    parser.add_argument("flows", nargs="?", type=int, default=1_000_000, metavar="FLOWS")
    count = parser.parse_args().flows
    with tempfile.TemporaryDirectory() as name:
        store = Path(name, "flows.db")
        fill(store, count)
        cost = time_report(store, Path(name, "report.html"))
    size = cost.store_bytes / count
    print(f"{count:,} flows, {size:.0f} bytes each: {cost.wall_s:.1f} s, {cost.cpu_s:.1f} s of CPU")


if __name__ == "__main__":
    main()
