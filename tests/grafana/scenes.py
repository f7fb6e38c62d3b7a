"""A site in every state that the dashboards must show well, in simulated time: an hour, ending at `WHEN`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from tests.grafana.boards import Range, targets
from tests.grafana.recording import CHOSEN, Recording
from tests.grafana.simulation import BEGIN_S, Database, Sensor
from tests.records import DISPUTED, EXPECTED, MOSCOW, UNDECIDED, UNEXPECTED, ZURICH

WHEN = Range(BEGIN_S, BEGIN_S + 3600, 15)
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


SCENES: Mapping[str, Callable[[Sensor], None]] = {
    one.__name__: one for one in (clean, moscow, undecided, poor_view, idle, dead, restarted, first_day)
}


def record_scene(name: str) -> Recording:
    """The responses of a real Prometheus to every query of the dashboards about a scene."""
    database = Database()
    SCENES[name](Sensor(database))
    made = Recording(WHEN)
    with tempfile.TemporaryDirectory() as folder, database.served(Path(folder)) as server:
        for one in targets():
            made.answers[one.name] = server.panel(one, CHOSEN, WHEN)
    return made
