"""The laboratory's minute, lived through once for all tests of the dashboards."""

import pytest

from tests.grafana.recording import record
from tests.machine import need, need_root


@pytest.fixture(scope="session")
def recording(tmp_path_factory):
    """What Prometheus answers to every question of the dashboards."""
    need_root()
    need("ip", "tc", "ethtool", "tcpdump", "tshark", "curl", "prometheus", "amtool")
    return record(tmp_path_factory.mktemp("dashboards"))
