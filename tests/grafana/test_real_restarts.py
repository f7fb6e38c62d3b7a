"""A real sensor that is killed, paused and restarted under a real Prometheus: nothing is lost or invented."""

import signal
import time

import pytest

from tests.grafana.boards import Range, fill_in, targets
from tests.grafana.recording import CHOSEN
from tests.lab.lab import Lab, wait_for
from tests.lab.monitoring import Monitoring
from tests.lab.network import ADDRESSES
from tests.machine import need

pytestmark = [pytest.mark.lab, pytest.mark.slow]

HOLD_S = 4
MOSCOW = ADDRESSES["moscow"]
ZONE = {"files.acme.example": {"A": [MOSCOW[0]], "AAAA": [MOSCOW[1]]}}
UPLOAD = {"name": "files.acme.example", "family": 4, "port": 443, "tls": True, "sni": True}
PANELS = {one.panel["title"]: one for one in targets() if one.board == "overview"}
CRITICAL = 'ALERTS{alertname="UnexpectedDestination", alertstate="firing", severity="critical"}'


@pytest.fixture
def lab(tmp_path):
    need("ip", "tc", "ethtool", "tcpdump", "tshark", "curl", "prometheus", "amtool")
    concern = "policy: {concerns: {acme: [RU]}}\n"
    with Lab(tmp_path, zone=ZONE, config=concern, hold_zero_s=HOLD_S) as running:
        yield running


@pytest.fixture
def monitoring(lab, tmp_path):
    lab.first = lab.sensor()
    return Monitoring(lab, tmp_path)


@pytest.fixture
def shown(monitoring):
    """The number in a panel of the overview, over everything since the test began."""
    begin_s = time.time() - 2

    def shown(title, at_s=None):
        end_s = time.time() if at_s is None else at_s
        expression = fill_in(PANELS[title].query["expr"], CHOSEN, Range(begin_s, end_s, 1))
        found = monitoring.query(expression, at_s)
        return round(float(found[0]["value"][1]), 1) if found else None

    return shown


class Around:
    """Values near a number: the increase of a series of a few seconds is extrapolated by up to a third."""

    def __init__(self, number):
        self._number = number

    def __contains__(self, value):
        return value is not None and 0.8 * self._number <= value <= 1.35 * self._number


def upload(lab, flows=1):
    lab.connect("client-a", [UPLOAD | {"upload": 20_000, "download": 0}] * flows)


def test_killed_and_restarted(lab, monitoring, shown):
    """Verdict, findings, flows and alert are those from before the crash, also while the sensor is dead."""
    upload(lab, flows=4)
    wait_for(lambda: shown("Findings") in Around(4), "the findings are counted")
    wait_for(lambda: bool(monitoring.query(CRITICAL)), "the alert fires")
    time.sleep(1.5)  # the state is written once a second
    lab.first.kill()
    wait_for(lambda: not monitoring.query("up == 1"), "Prometheus misses the sensor")
    assert shown("Verdict") == 3
    assert shown("Findings") in Around(4)
    assert monitoring.query(CRITICAL)
    lab.sensor()
    wait_for(lambda: bool(monitoring.query("up == 1")), "Prometheus scrapes the new sensor")
    time.sleep(HOLD_S + 2)
    assert [one["value"][1] for one in monitoring.query("sum(netmon_flows_total)")] == ["0"]
    assert shown("Verdict") == 3
    assert shown("Findings") in Around(4)
    assert monitoring.query(CRITICAL)
    upload(lab, flows=4)  # as many as before: without a 0 in between this would be no increase
    wait_for(lambda: shown("Findings") in Around(8), "the findings of both runs add up")
    time.sleep(2)
    scraped_s = time.time() - 1  # what is extrapolated grows with time: both at one moment
    assert shown("Findings", scraped_s) in Around(8)
    assert shown("Flows", scraped_s) == shown("Findings", scraped_s)


def test_paused(lab, monitoring, shown):
    """Missed scrapes neither repeat what was counted before, nor lose what happens afterwards."""
    upload(lab, flows=4)
    wait_for(lambda: shown("Findings") in Around(4), "the findings are counted")
    time.sleep(10)
    before = shown("Sent")
    lab.first.signal(signal.SIGSTOP)
    wait_for(lambda: not monitoring.query("up == 1"), "Prometheus misses the sensor")
    time.sleep(20)
    lab.first.signal(signal.SIGCONT)
    wait_for(lambda: bool(monitoring.query("up == 1")), "Prometheus scrapes the sensor again")
    time.sleep(3)
    assert shown("Findings") in Around(4)
    assert shown("Sent") in Around(before)
    upload(lab, flows=2)
    wait_for(lambda: shown("Findings") in Around(6), "later findings are counted once")
