"""The destinations file: across restarts, crashes, damage and full disks."""

import errno
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from netmon.destinations.file import NAME, DestinationsFile
from netmon.destinations.memory import Destinations
from netmon.state_file import RETRY_S
from tests.records import DISPUTED, ZURICH, flow

ROOT = Path(__file__).parents[2]


@pytest.fixture
def log():
    """The lines that were logged."""
    return []


@pytest.fixture
def opened(tmp_path, log):
    """Opens the file as the sensor does at its start."""
    return lambda: DestinationsFile(tmp_path / "state", log.append)


def reach(destinations, server="198.51.100.5", place=ZURICH):
    return destinations.record(flow(server=server), "acme", place, lambda: None)


def test_it_remembers(opened, log):
    """What was saved is loaded again, and nothing is logged."""
    file = opened()
    destinations = file.load()
    reach(destinations)
    reach(destinations, "2001:db8::1", DISPUTED)
    file.save(destinations, 0)
    again = opened().load()
    assert again.remembered() == destinations.remembered()
    assert again.since_s == destinations.since_s
    assert (reach(again), log) == ((), [])


def test_it_is_written_only_after_changes(opened, tmp_path):
    """It is not written before the first change, and not again without another."""
    file = opened()
    destinations = file.load()
    file.save(destinations, 0)
    assert not (tmp_path / "state").exists()
    reach(destinations)
    file.save(destinations, 1)
    (tmp_path / "state" / NAME).unlink()
    file.save(destinations, 2)
    assert not (tmp_path / "state" / NAME).exists()


def test_it_is_readable_and_contains_no_client(opened, tmp_path):
    """One destination a line."""
    file = opened()
    destinations = file.load()
    reach(destinations)
    file.save(destinations, 0)
    text = (tmp_path / "state" / NAME).read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if '"198.51.100.0/24"' in line] == [
        '{"vendor": "acme", "kind": "network", "value": "198.51.100.0/24", "country": "CH", '
        '"first_s": 1700000002, "last_s": 1700000002},'
    ]
    assert json.loads(text)["since"] == [["acme", 1700000002]]
    assert "192.0.2.17" not in text


ROW = {"vendor": "acme", "kind": "country", "value": "CH", "country": "CH", "first_s": 1, "last_s": 2}


def content(*rows, **changes):
    return json.dumps({"version": 1, "since": [], "destinations": [*rows], **changes}).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 512,
        b"\xff\xfe",
        b"[" * 100_000,
        b"[]",
        b"{}",
        content(ROW)[:-9],
        content(version=2),
        content(since=None),
        content(since=[["acme"]]),
        content(since=[["acme", "today"]]),
        content(destinations={}),
        content(ROW | {"client": "192.0.2.17"}),
        content(ROW | {"vendor": 'a"} 1\n'}),
        content(ROW | {"kind": "city"}),
        content(ROW | {"country": "\ud800"}),
        content(ROW | {"kind": "network", "value": "198.51.100.5/24"}),
        content(ROW | {"first_s": 10**400}),
        content(ROW | {"last_s": True}),
        b" " * (16 * 1024 * 1024 + 1),
    ],
    ids=lambda data: repr(data[:40]),
)
def test_a_damaged_file_is_set_aside(opened, tmp_path, log, data):
    """One line is logged, the file is renamed, and all destinations are new again and are saved."""
    file = tmp_path / "state" / NAME
    file.parent.mkdir()
    file.write_bytes(data)
    state = opened()
    destinations = state.load()
    aside = f"{file}.damaged"
    assert log == [
        f"{file}: damaged, or written by another version of netmon; renamed to {aside}; "
        "all destinations count as new"
    ]
    assert Path(aside).read_bytes() == data
    assert reach(destinations) == ("network", "country")
    state.save(destinations, 0)
    assert len(opened().load().remembered()) == 2


