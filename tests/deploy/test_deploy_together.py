"""The services of compose.yaml, started together: Debian's programs with the commands of the file."""

import json
import shutil
import subprocess
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import yaml

from tests.deploy.test_deploy_compose import SERVICES, lay_out
from tests.lab.lab import wait_for
from tests.machine import NETMON, need

pytestmark = [pytest.mark.lab, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
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

    def start(self, *words):
        """Starts a program that runs until the end of the test."""
        process = subprocess.Popen(
            [*self._enter, *words], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)

    def start_service(self, name):
        """Starts a service with its own command; its absolute paths are below the test's folder."""
        root = lay_out(name, self._folder / name)
        command = [word.replace("=/", f"={root}/") for word in SERVICES[name]["command"]]
        self.start(shutil.which(name) or f"prometheus-{name}", *command)  # Debian's name for it

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


def test_services_work_together(host):
    """The sensor is scraped, Alertmanager found, every rule loaded; health checks succeed, and can fail."""
    for name in ("prometheus", "alertmanager"):
        assert not host.is_healthy(name)
    host.start(*NETMON, "run", "-i", "lo")
    for name in ("prometheus", "alertmanager"):
        host.start_service(name)
    for name in ("prometheus", "alertmanager"):
        wait_for(lambda name=name: host.is_healthy(name), f"{name} is healthy")

    def targets():
        return [
            (one["labels"]["job"], one["health"]) for one in host.query("targets").get("activeTargets", [])
        ]

    wait_for(lambda: targets() == [("netmon", "up")], "Prometheus scrapes netmon")
    wait_for(lambda: host.query("alertmanagers").get("activeAlertmanagers"), "Prometheus knows Alertmanager")
    loaded = {rule["name"] for group in host.query("rules")["groups"] for rule in group["rules"]}
    for file in (ROOT / "grafana" / "alerts").glob("*.yml"):
        for group in yaml.safe_load(file.read_text(encoding="utf-8")).get("groups", []):
            assert {rule.get("alert") or rule["record"] for rule in group["rules"]} <= loaded
