"""A site in every state that the dashboards must show well, in simulated time: an hour each."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from netmon.records import ConcernStanding
from netmon.signatures.folder import default_folder
from tests import records
from tests.grafana import counters
from tests.grafana.boards import Range, Target, targets
from tests.grafana.recording import CHOSEN, Recording
from tests.grafana.simulation import BEGIN_S, SCRAPE_S, Database, Sensor
from tests.records import DISPUTED, EXPECTED, MOSCOW, UNEXPECTED, ZURICH

CRITICAL = replace(UNEXPECTED, severity="critical")
EXCLUDED, POSSIBLE, LOCATED = (
    (ConcernStanding("RU", standing),) for standing in ("excluded", "possible", "located")
)
UNDECIDED = replace(records.UNDECIDED, lacks="place")
NOT_RUSSIA = replace(ZURICH, not_in=("RU",))


def work(sensor: Sensor, until_s: float = 3600, expected: int = 3, undecided: int = 1) -> None:
    """Lets a sensor see flows of an ordinary office; one group in two minutes."""
    for second in sensor.until(until_s):
        if second % 120 == 60:
            sensor.see(NOT_RUSSIA, EXPECTED, flows=expected, concerns=EXCLUDED)
            sensor.see(DISPUTED, UNDECIDED, flows=undecided, rtt_ms=38, concerns=POSSIBLE)


def reach_moscow(sensor: Sensor) -> None:
    """Lets a sensor see four flows to Moscow."""
    sensor.see(MOSCOW, CRITICAL, flows=4, sent=1970, rtt_ms=62, concerns=LOCATED)
    sensor.stats |= counters.destination(int(sensor.now_s), "acme", "RU")


def clean(sensor: Sensor) -> None:
    """Everything as promised."""
    work(sensor)


def moscow(sensor: Sensor) -> None:
    """Four flows to Moscow among ordinary traffic."""
    work(sensor, 1800)
    reach_moscow(sensor)
    work(sensor)


def undecided(sensor: Sensor) -> None:
    """Nothing could be judged."""
    work(sensor, expected=0, undecided=4)


def poor_view(sensor: Sensor) -> None:
    """The mirror loses packets."""
    sensor.stats["degraded"] = dict.fromkeys((("eth1", one) for one in ("unseen", "dropped", "gap")), 0)
    work(sensor, 1800)
    sensor.stats["degraded"] = {("eth1", "unseen"): 1, ("eth1", "dropped"): 1, ("eth1", "gap"): 0}
    work(sensor)


def idle(sensor: Sensor) -> None:
    """Traffic, but none of a known vendor."""
    sensor.run(3600)


def dead(sensor: Sensor) -> None:
    """The sensor ended after half an hour."""
    work(sensor, 1800)


def restarted(sensor: Sensor) -> None:
    """The sensor was restarted after it had found something."""
    work(sensor, 1500)
    reach_moscow(sensor)
    work(sensor, 1800)
    sensor.now_s += 30
    sensor.restart()
    work(sensor)


def first_day(sensor: Sensor) -> None:
    """The sensor was started for the first time ten minutes ago."""
    sensor.now_s += 3000
    sensor.start()
    work(sensor)


OFFICE_S = 5400
"""The office works for half an hour before the hour that is drawn, so that no series is born in it."""


def office(sensor: Sensor) -> None:
    """An office with the first vendor's products, for the documentation."""
    frankfurt = replace(NOT_RUSSIA, location="frankfurt", country="DE", city="Frankfurt")
    nothing_promised = replace(UNDECIDED, reason="no_promise", lacks="promise")
    reputation, files, updates = (
        ("kaspersky", component) for component in ("reputation", "files", "updates")
    )
    for second in sensor.until(OFFICE_S):
        step = int(second) // 15
        if step % 2:
            sent = 3_000 + 700 * (step * 7 % 11)
            flows = 1 + step % 3
            sensor.see(NOT_RUSSIA, EXPECTED, flows, sent, sent // 2, of=reputation, concerns=EXCLUDED)
        if step % 16 == 3:
            sensor.see(NOT_RUSSIA, EXPECTED, 1, 90_000, 4_000, of=files, concerns=EXCLUDED)
        if step % 6 == 0:
            sensor.see(frankfurt, nothing_promised, 1, 2_000, 90_000, updates, 7, EXCLUDED)
        if step % 10 == 5:
            sensor.see(DISPUTED, UNDECIDED, 1, 4_000, 3_000, reputation, 38, POSSIBLE)
        if step in (60, 253, 254, 291, 292):
            sensor.see(MOSCOW, CRITICAL, 1, 1_970, 2_600, reputation, 62, LOCATED)


SCENES: Mapping[str, Callable[[Sensor], None]] = {
    one.__name__: one for one in (clean, moscow, undecided, poor_view, idle, dead, restarted, first_day)
}


def record_scene(scene: Callable[[Sensor], None], begin_s: float = BEGIN_S + 240) -> Recording:
    """The responses of a real Prometheus to every query of the dashboards about an hour of a scene."""
    database = Database()
    scene(Sensor(database, begin_s=begin_s))
    return ask(database, Range(begin_s, begin_s + 3600, SCRAPE_S), CHOSEN)


def record_office(end_s: float) -> Recording:
    """The same about the office with the first vendor's products, whose last hour is drawn."""
    database = Database()
    office(Sensor(database, "sensor-1:10977", end_s - OFFICE_S, signatures=default_folder()))
    return ask(database, Range(end_s - 3600, end_s, SCRAPE_S), CHOSEN | {"vendor": "kaspersky"})


def ask(database: Database, when: Range, chosen: Mapping[str, str]) -> Recording:
    """The responses to every query."""
    made = Recording(when)
    with tempfile.TemporaryDirectory() as folder, database.served(Path(folder)) as server:
        for one in targets():
            made.answers[one.name] = _in_order(one, server.panel(one, chosen, when))
    return made


def _in_order(one: Target, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The result of a query in the same order every time; Prometheus gives that of a vector in any order."""
    if one.query["expr"].startswith("sort"):
        return found
    return sorted(found, key=lambda series: sorted(series["metric"].items()))
