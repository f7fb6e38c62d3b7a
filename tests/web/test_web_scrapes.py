"""Scrapes of the sensor's own registry."""

from netmon.outputs.prometheus import Prometheus
from netmon.web.scrapes import Scrapes
from tests.outputs.engine_stats import STATS


def test_name_selects_samples_of_the_sensor():
    """`name[]` selects samples, though the sensor's collector does not say in advance what it has."""
    scrapes = Scrapes(Prometheus("1.2.3", lambda: STATS).registry)
    names = ["netmon_folded_reports_total", "netmon_absent"]
    body = scrapes.write("", names, compress=False).body.decode()
    samples = [line for line in body.splitlines() if not line.startswith("#")]
    assert samples == ["netmon_folded_reports_total 0.0"]
