"""The store beside the metrics: found, readable, and of this run, or else a reason why not."""

import os

import pytest

from netmon.store.latest import StoredFinding
from netmon.store.sqlite import SqliteStore
from netmon.top import records_reader
from netmon.top.glance import Glance
from netmon.top.records_reader import BROKEN, NO_STORE, NOT_READABLE, OTHER_STORE, as_lines, read_records

GLANCE = Glance(at_s=1_700_000_000, sensor="edge", started_s=1_700_000_000)
FINDING = StoredFinding(
    last_ns=5 * 10**9,
    outcome="unexpected",
    severity="critical",
    vendor="acme",
    component="files",
    client="client-1",
    name="files.acme.example",
    server="192.0.2.1",
    city="Moscow",
    country="RU",
    location="moscow",
    sent_bytes=7,
)


def why(*places):
    return read_records(map(str, places), GLANCE, with_clients=False).why_none


def test_no_store(tmp_path):
    """Nothing is there, or nothing was named."""
    assert why() == why(tmp_path / "none.db") == NO_STORE


def test_what_is_no_store(tmp_path):
    """A text, for example."""
    (tmp_path / "text.db").write_text("text" * 1000)
    assert why(tmp_path / "text.db") == BROKEN


def test_a_store_of_another_sensor(tmp_path):
    """A store that does not know the run is not used."""
    SqliteStore(tmp_path / "other.db").close()
    assert why(tmp_path / "other.db") == OTHER_STORE


@pytest.mark.parametrize("error", [None, PermissionError])
def test_a_store_that_this_user_may_not_read(tmp_path, monkeypatch, error):
    """Whether its file or its folder is closed to the user."""
    path = tmp_path / "flows.db"
    path.write_bytes(b"")
    monkeypatch.setattr(os, "access", lambda *_: False)
    if error is not None:

        def exists(_path):
            raise error

        monkeypatch.setattr(records_reader.Path, "exists", exists)
    assert why(path) == NOT_READABLE


def test_equal_findings_are_one_line():
    """Flows of one client to one server, with the latest time; another client is another line."""
    again, other = FINDING._replace(last_ns=9 * 10**9), FINDING._replace(client="client-2", last_ns=7 * 10**9)
    lines = as_lines([FINDING, other, again])
    assert [(one.who, one.last_s, one.flows) for one in lines] == [("client-1", 9, 2), ("client-2", 7, 1)]
    assert lines[0].what == "files.acme.example (192.0.2.1)"


def test_a_finding_without_a_name():
    """The vendor stands for it, and a client that is not shown for nothing."""
    [line] = as_lines([FINDING._replace(name=None, client=None)])
    assert (line.who, line.what) == (None, "192.0.2.1 (acme, files)")
