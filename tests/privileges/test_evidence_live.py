"""The evidence of a running sensor that became another user."""

import json
import pwd
import sqlite3
import stat
from contextlib import closing

import pytest

from tests.evidence.test_findings import netmon
from tests.machine import ROOT, need
from tests.privileges.live import Live, wait_for

pytestmark = pytest.mark.lab

OFF = ("--web.listen-address", "off")
NOBODY = pwd.getpwnam("nobody").pw_uid
DEMO = ROOT / "netmon" / "data" / "demo.pcap"


@pytest.fixture(autouse=True)
def _programs():
    need("ip", "nsenter", "tcpreplay")


def run(tmp_path, *words):
    """A sensor with events and evidence that replays the demo once; returns what it logs."""
    with Live(tmp_path, *OFF, "--config", "netmon.yaml", "--user", "nobody", *words) as sensor:
        notes = sensor.started()
        sensor.replay(DEMO)
        folder = tmp_path / "evidence" / "files"
        wait_for(lambda: len(list(folder.glob("*.json"))) >= 3, "there is evidence")
        return notes, sensor.stop()


def test_evidence_of_a_live_sensor(tmp_path):
    """Its user writes it, with the packets from before; it is judged again, and its chain is intact."""
    (tmp_path / "evidence").mkdir()
    (tmp_path / "netmon.yaml").write_text(
        "events: {file: log/events.jsonl}\nevidence: {folder: evidence/files}\nsubject: {country: DE}\n"
        "privacy: {level: 1}\ncapture: {workers: 2}\nstore: {path: log/store.db}\n"
    )
    (tmp_path / "log").mkdir()
    for _ in range(2):
        assert run(tmp_path) == ([], "")
    folder = tmp_path / "evidence" / "files"
    assert (folder.stat().st_uid, stat.S_IMODE(folder.stat().st_mode)) == (NOBODY, 0o700)
    assert {path.stat().st_uid for path in folder.iterdir()} == {NOBODY}
    looked_up = set()
    for path in folder.glob("*.json"):
        document = json.loads(path.read_text())
        shown = "\n".join(one["shows"] for one in document["packets"])
        assert "server_name" in shown
        looked_up.add((document["flow"]["client_port"], "DNS query" in shown))
    # The worker that reads a look-up may be behind: then it is in what is written at the end of the flow.
    assert {port for port, is_there in looked_up} == {port for port, is_there in looked_up if is_there}
    with closing(sqlite3.connect(tmp_path / "log" / "store.db")) as store:
        named = {file for (file,) in store.execute("SELECT file FROM evidence")}
    assert named == {path.name for path in folder.glob("*.json")}
    head = netmon("evidence", "head", folder)[1].strip()
    events = tmp_path / "log" / "events.jsonl"
    code, output, problems = netmon("evidence", "verify", folder, "--events", events, "--head", head)
    assert (code, problems) == (0, "")
    lines = len(events.read_text().splitlines())
    assert f"{lines} of {lines} events confirmed" in output


def test_a_folder_that_cannot_be_written(tmp_path):
    """It is reported at the start."""
    (tmp_path / "evidence").mkdir(mode=0o700)
    (tmp_path / "evidence" / "other").touch()
    (tmp_path / "netmon.yaml").write_text("evidence: {folder: evidence}\n")
    with Live(tmp_path, *OFF, "--config", "netmon.yaml", "--user", "nobody") as sensor:
        assert sensor.line() == (
            "evidence: permission denied: name a folder for the evidence that this user can write"
        )
        assert sensor.process.wait(30) == 1


def test_a_disk_that_is_full_stops_neither_capture_nor_events(tmp_path):
    """On a small file system that is full, findings are counted, and the sensor goes on."""
    (tmp_path / "evidence").mkdir()
    (tmp_path / "netmon.yaml").write_text(
        "events: {file: log/events.jsonl}\nevidence: {folder: evidence}\nsubject: {country: DE}\n"
    )
    (tmp_path / "log").mkdir()
    mount = 'mount -t tmpfs -o size=8k,mode=700,uid=0 none evidence && exec "$@"'
    before = ("unshare", "--mount", "sh", "-c", mount, "sh")
    events = tmp_path / "log" / "events.jsonl"
    with Live(tmp_path, *OFF, "--config", "netmon.yaml", "--user", "nobody", before=before) as sensor:
        assert sensor.started() == []
        sensor.replay(DEMO)
        wait_for(lambda: '"unexpected"' in events.read_text(), "there is a finding")
        log = sensor.stop()
    assert log.count("no space left on device") <= 2
    assert "findings have no evidence until it can be written" in log