def test_any_damage_is_survived(opened, tmp_path, log):
    """Bytes changed, lost or doubled anywhere: the file is loaded or set aside, and nothing else happens."""
    state = opened()
    destinations = state.load()
    for number in range(20):
        reach(destinations, f"198.51.{number}.5")
    state.save(destinations, 0)
    file, chance = tmp_path / "state" / NAME, random.Random(4)
    content = file.read_bytes()
    for _ in range(500):
        at, length = chance.randrange(len(content)), chance.randrange(1, 40)
        part = chance.choice([b"", chance.randbytes(length), content[at : at + 2 * length]])
        file.write_bytes(content[:at] + part + content[at + length :])
        loaded = opened().load()
        assert len(loaded.remembered()) <= 21
        reach(loaded)
    assert 100 < len(log) <= 500


def test_an_unwritable_folder_stops_nothing(opened, tmp_path, log):
    """One line is logged, writing is retried, success is logged as well, and nothing is lost meanwhile."""
    (tmp_path / "state").write_text("a file where the folder should be")
    state = opened()
    destinations = state.load()
    assert state.file.is_saved
    log.clear()
    reach(destinations)
    for now_s in (0.0, 1.0, RETRY_S, RETRY_S + 1):
        state.save(destinations, now_s)
    assert log == [
        f"{tmp_path}/state/{NAME}: file exists; until it can be written, new destinations will be "
        f"reported again after a restart"
    ]
    assert not state.file.is_saved
    (tmp_path / "state").unlink()
    state.save(destinations, RETRY_S + 2)
    assert not state.file.is_saved
    state.save(destinations, 2 * RETRY_S)
    assert log[1:] == [f"{tmp_path}/state/{NAME}: can be written again"]
    assert state.file.is_saved
    assert len(opened().load().remembered()) == 2


def test_a_full_disk_leaves_the_old_file(opened, tmp_path, log, monkeypatch):
    """The new file is written under another name, and replaces the old one only when it is complete."""
    state = opened()
    destinations = state.load()
    reach(destinations)
    state.save(destinations, 0)
    before = (tmp_path / "state" / NAME).read_bytes()
    monkeypatch.setattr("os.fsync", no_space)
    reach(destinations, "203.0.113.5")
    state.save(destinations, 1)
    assert log == [
        f"{tmp_path}/state/{NAME}: no space left on device; until it can be written, new destinations "
        f"will be reported again after a restart"
    ]
    assert (tmp_path / "state" / NAME).read_bytes() == before


def no_space(_descriptor):
    """As on a disk that has no room for what was written."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


WRITER = """
import sys
from pathlib import Path
from netmon.destinations.file import DestinationsFile
from tests.records import ZURICH, flow

state = DestinationsFile(Path(sys.argv[1]), print)
destinations = state.load()
for number in range(len(destinations.remembered()), 60_000):
    server = f"{20 + (number >> 16)}.{number >> 8 & 255}.{number & 255}.1"
    destinations.record(flow(server=server), "acme", ZURICH, lambda: None)
    state.save(destinations, number)
    print(len(destinations.remembered()), flush=True)
"""


@pytest.mark.slow
def test_kill_9_loses_nothing_that_was_saved(tmp_path):
    """After SIGKILL at any moment of writing, what was saved before is complete, and no damage is found."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    chance = random.Random(9)
    saved = 0
    for _ in range(8):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)],
            env=environment,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        for _line in range(chance.randrange(20, 200)):
            saved = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        with process:  # communicate would skip what is already buffered
            complete = process.stdout.read().splitlines(keepends=True)
        saved = max([saved, *(int(line) for line in complete if line.endswith("\n"))])
        log = []
        remembered = DestinationsFile(tmp_path, log.append).load().remembered()
        assert log == []
        assert saved <= len(remembered) <= saved + 1
    assert saved > 200


def test_a_missing_file_is_empty(opened, log):
    """The first start logs nothing."""
    assert isinstance(opened().load(), Destinations)
    assert log == []
