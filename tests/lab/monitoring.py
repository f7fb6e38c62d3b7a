"""Prometheus and Alertmanager beside the sensor, with the shipped rules, and a webhook that records all."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.parse
from pathlib import Path
from typing import Any

import yaml

from tests.lab.lab import METRICS_PORT, Lab, wait_for

GRAFANA = Path(__file__).parents[2] / "grafana"
PROMETHEUS, ALERTMANAGER, WEBHOOK = 9090, 9093, 9095

# As shipped, except for the intervals: a test does not wait for minutes.
SCRAPE = {
    "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
    "rule_files": [str(GRAFANA / "alerts" / name) for name in ("recording.yml", "alerts.yml")],
    "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{ALERTMANAGER}"]}]}]},
    "scrape_configs": [
        {"job_name": "netmon", "static_configs": [{"targets": [f"127.0.0.1:{METRICS_PORT}"]}]},
    ],
}
RECEIVER = """
import http.server, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open(sys.argv[2], "ab") as file:
            file.write(self.path.encode() + b" " + body.replace(b"\\n", b" ") + b"\\n")
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


class Monitoring:
    """The monitoring of the sensor; everything runs on the sensor's host, on loopback."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self._lab = lab
        self._deliveries = folder / "deliveries.txt"
        self._deliveries.touch()
        manager = yaml.safe_load(
            (GRAFANA / "alerts" / "alertmanager.example.yml").read_text(encoding="utf-8")
        )
        manager["route"]["group_wait"] = "1s"
        for name, content in (("prometheus.yml", SCRAPE), ("alertmanager.yml", manager)):
            (folder / name).write_text(yaml.safe_dump(content), encoding="utf-8")
        lab.start("sensor", sys.executable, "-c", RECEIVER, str(WEBHOOK), str(self._deliveries))
        self._start(
            shutil.which("alertmanager") or "prometheus-alertmanager",
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'alertmanager'}",
            f"--web.listen-address=127.0.0.1:{ALERTMANAGER}",
            "--cluster.listen-address=",
        )
        self._start(
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'prometheus'}",
            f"--web.listen-address=127.0.0.1:{PROMETHEUS}",
            "--rules.alert.resend-delay=2s",
        )
        wait_for(lambda: bool(self.query("up == 1")), "Prometheus scrapes the sensor")

    def query(self, expression: str, at_s: float | None = None) -> list[dict[str, Any]]:
        """The result of an instant query, at a time or now; empty while Prometheus does not answer."""
        words = {"query": expression} | ({} if at_s is None else {"time": str(at_s)})
        question = urllib.parse.urlencode(words)
        answer = self._lab.get("sensor", f"http://127.0.0.1:{PROMETHEUS}/api/v1/query?{question}")
        return json.loads(answer)["data"]["result"] if answer else []

    def call(self, path: str, **words: str) -> Any:
        """The response of Prometheus' API, for example to `query_range`; fails the test if it is an error."""
        question = urllib.parse.urlencode(words)
        url = f"http://127.0.0.1:{PROMETHEUS}/api/v1/{path}?{question}"
        answer = json.loads(self._lab.run("sensor", "curl", "-sS", "--globoff", url))
        assert answer["status"] == "success", f"{answer['error']}: {words}"
        return answer["data"]

    def deliveries(self) -> list[tuple[str, dict[str, Any]]]:
        """What the webhook received so far: path and alert, one for each alert of each message."""
        found = []
        for line in self._deliveries.read_text(encoding="utf-8").splitlines():
            path, _, body = line.partition(" ")
            found += [(path, alert) for alert in json.loads(body)["alerts"]]
        return found

    def _start(self, *words: str) -> None:
        self._lab.start("sensor", *words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
