"""A site in every state that the dashboards must show well, in simulated time: an hour each."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from tests.grafana.boards import Range, targets
from tests.grafana.recording import CHOSEN, Recording
from tests.grafana.simulation import BEGIN_S, Database, Sensor
from tests.records import DISPUTED, EXPECTED, MOSCOW, UNDECIDED, UNEXPECTED, ZURICH

CRITICAL = replace(UNEXPECTED, severity="critical")


def work(sensor: Sensor, until_s: float = 3600, expected: int = 3, undecided: int = 1) -> None:
    """Lets a sensor see flows of an ordinary office; one group in two minutes."""
    for second in sensor.until(until_s):
        if second % 120 == 60:
            sensor.see(ZURICH, EXPECTED, flows=expected)
            sensor.see(DISPUTED, UNDECIDED, flows=undecided)


def clean(sensor: Sensor) -> None:
    """Everything as promised."""
    work(sensor)


def moscow(sensor: Sensor) -> None:
    """Four flows to Moscow among ordinary traffic."""
    work(sensor, 1800)
    sensor.see(MOSCOW, CRITICAL, flows=4, sent=1970)
    work(sensor)


def undecided(sensor: Sensor) -> None:
    """Nothing could be judged."""
    work(sensor, expected=0, undecided=4)


def poor_view(sensor: Sensor) -> None:
    """The mirror loses packets."""
    work(sensor, 1800)
    sensor.stats["degraded"] = {("eth1", "unseen"): 1}
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
    sensor.see(MOSCOW, CRITICAL, flows=4, sent=1970)
    work(sensor, 1800)
    sensor.now_s += 30
    sensor.restart()
    work(sensor)


def first_day(sensor: Sensor) -> None:
    """The sensor was started for the first time ten minutes ago."""
    sensor.now_s += 3000
    sensor.start()
    work(sensor)


def office(sensor: Sensor) -> None:
    """An hour of an office with the first vendor's products, for the documentation."""
    frankfurt = replace(ZURICH, location="frankfurt", country="DE", city="Frankfurt")
    nothing_promised = replace(UNDECIDED, reason="no_promise", lacks="promise")
    disputed = replace(UNDECIDED, lacks="place")
    vendor = "kaspersky"
    for second in sensor.until(3600):
        step = int(second) // 15
        if second < 60:
            continue
        if step % 2:
            sent = 3_000 + 700 * (step * 7 % 11)
            sensor.see(ZURICH, EXPECTED, 1 + step % 3, sent, sent // 2, of=(vendor, "reputation"))
        if step % 16 == 3:
            sensor.see(ZURICH, EXPECTED, 1, 90_000, 4_000, of=(vendor, "files"))
        if step % 6 == 0:
            sensor.see(frankfurt, nothing_promised, 1, 2_000, 90_000, of=(vendor, "updates"))
        if step % 10 == 5:
            sensor.see(DISPUTED, disputed, 1, 4_000, 3_000, of=(vendor, "reputation"))
        if step in (133, 134, 171, 172):
            sensor.see(MOSCOW, CRITICAL, 1, 1_970, 2_600, of=(vendor, "reputation"))


SCENES: Mapping[str, Callable[[Sensor], None]] = {
    one.__name__: one for one in (clean, moscow, undecided, poor_view, idle, dead, restarted, first_day)
}


def record_scene(scene: Callable[[Sensor], None], begin_s: float = BEGIN_S) -> Recording:
    """The responses of a real Prometheus to every query of the dashboards about a scene."""
    database = Database()
    scene(Sensor(database, begin_s=begin_s))
    when = Range(begin_s, begin_s + 3600, 15)
    made = Recording(when)
    with tempfile.TemporaryDirectory() as folder, database.served(Path(folder)) as server:
        for one in targets():
            made.answers[one.name] = server.panel(one, CHOSEN, when)
    return made
