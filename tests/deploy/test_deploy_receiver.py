"""The receiver of notifications: its lines, and what it does when nothing arrives."""

import json
import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest

from tests.deploy.test_deploy_compose import DEPLOY, run
from tests.grafana.test_alerts import FOLDER
from tests.machine import need

sys.path.insert(0, str(DEPLOY))
import receiver  # a program, not a part of the package

sys.path.remove(str(DEPLOY))

ALERT = {
    "status": "firing",
    "labels": {"alertname": "SensorDown", "severity": "critical", "instance": "a:1", "job": "netmon"},
    "annotations": {
        "summary": "a:1 is down",
        "description": "…",
        "runbook_url": "http://a/runbooks/SensorDown",
    },
}
WATCHDOG = {"status": "firing", "labels": {"alertname": "Watchdog", "severity": "none"}, "annotations": {}}


@pytest.fixture
def lines():
    return []


@pytest.fixture
def journal(lines):
    return receiver.Journal(900, lines.append)


def test_line_of_an_alert(journal, lines):
    """Whether it begins or ends, how severe it is, what it says, which target, and what to do."""
    journal.receive({"alerts": [ALERT, ALERT | {"status": "resolved"}]}, 0)
    assert lines == [
        "FIRING critical SensorDown: a:1 is down (instance a:1) http://a/runbooks/SensorDown",
        "RESOLVED critical SensorDown: a:1 is down (instance a:1)",
    ]


def test_line_of_an_alert_with_nothing_but_labels(journal, lines):
    """An alert without annotations is a line as well, and it cannot control the terminal."""
    journal.receive({"alerts": [{"status": "firing", "labels": {"alertname": "a\x1b[2J\nb"}}]}, 0)
    assert lines == ["FIRING none a [2J b: "]


def test_watchdog_is_reported_when_it_begins_and_when_it_ends(journal, lines):
    """One line when alerts begin to arrive, none while they do, one when they stop, one when they return."""
    for now_s in (0, 300, 600):
        journal.receive({"alerts": [WATCHDOG]}, now_s)
        journal.check(now_s + 299)
    assert lines == ["alerts arrive: the watchdog was received"]
    journal.check(1501)
    journal.check(1600)
    assert lines[1:] == ["no alerts arrive: check that Prometheus and Alertmanager run"]
    journal.receive({"alerts": [WATCHDOG]}, 1700)
    assert lines[2:] == lines[:1]


def test_silence_from_the_start_is_no_news(journal, lines):
    """Before the first watchdog there is nothing to miss: the other services may not have been started."""
    journal.check(10_000)
    assert lines == []


@contextmanager
def served(journal):
    handler = type("Receiver", (receiver.Handler,), {"journal": journal})
    with receiver.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address
        finally:
            server.shutdown()
            thread.join()


def test_messages_over_http(journal, lines):
    """A message on any path is received; anything else is refused, and the receiver goes on."""
    with served(journal) as address:
        connection = HTTPConnection(*address, timeout=30)

        def status(method="POST", body=None, **headers):
            connection.request(method, "/soc", body=body, headers=headers)
            answer = connection.getresponse()
            answer.read()
            connection.close()
            return answer.status

        bad = [b"", b"{", b"[]", b"{}", b'{"alerts": 1}', b'{"alerts": [{}]}', b'{"alerts": [[]]}', b"\xff"]
        assert [status(body=body) for body in bad] == [400] * len(bad)
        assert status(body=b"", **{"Content-Length": str(10**9)}) == 413
        assert status(body=json.dumps({"alerts": [ALERT]})) == 200
        assert status("GET") == 200
    assert len(lines) == 1


def test_the_program(tmp_path):
    """It says where it listens, with the time; an address in use ends it."""
    words = [sys.executable, str(DEPLOY / "receiver.py"), "--listen=127.0.0.1:0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        process.kill()
    assert line.endswith("Z waiting for alerts on 127.0.0.1:0\n")


def snippets():
    """The receivers that deploy/README.md shows."""
    text = (DEPLOY / "README.md").read_text(encoding="utf-8").partition("## Notifications")[2]
    text = text.partition("\n## ")[0]
    return [block.partition("```")[0].strip("\n") for block in text.split("```yaml")[1:]]


@pytest.mark.parametrize("kind", ["email_configs", "slack_configs", "msteamsv2_configs", "webhook_configs"])
def test_documented_receivers_are_accepted(tmp_path, kind):
    """With each receiver that the page shows in place of the log, amtool accepts the example."""
    need("amtool")
    [block] = [one for one in snippets() if f"{kind}:" in one]
    example = (FOLDER / "alertmanager.example.yml").read_text(encoding="utf-8")
    before, _, after = example.partition("  - name: soc\n")
    rest = after.partition("\n  - name:")[2]
    file = tmp_path / "alertmanager.yml"
    file.write_text(f"{before}{block}\n  - name:{rest}", encoding="utf-8")
    if kind == "msteamsv2_configs" and amtool_version() < (0, 28):
        pytest.skip("needs Alertmanager 0.28")
    assert "SUCCESS" in run("amtool", "check-config", file)


def amtool_version():
    """Its version, for example (0, 25)."""
    text = subprocess.run(["amtool", "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.search(r"version (\d+)\.(\d+)", text).groups()))
