"""Scenes as a sensor would have recorded them: as events, and from these as a store."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from netmon.outputs.events import Events
from netmon.outputs.observer import Observer
from netmon.outputs.run_events import RunEvents
from netmon.privacy import ADDRESS, Privacy
from netmon.report.build import build
from netmon.report.gather import gather
from netmon.report.model import Report
from netmon.signatures.folder import default_folder
from netmon.signatures.load import load_folder
from netmon.store.intake import Intake
from netmon.store.queries import Scope
from netmon.store.sqlite import MEMORY, SqliteStore
from tests.report.scenes import DAYS, HOUR_NS, SCENES, START_NS, Watch

SIGNATURES = load_folder(default_folder())
CONDITIONS = {
    "version": "1.2.3",
    "program_sha256": "a1" * 32,
    "configuration_sha256": "c0" * 32,
    "signatures": {"sha256": SIGNATURES.sha256, "vendors": ["kaspersky"]},
    "databases": [{"name": "DB-IP City Lite", "provider": "dbip", "date": "2026-08-05", "sha256": "5e" * 32}],
    "subject": {"country": "DE"},
    "privacy_level": ADDRESS,
}


class Lines(list[str]):
    """A stream that keeps its lines."""

    def write(self, line: str) -> None:
        """Keeps a line."""
        self.append(line)

    def flush(self) -> None:
        """Does nothing."""


def record(watches: list[Watch]) -> list[str]:
    """The events of a scene, sensor by sensor."""
    lines = Lines()
    for watch in watches:
        observer = Observer(watch.sensor, watch.site or "", f"run-of-{watch.sensor}")
        position = {"latitude": watch.latitude, "longitude": watch.longitude}
        conditions = CONDITIONS | ({"position": position} if watch.latitude is not None else {})
        events = Events(lines, Privacy(ADDRESS, bytes(32)), SIGNATURES.locations, observer)
        run = RunEvents([lines], observer, is_live=True)
        about = {"conditions": conditions, "interfaces": [watch.interface], "filter": watch.filter}
        run.run("start", START_NS, **about)
        for one in watch.flows:
            events.flow(one)
        stretches = list(_stretches(watch))
        for number, (begin, end) in enumerate(stretches, 1):
            run.view(
                _stats(watch, number / len(stretches)), START_NS + begin * HOUR_NS, START_NS + end * HOUR_NS
            )
        end_ns = START_NS + DAYS * 24 * HOUR_NS
        run.run("end", end_ns, **about)
    return list(lines)


def _stretches(watch: Watch) -> Iterator[tuple[int, int]]:
    """The hours between the gaps."""
    begin = 0
    for since, until in watch.gaps:
        yield begin, since
        begin = until
    yield begin, DAYS * 24


def _stats(watch: Watch, part: float) -> dict[str, Any]:
    """The counters after a part of the time, as the engine gives them."""
    view = {"packets": watch.packets, "flow_packets": watch.packets, **watch.counters}
    flows = view.pop("flows", 400_000)
    encrypted = view.pop("encrypted_dns", 0)
    dropped = view.pop("dropped", 0)
    grown = {name: round(count * part) for name, count in view.items()}
    return {
        "view": {watch.interface: grown},
        "interfaces": {watch.interface: {"dropped": round(dropped * part), "up": 1}},
        "named": {"sni": round(flows * part)},
        "unnamed": {reason: round(count * part) for reason, count in watch.unnamed.items()},
        "encrypted_dns": {"doh": round(encrypted * part)},
    }


def store_of(lines: list[str]) -> SqliteStore:
    """A store in memory with these events."""
    store = SqliteStore(MEMORY)
    intake = Intake(store, MEMORY)
    for line in lines:
        intake.write(line)
    intake.flush()
    return store


def make_report(name: str) -> Report:
    """The report on a scene, from a store of its own."""
    with_store = store_of(record(SCENES[name]()))
    try:
        facts = gather(with_store, Scope(vendor="kaspersky"))
    finally:
        with_store.close()
    return build(facts, SIGNATURES, ["kaspersky"], ["netmon", "report"])


@functools.cache  # nothing in it can be changed
def report_of(name: str) -> Report:
    """The report on a scene, made once."""
    return make_report(name)
