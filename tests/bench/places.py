"""The cost of places compared with the engine: CPU seconds for a million flows of a known vendor.

    python -m tests.bench.places [--packets 1000000] [--lookups 1000000]

The engine reads a load in which every named flow matches a vendor; its time is scaled to a million flows.
Places are looked up with three location databases and the signatures, for servers in the order of the load
(`again`), with round trips as in the sensor (`trips`), and for servers never seen before
(`new`), so that no cache helps. The last column is the share of the engine's time.
"""

from __future__ import annotations

import argparse
import ipaddress
import itertools
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from netmon._engine import CaptureFile, Engine, Matcher
from netmon.places.databases import Databases
from netmon.places.declared import Position
from netmon.places.locator import Locator
from netmon.places.round_trips import SmallestRoundTrips, own_round_trip
from netmon.records import FlowRecord
from netmon.signatures.folder import default_folder
from netmon.signatures.load import load_folder
from netmon.sources import to_batch
from tests.bench.flows import Mix
from tests.bench.load import WATCHED, write_load
from tests.places.mmdb import nested, write_database

MILLION = 1_000_000
VENDOR = Mix(WATCHED, watch_share=1.0, servers=500)
PACKETS_PER_STEP = 100_000
KINDS = ("GeoLite2-City", "DBIP-City-Lite", "ipinfo lite")


def time_engine(load: Path) -> tuple[float, list[FlowRecord]]:
    """CPU seconds that the engine needs for a capture, and its flows of the vendor."""
    engine = Engine(Matcher([(0, "suffix", "vendor.example")], [], []))
    file, batches, more = CaptureFile(str(load)), [], True
    start_s = time.process_time()
    while more:
        more = engine.read(file, PACKETS_PER_STEP)
        batches.append(engine.drain())
    batches.append(engine.finish())
    spent_s = time.process_time() - start_s
    return spent_s, [flow for rows in batches for flow in to_batch(rows).flows if flow.signature is not None]


def time_places(folder: Path, flows: list[FlowRecord], lookups: int) -> dict[str, float]:
    """CPU seconds for one look-up of each kind."""
    networks = {f"{first}.0.0.0/8": nested("CH", f"City {first}") for first in range(1, 224)}
    for kind in KINDS:
        write_database(folder / f"{kind}.mmdb", networks | {"2000::/3": nested("DE")}, kind)
    databases = Databases([folder], required=True)
    databases.refresh()
    places = Locator(load_folder(default_folder()), (), databases, position=Position(50.11, 8.68))
    trips = SmallestRoundTrips()

    def again(flow: FlowRecord) -> None:
        places.locate(flow.server, flow.start_ns)

    def with_trips(flow: FlowRecord) -> None:
        own = own_round_trip(flow)
        places.locate_by(flow.server, flow.start_ns, own, trips.record(flow, own))

    for flow in flows:
        again(flow)
    first_ns = flows[0].start_ns
    strangers = [str(ipaddress.ip_address(0x0B000000 + number)) for number in range(lookups // 10)]
    return {
        "again": _time(again, itertools.islice(itertools.cycle(flows), lookups), lookups),
        "trips": _time(with_trips, itertools.islice(itertools.cycle(flows), lookups), lookups),
        "new": _time(lambda address: places.locate(address, first_ns), strangers, len(strangers)),
    }


def _time(look_up: Callable[..., object], subjects: Iterable[object], count: int) -> float:
    start_s = time.process_time()
    for subject in subjects:
        look_up(subject)
    return (time.process_time() - start_s) / count


def main() -> None:
    """Measures, and prints a table."""
    parser = argparse.ArgumentParser(description="What places cost beside the engine.")
    parser.add_argument("--packets", type=int, default=MILLION)
    parser.add_argument("--lookups", type=int, default=MILLION)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        load = Path(name, "load.pcap")
        write_load(load, arguments.packets, mix=VENDOR)
        engine_s, flows = time_engine(load)
        costs = time_places(Path(name), flows, arguments.lookups)
    of_a_flow_s = engine_s / len(flows)
    servers = len({flow.server for flow in flows})
    print(f"{len(flows)} flows of the vendor to {servers} servers in {arguments.packets} packets")
    print(f"{'engine':8}{of_a_flow_s * MILLION:8.2f} s for a million flows")
    for kind, cost_s in costs.items():
        print(f"{kind:8}{cost_s * MILLION:8.2f} s for a million look-ups {cost_s / of_a_flow_s:8.1%}")


if __name__ == "__main__":
    main()
