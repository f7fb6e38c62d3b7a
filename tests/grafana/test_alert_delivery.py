"""From a packet to a notification: a real sensor, Prometheus, Alertmanager and webhook."""

import time

import pytest

from tests.lab.lab import Lab, wait_for
from tests.lab.monitoring import Monitoring
from tests.lab.network import ADDRESSES
from tests.machine import need

pytestmark = [pytest.mark.lab, pytest.mark.slow]

MOSCOW = ADDRESSES["moscow"]
ZONE = {"files.acme.example": {"A": [MOSCOW[0]], "AAAA": [MOSCOW[1]]}}
CONCERN = "policy: {concerns: {acme: [RU]}}\n"
WITHIN_S = 60.0


@pytest.fixture
def lab(tmp_path):
    need("ip", "tc", "ethtool", "tcpdump", "tshark", "curl", "prometheus", "amtool")
    with Lab(tmp_path, offloads=True, zone=ZONE, config=CONCERN) as running:
        yield running


def test_first_flow_to_a_wrong_place_is_delivered(lab, tmp_path):
    """The first flow to a country of concern causes a critical notification within a minute."""
    lab.sensor()
    monitoring = Monitoring(lab, tmp_path)
    wait_for(
        lambda: "/alive" in {path for path, _ in monitoring.deliveries()}, "the watchdog arrives", WITHIN_S
    )
    assert monitoring.query('ALERTS{alertname="UnexpectedDestination"}') == []
    job = {"name": "files.acme.example", "family": 4, "port": 443, "tls": True, "sni": True}
    begin = time.monotonic()
    lab.connect("client-a", [job | {"upload": 50_000, "download": 0}])

    def delivered():
        return [alert for path, alert in monitoring.deliveries() if path == "/soc"]

    wait_for(lambda: bool(delivered()), "the notification arrives", WITHIN_S)
    assert time.monotonic() - begin < WITHIN_S
    [alert] = delivered()
    assert (alert["status"], alert["labels"]["alertname"]) == ("firing", "UnexpectedDestination")
    assert alert["annotations"]["summary"] == "acme (files) reached moscow, RU"
    assert (
        "<" not in alert["annotations"]["description"]
    )  # a template that fails leaves an error in angle brackets
    assert alert["annotations"]["runbook_url"].endswith("/runbooks/UnexpectedDestination")
    clients = {address for host in ("client-a", "client-b") for address in ADDRESSES[host]}
    assert not any(client in str(alert) for client in clients)
