"""A reader of `netmon run --json` that stalls."""

import signal
from pathlib import Path

import pytest

from tests.cli.cable import LISTEN
from tests.cli.ports import wait_for
from tests.craft.scene import connection, ethernet_file, flight
from tests.craft.talk import tls_session
from tests.machine import need

pytestmark = pytest.mark.lab

SIGNATURES = Path(__file__).parents[1] / "golden" / "signatures"


def test_a_reader_who_stalls_does_not_stop_the_sensor(sensor, tmp_path):
    """Flows are counted while nobody reads standard output, and it gets their events later."""
    need("curl")
    where, count = "127.0.0.1:10977", 300  # their events are several times what a pipe holds
    capture = tmp_path / "many.pcap"
    sessions = [tls_session(connection(client_port=port), flight()) for port in range(20_000, 20_000 + count)]
    capture.write_bytes(ethernet_file([one for session in sessions for one in session]))
    config = tmp_path / "netmon.yaml"
    config.write_text("metrics: {hold_zero_s: 0}\n")
    running = sensor("--config", config, "--signatures", SIGNATURES, LISTEN, where)
    running.inside("ip", "link", "set", "lo", "up")
    running.replay(capture)

    def counted():
        lines = running.inside("curl", "-sS", f"http://{where}/metrics").splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith("netmon_flows_total"))

    wait_for(lambda: counted() == count, "all flows are counted")
    code, events = running.end(signal.SIGTERM)
    assert code == 0
    assert sum(event["netmon"]["phase"] == "end" for event in events) == count
