"""`increase` alone is right over births, gaps, restarts and for several scrapers, in a real Prometheus."""

import pytest

from tests.grafana.simulation import BEGIN_S, SIMULATED, Sensor
from tests.records import EXPECTED, MOSCOW, UNEXPECTED, ZURICH

pytestmark = [pytest.mark.slow, SIMULATED]

RESOLUTION = 0.02
"""What Prometheus' extrapolation to the ends of a range may add or take."""


def flows(server, when_s, window="1h", job="netmon"):
    expression = f'sum(increase(netmon_flows_total{{job="{job}"}}[{window}]))'
    return server.number(expression, BEGIN_S + when_s)


def test_the_first_flow_is_an_increase(database, tmp_path):
    """A flow that brings its series into being is counted, although the sensor is scraped a moment later."""
    sensor = Sensor(database)
    sensor.run(600)
    sensor.see(MOSCOW, UNEXPECTED, flows=4)
    sensor.run(3600)
    with database.served(tmp_path) as server:
        assert flows(server, 3600) == pytest.approx(4, rel=RESOLUTION)


@pytest.mark.parametrize("gap_s", [40, 300, 900])
def test_a_gap_is_no_birth(database, tmp_path, gap_s):
    """What was counted before missed scrapes is not counted again; what grew meanwhile is counted once."""
    sensor = Sensor(database)
    for second in sensor.until(1800):
        if second % 60 == 0:
            sensor.see(ZURICH, EXPECTED, sent=10_000)
    sensor.now_s += gap_s
    sensor.see(ZURICH, EXPECTED, flows=5)
    sensor.run(3600)
    with database.served(tmp_path) as server:
        assert flows(server, 3600, "30m") == pytest.approx(5, rel=0.1)
        assert flows(server, 3600) == pytest.approx(35, rel=RESOLUTION)
        sent = "sum(increase(netmon_sent_bytes_total[1h]))"
        assert server.number(sent, BEGIN_S + 3600) == pytest.approx(305_000, rel=RESOLUTION)


@pytest.mark.parametrize(("before", "after"), [(4, 2), (3, 5), (5, 5)])
def test_a_restart_loses_nothing(database, tmp_path, before, after):
    """Flows of both runs add up, also where the new one counts as many as the old one before a scrape."""
    sensor = Sensor(database)
    sensor.run(300)
    sensor.see(MOSCOW, UNEXPECTED, flows=before)
    sensor.run(1500)
    sensor.now_s += 20
    sensor.restart()
    sensor.see(MOSCOW, UNEXPECTED, flows=after)
    sensor.run(3600)
    with database.served(tmp_path) as server:
        assert flows(server, 3600) == pytest.approx(before + after, rel=RESOLUTION)


def test_a_restart_without_further_flows_keeps_what_was_found(database, tmp_path):
    """The series is there again at 0, and the finding's time is the one from before."""
    sensor = Sensor(database)
    sensor.run(300)
    sensor.see(MOSCOW, UNEXPECTED, flows=4)
    found_s = sensor.now_s
    sensor.run(1500)
    sensor.restart()
    sensor.run(3600)
    with database.served(tmp_path) as server:
        assert flows(server, 3600) == pytest.approx(4, rel=RESOLUTION)
        now = BEGIN_S + 3600
        assert server.number("sum(netmon_flows_total)", now) == 0
        assert server.number("max(netmon_unexpected_last_seen_timestamp_seconds)", now) == found_s


def test_two_scrapers_see_the_same(database, tmp_path):
    """One that scrapes every 15 s and one that scrapes every 60 s both see the first flow."""
    sensor = Sensor(database)
    for second in sensor.until(3600):
        if second == 1815:
            sensor.see(MOSCOW, UNEXPECTED, flows=4)
        if second % 60 == 45:
            sensor.scrape("other")
    with database.served(tmp_path) as server:
        assert flows(server, 3600) == pytest.approx(4, rel=RESOLUTION)
        assert flows(server, 3600, job="other") == pytest.approx(4, rel=0.04)


def test_prometheus_that_was_down_sees_the_birth(database, tmp_path):
    """A series that was born while Prometheus was down is 0 at its first scrape after that."""
    sensor = Sensor(database)
    sensor.run(600)
    sensor.now_s += 600
    sensor.see(MOSCOW, UNEXPECTED, flows=4)
    sensor.now_s += 600
    sensor.run(3600)
    with database.served(tmp_path) as server:
        assert flows(server, 3600) == pytest.approx(4, rel=RESOLUTION)
