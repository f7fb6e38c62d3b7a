"""The bars of each graph add up to the number beside it, in a real Prometheus."""

from typing import NamedTuple

import pytest
import yaml

from grafana.src.promql import step
from tests.grafana.boards import Range, fill_in, targets
from tests.grafana.expressions import GRAFANA
from tests.grafana.recording import CHOSEN
from tests.grafana.simulation import BEGIN_S, SIMULATED, Sensor
from tests.records import DISPUTED, EXPECTED, MOSCOW, UNDECIDED, UNEXPECTED, ZURICH

pytestmark = [pytest.mark.slow, SIMULATED]

BARS = (
    ("overview", ("Flows by verdict",), ("Flows",)),
    (
        "overview",
        ("Bytes sent and received", "Where the bytes went"),
        ("Sent", "Sent", "Received", "Received"),
    ),
    ("vendor", ("Bytes by component",), ("Sent", "Received")),
    ("vendor", ("Bytes by place",), ("Sent", "Received")),
    ("unexpected", ("Findings by country",), ("Unexpected flows",)),
    ("unexpected", ("Bytes sent with findings",), ("Sent with them",)),
)
"""Graphs of what happened in each step, and the numbers beside them that they add up to."""

MINUTE_S, HOUR_S = 60, 3600
STEPS_S = {
    5 * MINUTE_S: 15,
    15 * MINUTE_S: 15,
    HOUR_S: 60,
    3 * HOUR_S: 180,
    5 * HOUR_S: 300,
    24 * HOUR_S: 1440,
    60 * HOUR_S: 3600,
}
"""The length of a step by that of the time range, in seconds."""
RANGE_BEGIN_S = BEGIN_S + 2 * HOUR_S
BEFORE_S = 20 * MINUTE_S
"""How long before the time range the sensors start."""


class Site(NamedTuple):
    """Sensors, the length of the time range, and how often they are scraped."""

    sensors: list[Sensor]
    length_s: float
    every_s: float

    def moments(self, share=1.0):
        """Lets time pass until a share of the time range; gives each sensor at each moment, numbered."""
        for sensor in self.sensors:
            for second in sensor.until(BEFORE_S + share * self.length_s, self.every_s):
                yield sensor, int(second / self.every_s)

    def wait(self, share=1.0):
        """Lets time pass without flows."""
        for _ in self.moments(share):
            pass

    def pass_unseen(self, length_s):
        """Lets time pass without a scrape."""
        for sensor in self.sensors:
            sensor.now_s += length_s


def dense(site):
    """Flows at every moment, in numbers that vary."""
    for sensor, number in site.moments():
        sensor.see(ZURICH, EXPECTED, flows=1 + number % 3, sent=900 + number * 7 % 700)
        sensor.see(MOSCOW, UNEXPECTED, sent=5000)
        sensor.see(DISPUTED, UNDECIDED, sent=300)


def burst(site):
    """One burst, of series that were there before."""
    for sensor in site.sensors:
        sensor.see(MOSCOW, UNEXPECTED, flows=2, sent=700)
    site.wait(0.41)
    site.sensors[0].see(MOSCOW, UNEXPECTED, flows=4, sent=1970)
    site.wait()


def birth(site):
    """The first flows of all."""
    site.wait(0.13)
    site.sensors[-1].see(MOSCOW, UNEXPECTED, flows=4, sent=1970)
    site.wait()


def birth_at_the_end(site):
    """The first flows of all, three minutes before the end, or three scrapes."""
    length_s = max(180, 3 * site.every_s)
    site.wait(1 - length_s / site.length_s)
    site.sensors[-1].see(MOSCOW, UNEXPECTED, flows=4, sent=1970)
    site.wait()


def gap_at_the_beginning(site):
    """Scrapes are missed where the time range begins, and flows are seen meanwhile."""
    for sensor in site.sensors:
        sensor.see(MOSCOW, UNEXPECTED, flows=2, sent=700)
    site.wait(-2 * MINUTE_S / site.length_s)
    site.pass_unseen(2 * MINUTE_S + site.length_s / 3)
    for sensor in site.sensors:
        sensor.see(MOSCOW, UNEXPECTED, flows=5, sent=800)
    site.wait()


