"""The example for Alertmanager: which alerts a real Alertmanager mutes because of another one."""

import json
import shutil
import socket
import subprocess
import urllib.request

import pytest

from tests.grafana.expressions import GRAFANA
from tests.lab.lab import wait_for
from tests.machine import need

pytestmark = [pytest.mark.slow, pytest.mark.reuse("grafana", "tests/grafana", "tests/machine.py")]

SENSOR = ("job=netmon", "instance=a:10977")
FORBIDDEN = ("alertname=ForbiddenVendor", "severity=warning", "vendor=acme", *SENSOR)


@pytest.fixture
def manager(tmp_path):
    """A function that gives alerts to Alertmanager and returns the names of those that are muted."""
    need("amtool")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"--alertmanager.url=http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [
            shutil.which("alertmanager") or "prometheus-alertmanager",
            f"--config.file={GRAFANA / 'alerts' / 'alertmanager.example.yml'}",
            f"--storage.path={tmp_path}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def amtool(*words):
        return subprocess.run(["amtool", url, *words], capture_output=True, text=True, check=False)

    def status():
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/alerts", timeout=5) as answer:
            return [(one["labels"]["alertname"], one["status"]["inhibitedBy"]) for one in json.load(answer)]

    def muted(*alerts):
        for labels in alerts:
            added = amtool("alert", "add", *labels)
            assert added.returncode == 0, added.stderr
        wait_for(lambda: len(status()) == len(alerts), "the alerts are there")
        return [name for name, inhibited_by in status() if inhibited_by]

    try:
        wait_for(lambda: amtool("alert", "query").returncode == 0, "Alertmanager answers")
        yield muted
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(("severity", "expected"), [("warning", ["UnexpectedDestination"]), ("critical", [])])
def test_a_forbidden_vendor_does_not_drown_a_critical_finding(manager, severity, expected):
    """4,000 machines that are being migrated mute lesser findings of that vendor, not a flow to Moscow."""
    finding = (
        "alertname=UnexpectedDestination",
        f"severity={severity}",
        "vendor=acme",
        "country=RU",
        *SENSOR,
    )
    assert manager(FORBIDDEN, finding) == expected


def test_an_interface_that_is_down_mutes_what_follows_from_it(manager):
    """That no packets arrive on it; not on another one."""
    port = ("severity=critical", *SENSOR)
    down = ("alertname=InterfaceDown", "interface=m3", *port)
    silent = ("alertname=NoPackets", "interface=m3", *port)
    other = ("alertname=ViewInsufficient", "interface=m1", *port)
    assert manager(down, silent, other) == ["NoPackets"]


def test_a_finding_of_another_vendor_is_not_muted(manager):
    """Nor is one that another sensor reports."""
    other = ("alertname=UnexpectedDestination", "severity=warning", "vendor=globex", *SENSOR)
    elsewhere = ("alertname=UnexpectedDestination", "severity=warning", "vendor=acme", "job=netmon")
    assert manager(FORBIDDEN, other, (*elsewhere, "instance=b:10977")) == []
