"""Metrics about the process, and which sensor it is: the same for any kind of traffic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from netmon.outputs.metrics import METRICS


def register_process(registry: CollectorRegistry, sensor: str, site: str) -> None:
    """Adds `netmon_sensor_info`, and `process_*` as every exporter has them: CPU, memory, files."""
    registry.register(SensorInfo(sensor, site))
    ProcessCollector(registry=registry)


class SensorInfo(Collector):
    """Shows `netmon_sensor_info`."""

    def __init__(self, sensor: str, site: str) -> None:
        self._values = (sensor, site)

    def collect(self) -> Iterator[Metric]:
        """The metric."""
        _, labels, text = METRICS["netmon_sensor"]
        family = InfoMetricFamily("netmon_sensor", text, labels=labels)
        family.add_metric(self._values, {})
        yield family

    def describe(self) -> Iterable[Metric]:
        """The same, since it never changes."""
        return self.collect()
