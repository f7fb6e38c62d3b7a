"""`spool.folder` and `netmon forward`, as a user runs them."""

import json
import signal

import pytest

from netmon.outputs.spool import segments
from netmon.store import queries
from netmon.store.queries import Scope
from netmon.store.sqlite import SqliteStore
from tests.streams.events import write


def content(file):
    """What a store holds: totals, and the number of rows of each further kind."""
    store = SqliteStore(file, is_read_only=True)
    try:
        kinds = ("runs", "views", "evidence")
        return queries.totals(store, Scope()), {
            kind: len(list(queries.rows(store, kind, Scope()))) for kind in kinds
        }
    finally:
        store.close()


@pytest.mark.lab
def test_a_spool_holds_what_the_store_holds(sensor, netmon, demo, tmp_path):
    """A store that is filled from the spool equals the sensor's own, in which the same events change nothing.

    Flows, runs, views and evidence.
    """
    (tmp_path / "netmon.yaml").write_text(
        "sensor: {name: a}\nspool: {folder: spool}\n"
        "store: {path: kept/own.db}\nevidence: {folder: evidence}\n"
    )
    running = sensor("--config", str(tmp_path / "netmon.yaml"), "--country", "DE")
    running.replay(demo)
    code, _ = running.end(signal.SIGTERM)
    assert code == 0
    files = segments(tmp_path / "spool")
    done = netmon("store", "import", "--store", "other.db", *files)
    assert done.returncode == 0, done.stderr
    totals, kinds = content(tmp_path / "kept" / "own.db")
    assert content(tmp_path / "other.db") == (totals, kinds)
    assert netmon("store", "import", "--store", "kept/own.db", *files).returncode == 0
    assert content(tmp_path / "kept" / "own.db") == (totals, kinds)
    assert totals.flows > 30
    assert all(kinds.values())
    datasets = {
        json.loads(line)["event"]["dataset"] for one in files for line in one.read_text().splitlines()
    }
    assert datasets == {"netmon.flow", "netmon.run", "netmon.view", "netmon.evidence"}


@pytest.mark.lab
def test_the_file_of_the_events_may_have_all_of_them(sensor, netmon, demo, tmp_path):
    """A store that is filled from it has the runs, views and evidence, and the chain knows each line."""
    (tmp_path / "netmon.yaml").write_text(
        "sensor: {name: a}\nstore: {path: off}\nevidence: {folder: evidence}\n"
        "events: {file: e.jsonl, datasets: [evidence, view, run, flow]}\n"
    )
    running = sensor("--config", str(tmp_path / "netmon.yaml"), "--country", "DE")
    running.replay(demo)
    code, _ = running.end(signal.SIGTERM)
    assert code == 0
    done = netmon("store", "import", "--store", "other.db", "e.jsonl")
    assert done.returncode == 0, done.stderr
    totals, kinds = content(tmp_path / "other.db")
    assert totals.flows > 30
    assert all(kinds.values())
    checked = netmon("evidence", "verify", "evidence", "--events", "e.jsonl")
    assert checked.returncode == 0, checked.stderr
    report = netmon("report", "--store", "other.db", "--format", "json", "-o", "-")
    assert [one["name"] for one in json.loads(report.stdout)["scope"]["sensors"]] == ["a"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("spool", "--to", "nats://127.0.0.1"), "names no broker; write nats://host/subject"),
        (("spool", "--to", "mqtt://user:secret@host/x"), "mqtt://host/x: names no broker"),
        (("spool", "--to", "syslog+sctp://host"), "write syslog+tcp://host:514"),
        (
            ("nowhere", "--to", "syslog+udp://127.0.0.1"),
            "nowhere: no such file or directory; name the folder",
        ),
        (("spool", "--to", "syslog+udp://127.0.0.1", "--position", "no/file"), "no/file.new: no such file"),
        (("spool", "--to", "syslog+tcp://127.0.0.1:1", "--once"), "connection refused"),
    ],
)
def test_a_wrong_start_is_one_clear_error(netmon, tmp_path, words, why):
    """What, where, and what to do; without passwords."""
    write(tmp_path / "spool", [1])
    done = netmon("forward", *words)
    assert done.returncode == 1
    assert why in done.stderr.replace("\n", " ")
    assert "secret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_client_library_is_named(netmon, environment, tmp_path):
    """With the command that installs it."""
    write(tmp_path / "spool", [1])
    for name, package, url in (
        ("nats", "nats-py", "nats://h/x"),
        ("confluent_kafka", "confluent-kafka", "kafka://h/x"),
    ):
        hidden = tmp_path / "hidden" / name
        hidden.mkdir(parents=True)
        (hidden / "__init__.py").write_text("raise ImportError\n")
        environment["PYTHONPATH"] = f"{tmp_path}/hidden:{environment['PYTHONPATH']}"
        for done in (netmon("forward", "spool", "--to", url), netmon("store", "collect", url)):
            assert done.returncode == 1
            assert f"needs the package {package}: " in done.stderr
            assert "-m pip install" in done.stderr
