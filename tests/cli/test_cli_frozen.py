"""A `netmon run` that is frozen and goes on: the time in between is told as a gap."""

import json
import signal
import time

import pytest

from tests.cli.cable import PORT

pytestmark = pytest.mark.lab

PAUSE = "import netmon.store.live_record as record; record.PAUSE_NS = 1_500_000_000"
"""Half a minute would be long for a test."""
FROZEN_S = 3.0


def test_a_frozen_sensor_tells_the_gap(sensor, environment, netmon, demo, tmp_path):
    """SIGSTOP and SIGCONT: history and report name the interface, and how long nothing was watched."""
    (tmp_path / "sitecustomize.py").write_text(PAUSE)
    environment["PYTHONPATH"] = str(tmp_path)
    (tmp_path / "site.yaml").write_text(f"store: {{path: {tmp_path / 'flows.db'}}}\n")
    running = sensor("-c", tmp_path / "site.yaml", "--stay-root")
    del environment["PYTHONPATH"]
    running.replay(demo)
    stopped_s = time.time()
    running.process.send_signal(signal.SIGSTOP)
    time.sleep(FROZEN_S)
    running.process.send_signal(signal.SIGCONT)
    frozen_s = time.time() - stopped_s
    time.sleep(2)
    assert running.end(signal.SIGTERM)[0] == 0
    view = json.loads(netmon("history", "--store", "flows.db", "--format", "json").stdout)
    [gap] = view["gaps"]
    assert gap["interface"] == PORT
    assert FROZEN_S - 1.5 <= gap["seconds"] <= frozen_s + 2
    report = json.loads(netmon("report", "--store", "flows.db", "--format", "json", "-o", "-").stdout)
    [told] = report["scope"]["gaps"]
    assert told["seconds"] == pytest.approx(gap["seconds"], abs=0.01)
