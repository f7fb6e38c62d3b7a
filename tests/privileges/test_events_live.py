"""The events file of a running sensor that became another user: moved, cut by kill -9, on a full disk."""

import json
import pwd
from pathlib import Path

import pytest

from tests.machine import need
from tests.privileges.live import ROOT, Live, wait_for

pytestmark = pytest.mark.lab

OFF = ("--web.listen-address", "off")
NOBODY = pwd.getpwnam("nobody").pw_uid
DEMO = ROOT / "netmon" / "data" / "demo.pcap"


@pytest.fixture(autouse=True)
def _programs():
    need("ip", "nsenter", "tcpreplay")


def test_events_are_rotated_by_others(tmp_path):
    """After a rename, a new file is made in netmon's own folder, without a signal."""
    events = tmp_path / "log" / "events.jsonl"
    events.parent.mkdir()
    (tmp_path / "netmon.yaml").write_text(f"events: {{file: {events}}}\nsubject: {{country: DE}}\n")
    with Live(tmp_path, *OFF, "--config", "netmon.yaml", "--user", "nobody") as sensor:
        assert sensor.started() == []
        events.rename(events.with_name("old"))
        sensor.replay(DEMO)
        wait_for(lambda: events.exists() and events.stat().st_size, "there are events in the new file")
        assert sensor.stop() == ""
    assert events.with_name("old").read_text() == ""
    assert events.stat().st_uid == NOBODY


def test_a_folder_in_which_events_cannot_be_rotated(tmp_path):
    """It is reported at the start; the file itself is handed over and written."""
    folder = tmp_path / "log"
    folder.mkdir()
    (folder / "syslog").touch()
    (tmp_path / "netmon.yaml").write_text("events: {file: log/events.jsonl, rotate_mib: 1}\n")
    with Live(tmp_path, *OFF, "--config", "netmon.yaml", "--user", "nobody") as sensor:
        assert sensor.started() == [
            "log/events.jsonl: cannot be rotated: its folder cannot be written to; it grows until it can"
        ]
    assert (folder.stat().st_uid, (folder / "events.jsonl").stat().st_uid) == (0, NOBODY)


def test_an_events_file_that_cannot_be_written(tmp_path):
    """It is reported at the start."""
    (tmp_path / "log").mkdir(mode=0o700)
    (tmp_path / "log" / "syslog").touch()
    (tmp_path / "netmon.yaml").write_text("events: {file: log/events.jsonl}\n")
    with Live(tmp_path, *OFF, "--config", "netmon.yaml", "--user", "nobody") as sensor:
        assert sensor.line() == (
            "log/events.jsonl: permission denied: name a file in events.file that this user can write"
        )
        assert sensor.process.wait(30) == 1


def test_events_survive_kill_9(tmp_path):
    """After each of several crashes, every line of the file is an event."""
    events = tmp_path / "log" / "events.jsonl"
    events.parent.mkdir()
    (tmp_path / "netmon.yaml").write_text(
        f"events: {{file: {events}, rotate_mib: 1}}\nsubject: {{country: DE}}\nflows: {{report_every_s: 1}}\n"
    )
    for crashes in range(2):
        size = events.stat().st_size if crashes else 0
        with Live(tmp_path, *OFF, "--config", "netmon.yaml", "--user", "nobody") as sensor:
            assert len(sensor.started()) == crashes
            sensor.replay(DEMO)
            wait_for(lambda size=size: events.stat().st_size > size, "there are new events")
        with events.open("ab") as file:
            file.write(b'{"@timestamp":"2026-01-01T00:00:0')
    with Live(tmp_path, *OFF, "--config", "netmon.yaml", "--user", "nobody") as sensor:
        [line] = sensor.started()
        assert line.endswith("the last event was cut when it was written; its 33 bytes were removed")
        assert sensor.stop() == ""
    lines = events.read_text().splitlines()
    assert len(lines) > 2
    assert all(json.loads(line)["@timestamp"] for line in lines)


def test_a_full_disk_stops_nothing(tmp_path):
    """Lost events are counted and logged once, the capture goes on, and so do events when there is space."""
    need("curl")
    mount = 'mkdir log && mount -t tmpfs -o size=64k none log && chmod 777 log && exec "$0" "$@"'
    before = ("unshare", "--mount", "sh", "-c", mount)
    (tmp_path / "netmon.yaml").write_text("events: {file: log/events.jsonl}\nsubject: {country: DE}\n")
    with Live(tmp_path, "--config", "netmon.yaml", "--user", "nobody", before=before) as sensor:
        assert sensor.started() == []
        folder = Path(f"/proc/{sensor.process.pid}/root{tmp_path}/log")
        sensor.replay(DEMO)
        assert sensor.line() == (
            "log/events.jsonl: no space left on device; events are lost until it can be written again"
        )

        def count(name):
            text = sensor.inside("curl", "-s", "http://127.0.0.1:10977/metrics")
            return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))

        held = (folder / "events.jsonl").read_text().splitlines()
        assert all(json.loads(line) for line in held)
        wait_for(lambda: count("netmon_lost_events_total") > 0, "lost events are counted")
        before_packets = count("netmon_capture_packets_total")
        (folder / "events.jsonl").rename(folder / "old")
        (folder / "old").unlink()
        sensor.replay(DEMO)
        wait_for(lambda: count("netmon_capture_packets_total") > before_packets, "the capture goes on")
        assert ": can be written again; " in sensor.line()
        assert (folder / "events.jsonl").stat().st_size