def gap(site):
    """Some scrapes are missed, and flows are seen meanwhile."""
    for sensor in site.sensors:
        sensor.see(MOSCOW, UNEXPECTED, flows=2, sent=700)
    site.wait(0.31)
    site.pass_unseen(site.length_s * 0.17)
    for sensor in site.sensors:
        sensor.see(MOSCOW, UNEXPECTED, flows=5, sent=800)
    site.wait()


def restart(site):
    """The sensors restart after one found something, and find more than before soon after it."""
    site.wait(0.13)
    site.sensors[-1].see(MOSCOW, UNEXPECTED, flows=4, sent=1970)
    site.wait(0.4)
    site.pass_unseen(37)
    for sensor in site.sensors:
        sensor.restart()
        sensor.see(MOSCOW, UNEXPECTED, flows=5, sent=1970)
    site.wait()


def restart_at_once(site):
    """What was found a moment before a restart, and was scraped, is not lost."""
    for sensor in site.sensors:
        sensor.see(MOSCOW, UNEXPECTED, flows=2, sent=700)
    site.wait(0.4)
    for sensor in site.sensors:
        sensor.see(MOSCOW, UNEXPECTED, flows=3, sent=900)
        sensor.now_s += site.every_s
        sensor.scrape()
        sensor.now_s += 37
        sensor.restart()
    site.wait()


def restarts(site):
    """A restart every tenth of the time range, among ordinary traffic."""
    most = int(site.length_s / 10 / site.every_s)
    for sensor, number in site.moments():
        sensor.see(ZURICH, EXPECTED, flows=1 + number % 3)
        if number % most == 1:
            sensor.restart()


SCENES = (
    dense,
    burst,
    birth,
    birth_at_the_end,
    gap,
    gap_at_the_beginning,
    restart,
    restart_at_once,
    restarts,
)


FINDINGS = {
    burst: 4,
    birth: 4,
    birth_at_the_end: 4,
    gap: 10,
    gap_at_the_beginning: 10,
    restart: 14,
    restart_at_once: 6,
}
"""Unexpected flows of both sensors within the time range."""


@pytest.mark.parametrize("length_s", STEPS_S)
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_bars_add_up_to_the_total(database, tmp_path, scene, length_s):
    """The bars of each graph of two sensors add up to the number beside it and to the truth within 2 %."""
    every_s = {24 * HOUR_S: 120, 60 * HOUR_S: 300}.get(length_s, 15)
    sensors = [Sensor(database, f"{name}:10977", RANGE_BEGIN_S - BEFORE_S) for name in ("berlin", "bern")]
    scene(Site(sensors, length_s, every_s))
    when = Range(RANGE_BEGIN_S, RANGE_BEGIN_S + length_s, every_s)
    assert when.step_s == STEPS_S[length_s]
    with database.served(tmp_path) as server:
        for board, graphs, numbers in BARS:
            bars = [one for title in graphs for one in of(board, title)]
            drawn = sum(
                float(value)
                for query in bars
                for series in server.panel(query, CHOSEN, when)
                for _, value in series["values"]
            )
            total = 0.0
            for title in numbers:
                [query] = of(board, title)
                [number] = server.panel(query, CHOSEN, when)
                total += float(number["value"][1])
            assert drawn == pytest.approx(total, rel=0.02), (graphs, numbers)
            if graphs == ("Findings by country",) and scene in FINDINGS:
                assert total == pytest.approx(FINDINGS[scene], rel=0.02)


def test_the_cases_of_promtool_ask_as_the_graphs_do():
    """The expression in the file of promtool's cases is that of the graphs."""
    text = (GRAFANA / "alerts" / "tests" / "increases.yml").read_text(encoding="utf-8")
    [bars] = [one for one in yaml.safe_load(text)["tests"] if one["name"].startswith("bars")]
    chosen = {"job": "netmon", "instance": ".+"}
    expression = fill_in(step("netmon_flows_total"), chosen, Range(0, HOUR_S, 15))
    assert {one["expr"].strip() for one in bars["promql_expr_test"]} == {expression}


def of(board, title):
    """The queries of a panel."""
    return [one for one in targets() if (one.board, one.panel["title"]) == (board, title)]
