"""Metrics of the interfaces of a live capture."""

import pytest
from prometheus_client import generate_latest

from netmon._engine import Engine, Matcher
from netmon.outputs.prometheus import Prometheus


@pytest.fixture
def lines():
    """Make the lines of a scrape for these counters of interfaces."""

    def lines(**interfaces):
        stats = Engine(Matcher([], [], [])).stats() | {"interfaces": interfaces}
        return generate_latest(Prometheus("1.0", lambda: stats).registry).decode().splitlines()

    return lines


def test_an_interface_that_is_not_captured_keeps_its_counters(lines):
    """Its state is 0, and its other series stay."""
    m1 = {"packets": 15, "dropped": 1, "interface_dropped": 2, "up": 1, "interruptions": 0}
    m3 = {"packets": 7, "dropped": 0, "interface_dropped": 0, "up": 0, "interruptions": 4}
    scrape = lines(m1=m1, m3=m3)
    for line in (
        'netmon_interface_up{interface="m1"} 1.0',
        'netmon_interface_up{interface="m3"} 0.0',
        'netmon_interface_interruptions_total{interface="m1"} 0.0',
        'netmon_interface_interruptions_total{interface="m3"} 4.0',
        'netmon_capture_packets_total{interface="m3"} 7.0',
        'netmon_capture_dropped_packets_total{interface="m1",reason="interface"} 2.0',
    ):
        assert line in scrape


def test_a_source_without_interfaces_shows_none(lines):
    """A file has no interface that could be down."""
    assert not [line for line in lines() if line.startswith("netmon_interface_")]
