"""The services of compose.yaml, started together: Debian's programs with the commands of the file."""

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlencode

import pytest
import yaml

from tests.deploy.test_deploy_compose import SERVICES, lay_out
from tests.lab.lab import wait_for
from tests.machine import NETMON, need

pytestmark = [pytest.mark.lab, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
WITHIN_S = 90.0
FINDING = """
import threading, time
from netmon.outputs.prometheus import Prometheus
from netmon.web.scrapes import Scrapes
from netmon.web.guard import WebGuard
from netmon.web.handler import Site
from netmon.web.listeners import open_listeners
from netmon.web.options import WebOptions
from netmon.web.server import WebServer
from tests.outputs.engine_stats import STATS
from tests.records import MOSCOW, UNEXPECTED, classified

metrics = Prometheus("1", lambda: STATS)
metrics.flow(classified(MOSCOW, UNEXPECTED, flow_id=4711, last_ns=time.time_ns()))
options = WebOptions()
scrapes, live = Scrapes(metrics.registry), Scrapes(metrics.live_registry)
site = Site(scrapes, live, "1", "a", options, WebGuard(None, print), bool, str)
WebServer(open_listeners(options, {}), site).start()
threading.Event().wait()
"""
API = "http://127.0.0.1:9090/api/v1"


@pytest.fixture
def host(tmp_path):
    """A host with only a loopback interface, on which programs are started and queried."""
    need("ip", "curl", "prometheus", "amtool", "wget")
    with ExitStack() as stack:
        yield Host(tmp_path, stack)


class Host:
    """A network namespace, kept by a process that sleeps until the end."""

    def __init__(self, folder, stack):
        self._folder = folder
        self._stack = stack
        words = "ip link set lo up && echo up && exec cat"
        holder = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", words], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        stack.callback(holder.communicate)
        assert holder.stdout.readline() == b"up\n"
        self._enter = ["nsenter", "--net", f"--target={holder.pid}"]

    def log(self, name):
        """The file with the output of a service."""
        return self._folder / f"{name}.log"

    def start(self, *words, log=Path(os.devnull)):
        """Starts a program that runs until the end of the test."""
        with log.open("ab") as out:
            process = subprocess.Popen(
                [*self._enter, *words], cwd=ROOT, stdout=out, stderr=subprocess.DEVNULL
            )
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)

    def start_service(self, name):
        """Starts a service with its own command; its absolute paths are below the test's folder."""
        root = lay_out(name, self._folder / name)
        command = [word.replace("=/", f"={root}/") for word in SERVICES[name]["command"]]
        if "entrypoint" in SERVICES[name]:
            _, *script = SERVICES[name]["entrypoint"]
            program = [sys.executable, *(f"{root}{path}" for path in script)]
        else:
            program = [shutil.which(name) or f"prometheus-{name}"]  # Debian's name for it
        self.start(*program, *command, log=self.log(name))

    def is_healthy(self, name):
        """Whether the health check of a service succeeds."""
        kind, *check = SERVICES[name]["healthcheck"]["test"]
        assert kind == "CMD"
        return subprocess.run([*self._enter, *check], capture_output=True, check=False).returncode == 0

    def query(self, what):
        """The response of Prometheus' API; empty until it is up."""
        done = subprocess.run(
            [*self._enter, "curl", "-sf", f"{API}/{what}"], capture_output=True, check=False
        )
        with suppress(json.JSONDecodeError):
            return json.loads(done.stdout)["data"]
        return {}


def stack_rules():
    """The alerts about the monitoring itself."""
    file = ROOT / "deploy" / "stack-alerts.yml"
    return [rule for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]


def test_services_work_together(host):
    """All are scraped, every rule is loaded, an alert is logged; health checks succeed, and can fail."""
    services = ("prometheus", "alertmanager", "receiver")
    for name in services:
        assert not host.is_healthy(name)
    host.start(*NETMON, "run", "-i", "lo")
    for name in services:
        host.start_service(name)
    for name in services:
        wait_for(lambda name=name: host.is_healthy(name), f"{name} is healthy")

    def targets():
        found = host.query("targets").get("activeTargets", [])
        return {one["labels"]["job"]: one["health"] for one in found}

    expected = {
        "netmon": "up",
        "prometheus": "up",
        "alertmanager": "up",
        "grafana": "down",
    }  # no Grafana here
    wait_for(lambda: targets() == expected, "Prometheus scrapes all services")
    wait_for(lambda: host.query("alertmanagers").get("activeAlertmanagers"), "Prometheus knows Alertmanager")
    loaded = {rule["name"] for group in host.query("rules")["groups"] for rule in group["rules"]}
    for file in (*(ROOT / "grafana" / "alerts").glob("*.yml"), ROOT / "deploy" / "stack-alerts.yml"):
        for group in yaml.safe_load(file.read_text(encoding="utf-8")).get("groups", []):
            assert {rule.get("alert") or rule["record"] for rule in group["rules"]} <= loaded
    metrics = {name for rule in stack_rules() for name in re.findall(r"\w+_\w+(?=\[| ==)", rule["expr"])}
    assert len(metrics) > 4
    for name in metrics:
        wait_for(
            lambda name=name: host.query(f"query?query={name}").get("result"), f"{name} exists", WITHIN_S
        )
    wait_for(lambda: "alerts arrive" in host.log("receiver").read_text(), "an alert is in the log", WITHIN_S)


def test_failed_notifications_are_noticed(host):
    """Without the receiver, the metrics grow on which the alert of failed notifications rests."""
    for name in ("alertmanager", "prometheus"):
        host.start_service(name)
    failed = "query?query=alertmanager_notification_requests_failed_total"
    wait_for(lambda: host.query(failed).get("result"), "it is scraped before an attempt fails", WITHIN_S)
    # Prometheus' own alert may come before it has found Alertmanager, and is sent again only after a minute.
    host.start("amtool", "alert", "add", "Trial", "--alertmanager.url=http://127.0.0.1:9093")
    [rule] = [rule for rule in stack_rules() if rule["alert"] == "NotificationsFailing"]
    wait_for(
        lambda: host.query(f"query?{urlencode({'query': rule['expr']})}").get("result"),
        "the alert begins",
        WITHIN_S,
    )


def test_flow_of_a_finding_is_stored(host):
    """Prometheus, as configured, stores the flow id of a finding as an exemplar."""
    host.start(sys.executable, "-c", FINDING)
    host.start_service("prometheus")
    query = "query_exemplars?query=netmon_flows_total&start=2023-01-01T00:00:00Z&end=2100-01-01T00:00:00Z"

    def stored():
        found = host.query(query)
        return {one["labels"]["flow_id"] for series in found for one in series["exemplars"]}

    wait_for(lambda: stored() == {"4711"}, "the exemplar is stored", WITHIN_S)
