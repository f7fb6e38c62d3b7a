"""Capture files that are read into a store once more, alone or with others: nothing is counted twice."""

import gzip
import os
import signal
import stat
import struct
from contextlib import ExitStack

import pytest

from netmon.cli.capture_reading import CaptureReading, ReadingPlan
from netmon.cli.named_files import named_files
from netmon.cli.options import SourceName
from netmon.config.settings import Config
from netmon.language.language import ENGLISH
from netmon.sources.stop_request import StopRequest
from netmon.store import queries
from netmon.store.queries import Scope
from netmon.store.reading import opened

HEAD = 24


def cut(capture, at):
    """The capture's first packets, and the others, as two captures."""
    data = capture.read_bytes()
    position = HEAD
    for _ in range(at):
        position += 16 + struct.unpack_from("<I", data, position + 8)[0]
    return data[:position], data[:HEAD] + data[position:]


@pytest.fixture
def halves(tmp_path, demo):
    """a.pcap and b.pcap, which are parts of the demo; flows span them."""
    first, second = cut(demo, 500)
    (tmp_path / "a.pcap").write_bytes(first)
    (tmp_path / "b.pcap").write_bytes(second)


@pytest.fixture
def read(netmon, halves):
    """Reads words into the store; its lines on standard error."""

    def read(*words):
        done = netmon("read", "--store", "s.db", "--no-exit-code", *words)
        assert done.returncode == 0, done.stderr
        return done.stderr.splitlines()

    return read


@pytest.fixture
def total(tmp_path):
    """Flows and bytes in the store."""

    def total():
        with opened(tmp_path / "s.db", is_read_only=True) as store:
            return queries.totals(store, Scope())[:3]

    return total


WHOLE = (37, 92_584, 153_593)


def test_a_reading_of_more_files_replaces_one_of_some(read, total):
    """As with captures/*.pcap every day: a flow that spans files is one flow with all its bytes."""
    read("a.pcap")
    first = total()
    assert read("a.pcap", "b.pcap") == ["netmon: s.db: this replaces what was read from a.pcap"]
    assert total() == WHOLE != first
    assert read("a.pcap", "b.pcap") == []
    assert total() == WHOLE


def test_files_that_were_read_apart_are_read_together(read, total):
    """Both readings are replaced."""
    read("a.pcap")
    read("b.pcap")
    assert total()[1:] == WHOLE[1:]
    assert len(read("a.pcap", "b.pcap")) == 2
    assert total() == WHOLE


def test_a_file_that_has_grown_replaces_what_it_was(read, total, tmp_path, demo):
    """Its beginning is what was read; another name, and it is refused."""
    read("a.pcap")
    (tmp_path / "a.pcap").write_bytes(demo.read_bytes())
    assert read("a.pcap") == ["netmon: s.db: this replaces what was read from a.pcap"]
    assert total() == WHOLE


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("a.pcap",), "a.pcap is in the store already, read together with b.pcap"),
        (("a.pcap", "c.pcap"), "a.pcap is in the store already, read together with b.pcap"),
        (("copy.pcap",), "a.pcap is in the store already, read together with b.pcap"),
        (("a.pcap", "b.pcap", "tcp"), "a.pcap is in the store already, read without a filter"),
    ],
)
def test_what_is_there_with_others_is_refused(read, total, refused, tmp_path, demo, words, why):
    """Neither left out nor counted twice: the message says what to do, and the store stays as it was."""
    (tmp_path / "c.pcap").write_bytes(cut(demo, 900)[1])
    (tmp_path / "copy.pcap").write_bytes((tmp_path / "a.pcap").read_bytes())
    read("a.pcap", "b.pcap")
    said = refused("read", "--store", "s.db", *words)
    assert said.startswith(f"s.db: {why}: read the same files as then")
    assert total() == WHOLE


def test_another_sensor_is_refused(read, total, refused, tmp_path):
    """The same file is no second view of the same traffic."""
    read("a.pcap", "b.pcap")
    (tmp_path / "other.yaml").write_text("sensor: {name: other}\n")
    assert "as read by the sensor" in refused("read", "-c", "other.yaml", "--store", "s.db", "a.pcap")
    assert total() == WHOLE


@pytest.mark.parametrize("name", ["again.pcap.gz", "merged.pcap", "-"])
def test_the_same_flows_in_other_files_are_refused(read, total, refused, tmp_path, demo, name):
    """Compressed, merged, or from a pipe: no file is equal, but the flows are."""
    read("a.pcap")
    before = total()
    (tmp_path / "again.pcap.gz").write_bytes(gzip.compress((tmp_path / "a.pcap").read_bytes()))
    (tmp_path / "merged.pcap").write_bytes(demo.read_bytes())
    with demo.open("rb") as stream:
        said = refused("read", "--store", "s.db", name, **({"stdin": stream} if name == "-" else {}))
    assert "flows are in the store already, from a.pcap: nothing was stored" in said
    assert total() == before


def test_a_wider_filter_replaces_a_narrower_one(read, total):
    """Without a filter, all packets are read that were read with one."""
    read("a.pcap", "b.pcap", "host", "77.74.176.12")
    assert total()[0] < WHOLE[0]
    assert len(read("a.pcap", "b.pcap")) == 1
    assert total() == WHOLE


def test_files_without_flows_are_no_hindrance(read, total, tmp_path, demo):
    """Captures without a packet are all the same."""
    empty = demo.read_bytes()[:HEAD]
    (tmp_path / "none.pcap").write_bytes(empty)
    (tmp_path / "none-2.pcap").write_bytes(empty)
    read("a.pcap", "none.pcap")
    read("b.pcap", "none-2.pcap")
    assert total()[1:] == WHOLE[1:]


def test_files_with_clients_are_the_users_own(read, tmp_path):
    """Others cannot read the store, whatever the umask, nor what SQLite keeps beside it."""
    before = os.umask(0)
    try:
        read("a.pcap")
    finally:
        os.umask(before)
    assert {stat.S_IMODE(one.stat().st_mode) for one in tmp_path.glob("s.db*")} == {0o600}


def test_an_interrupted_reading_replaces_nothing(read, total, tmp_path, monkeypatch, capsys):
    """Ctrl-C shows the results so far, and the store keeps what it has of these files."""
    read("a.pcap", "b.pcap")
    monkeypatch.chdir(tmp_path)
    stop = StopRequest()
    stop.ask(signal.SIGINT)
    plan = ReadingPlan(SourceName.NATIVE, json=False, every=False, follow=False, store="s.db", views=False)
    files = named_files(["a.pcap", "b.pcap"], "s.db", is_followed=False)
    reading = CaptureReading(files, plan, Config(), Config(), ENGLISH)
    with ExitStack() as stack:
        reading.run(stack, stop)
    assert capsys.readouterr().err.endswith(
        "netmon: interrupted: what the store has of these files stays as it was\n"
    )
    assert total() == WHOLE
