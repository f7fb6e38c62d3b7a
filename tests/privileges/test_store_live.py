"""The store of a running sensor that became another user, with a filter of system calls."""

import os
import pwd
import signal
import subprocess
import time

import pytest

from netmon.errors import StoreError
from netmon.store import queries
from netmon.store.queries import Scope
from netmon.store.sqlite import SqliteStore
from tests.machine import need
from tests.privileges.live import ROOT, Live, wait_for

pytestmark = pytest.mark.lab

OFF = ("--web.listen-address", "off")
NOBODY = pwd.getpwnam("nobody").pw_uid
DEMO = ROOT / "netmon" / "data" / "demo.pcap"
COMMON = ("--config", "netmon.yaml", "--user", "nobody", "--country", "DE")


@pytest.fixture(autouse=True)
def _programs():
    need("ip", "nsenter", "tcpreplay")


def asked(path, question):
    """What a store answers while the sensor writes it."""
    store = SqliteStore(path, is_read_only=True)
    try:
        return question(store)
    finally:
        store.close()


def flows_in(path):
    """The number of flows in a store; none if there is no store, or its tables are not made yet."""
    try:
        return asked(path, lambda store: queries.totals(store, Scope()).flows)
    except StoreError:
        return 0


def all_of(table):
    """A question for the rows of a table."""
    return lambda store: list(queries.rows(store, table, Scope()))


def test_flows_are_stored_while_they_are_seen(tmp_path):
    """The file is the sensor's user's alone; flows are there before they end, and the run has its end."""
    (tmp_path / "state").mkdir()
    (tmp_path / "netmon.yaml").write_text("state: {folder: state}\nprivacy: {level: 0}\n")
    path = tmp_path / "state" / "flows.db"
    with Live(tmp_path, *OFF, *COMMON) as sensor:
        assert sensor.started() == []
        sensor.replay(DEMO)
        wait_for(lambda: flows_in(path) == 37, "all flows of the demo are stored")
        [run] = asked(path, all_of("runs"))
        assert (run["source"], run["end_ns"]) == ("interfaces", None)
        assert sensor.stop() == ""
    assert (path.stat().st_uid, path.stat().st_mode & 0o777) == (NOBODY, 0o600)
    assert asked(path, lambda store: queries.totals(store, Scope()))[:3] == (37, 92_584, 153_593)
    [run] = asked(path, all_of("runs"))
    assert run["end_ns"] > run["start_ns"]
    views = asked(path, all_of("views"))
    assert sum(view["flow_packets"] for view in views if view["scope"] == "interface") == 1101
    [condition] = asked(path, all_of("conditions"))
    assert len(condition["document"]["signatures"]["sha256"]) == 64


def test_a_store_in_a_folder_of_its_own(tmp_path):
    """The folder is handed over to the sensor's user, who makes further files in it."""
    (tmp_path / "kept").mkdir()
    (tmp_path / "netmon.yaml").write_text("store: {path: kept/all.sqlite}\n")
    path = tmp_path / "kept" / "all.sqlite"
    for runs in (1, 2):
        with Live(tmp_path, *OFF, *COMMON) as sensor:
            assert sensor.started() == []
            sensor.replay(DEMO)
            wait_for(lambda: flows_in(path) == 37 * runs, "the flows are stored")  # noqa: B023
            assert sensor.stop() == ""
    assert {file.stat().st_uid for file in path.parent.iterdir()} == {NOBODY}


def test_no_store_is_made_if_it_is_off(tmp_path):
    """Nothing is kept."""
    (tmp_path / "state").mkdir()
    (tmp_path / "netmon.yaml").write_text("state: {folder: state}\nstore: {path: off}\n")
    with Live(tmp_path, *OFF, *COMMON) as sensor:
        assert sensor.started() == []
        sensor.stop()
    assert not list(tmp_path.glob("**/*.db"))


def test_flows_survive_kill_9(tmp_path):
    """What was seen more than a second before is there, and the next run adds its own."""
    (tmp_path / "netmon.yaml").write_text("store: {path: kept/flows.db}\n")
    path = tmp_path / "kept" / "flows.db"
    with Live(tmp_path, *OFF, *COMMON) as sensor:
        sensor.started()
        sensor.replay(DEMO)
        wait_for(lambda: flows_in(path) == 37, "the flows are stored")
        os.kill(sensor.process.pid, signal.SIGKILL)
        sensor.process.wait(30)
    assert flows_in(path) == 37
    with Live(tmp_path, *OFF, *COMMON) as sensor:
        assert sensor.started() == []
        assert sensor.stop() == ""
    runs = asked(path, all_of("runs"))
    assert [run["end_ns"] is None for run in runs] == [True, False]


def test_a_full_disk_stops_neither_capture_nor_the_store_for_good(tmp_path):
    """One line says so, events go on, and all flows are stored once there is room."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", disk], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        (disk / "filler").write_bytes(bytes(220_000))
        (disk / "kept").mkdir()
        (tmp_path / "netmon.yaml").write_text(
            "store: {path: disk/kept/flows.db}\nevents: {file: log/e.jsonl}\n"
        )
        (tmp_path / "log").mkdir()
        with Live(tmp_path, *OFF, *COMMON) as sensor:
            lines = sensor.started()
            sensor.replay(DEMO)
            wait_for(
                lambda: (tmp_path / "log" / "e.jsonl").read_text().count("\n") > 37, "events are written"
            )
            time.sleep(1)
            (disk / "filler").unlink()
            subprocess.run(["mount", "-o", "remount,size=20m", disk], check=True)
            wait_for(lambda: flows_in(disk / "kept" / "flows.db") == 37, "the flows are stored")
            lines += sensor.stop().splitlines()
        assert [line.partition("flows.db: ")[2].partition(";")[0] for line in lines] == [
            "database or disk is full",
            "can be written again",
        ]
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)
