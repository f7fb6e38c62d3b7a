"""Metrics about the process and the sensor."""

import os
import time

from prometheus_client import CollectorRegistry, generate_latest

from netmon.outputs.process import register_process


def test_the_process_is_described():
    """Memory, CPU time, open files and the time of the start are those of this process."""
    registry = CollectorRegistry()
    register_process(registry, "edge", "Bern")
    value = registry.get_sample_value
    assert value("process_resident_memory_bytes") > 1e6
    assert 0 < value("process_cpu_seconds_total") < time.process_time() + 1
    assert 0 < value("process_open_fds") <= len(os.listdir("/proc/self/fd")) + 1  # noqa: PTH208
    assert 0 < value("process_start_time_seconds") < time.time()


def test_the_sensor_has_a_name_and_a_site():
    """Both are labels, whatever characters they contain; without a site, the label is empty."""
    for sensor, site, line in (
        ("edge", "Bern", 'netmon_sensor_info{sensor="edge",site="Bern"} 1.0'),
        ("edge", "", 'netmon_sensor_info{sensor="edge",site=""} 1.0'),
        ('a"b', "Zürich", 'netmon_sensor_info{sensor="a\\"b",site="Zürich"} 1.0'),
    ):
        registry = CollectorRegistry()
        register_process(registry, sensor, site)
        assert line in generate_latest(registry).decode().splitlines()
