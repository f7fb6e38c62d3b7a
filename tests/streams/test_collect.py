"""Events of several sensors, through a real broker, in one store: nothing is lost, nothing counts twice."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from netmon.errors import NetmonError, StoreError
from netmon.outputs.lines import Lines
from netmon.outputs.observer import Observer
from netmon.outputs.spool import Spool
from netmon.privacy import ADDRESS, NOTHING
from netmon.store import queries
from netmon.store.intake import Intake
from netmon.store.levels import levels_of
from netmon.store.queries import Scope
from netmon.store.retention import Limit
from netmon.store.sqlite import MEMORY, SqliteStore
from netmon.store.writer import StoreWriter
from netmon.streams.delivery import Delivery
from netmon.streams.kafka_broker import KafkaBroker
from netmon.streams.nats_broker import NatsBroker
from netmon.streams.spool_reader import SpoolReader
from tests.records import MOSCOW, START_NS, UNEXPECTED, classified
from tests.store.conftest import lines_of
from tests.store.test_staging import brought
from tests.streams.servers import KafkaCluster, NatsServer, wait_for

ROOT = Path(__file__).parents[2]
SUBJECT = "netmon.events"
SENSORS = [Observer("berlin", "Adlershof", "cafe"), Observer("wien", "Favoriten", "beef")]


def lines_of_sensor(observer, first, count):
    """Events of flows, each with its totals so far, and then at its end."""
    flows = []
    for number in range(first, first + count):
        start_ns = START_NS + 1000 * (2 * number + SENSORS.index(observer))
        same = {"flow_id": number, "start_ns": start_ns, "last_ns": START_NS + 1_000_000_000 + number}
        flows.append(classified(phase="update", sent_bytes=number, **same))
        flows.append(classified(MOSCOW, UNEXPECTED, phase="end", sent_bytes=2 * number, **same))
    return lines_of(*flows, observer=observer)


def expected(*lines):
    """The totals of events, each taken once."""
    store = SqliteStore(MEMORY)
    intake = Intake(store, "memory")
    for line in lines:
        intake.write(line)
    intake.flush()
    found = queries.totals(store, Scope()), len(queries.totals_by(store, Scope(), ["sensor"]))
    store.close()
    return found


def found(file):
    """The totals in a store, and its number of sensors."""
    store = SqliteStore(file, is_read_only=True)
    try:
        return queries.totals(store, Scope()), len(queries.totals_by(store, Scope(), ["sensor"]))
    finally:
        store.close()


def publish(broker, folder, lines, position="position.json"):
    """Writes lines to a spool, and delivers all of it that the position has not."""
    spool = Spool(folder, 1 << 30)
    stream = Lines(spool, str(folder), lambda line: None)
    for line in lines:
        stream.write(line + "\n")
    stream.flush()
    spool.close()
    Delivery(SpoolReader(folder, folder / position), broker, "broker", lambda line: None).run(
        until_empty=True
    )


def start_collector(url, store, *words):
    """`netmon store collect` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "netmon", "store", "collect", url, "--store", str(store), *words],
        cwd=ROOT,
        env={**os.environ, "NETMON_CONFIG": os.devnull},
        stderr=subprocess.PIPE,
        text=True,
    )


def collect_all(url, store, *words):
    """Runs a collector until the broker has nothing left; what it logs."""
    process = start_collector(url, store, "--once", *words)
    log = process.communicate(timeout=120)[1]
    assert process.returncode == 0, log
    return log


@pytest.fixture
def server(tmp_path):
    server = NatsServer(tmp_path / "nats")
    server.start()
    server.create_stream(SUBJECT)
    yield server
    server.kill()


@pytest.fixture
def cluster():
    cluster = KafkaCluster()
    yield cluster
    cluster.kill()


def test_two_sensors_make_one_store(server, tmp_path):
    """Totals are those of all events, though those of one sensor are in the stream twice."""
    broker = NatsBroker(server.url, SUBJECT)
    lines = [lines_of_sensor(one, 0, 300) for one in SENSORS]
    for observer, of_one in zip(SENSORS, lines, strict=True):
        publish(broker, tmp_path / observer.sensor, of_one)
    broker.close()
    server.publish_plainly(SUBJECT, lines[0])
    log = collect_all(f"{server.url}/{SUBJECT}", tmp_path / "fleet.db")
    assert found(tmp_path / "fleet.db") == expected(*lines[0], *lines[1])
    assert found(tmp_path / "fleet.db")[1] == 2
    assert f"{3 * len(lines[0]):,} events collected, 0 messages left out" in log


@pytest.mark.parametrize("share", [0.5, 1])
def test_what_a_sensor_has_stored_itself_counts_once(server, tmp_path, share):
    """Its store is filled from its stream as well, with events that are older and newer than the stored ones.

    A capture of the same traffic, read after that, is refused.
    """
    broker, store = NatsBroker(server.url, SUBJECT), tmp_path / "own.db"
    lines = lines_of_sensor(SENSORS[0], 0, 300)
    writer = StoreWriter(store, Limit(), print)
    for line in lines[: int(share * len(lines))]:
        writer.write(line)
    writer.close()
    publish(broker, tmp_path / "spool", lines)
    broker.close()
    collect_all(f"{server.url}/{SUBJECT}", store)
    assert found(store) == expected(*lines)
    with pytest.raises(StoreError, match="300 of the flows are in the store already, from run cafe"):
        brought(store, *(line.replace('"run":"cafe"', '"run":"a-capture"') for line in lines))


def test_a_collector_that_is_killed_loses_nothing(server, tmp_path):
    """SIGKILL in the middle, again and again: the server gives again what was not acknowledged."""
    broker = NatsBroker(server.url, SUBJECT)
    url, store, lines = f"{server.url}/{SUBJECT}", tmp_path / "fleet.db", []
    missing = []
    for turn in range(3):
        new = lines_of_sensor(SENSORS[0], 1 + turn * 2000, 2000)
        lines += new
        publish(broker, tmp_path / "spool", new)
        before = found(store)[0].flows if store.exists() else 0
        collector = start_collector(url, store)
        wait_for(lambda before=before: _flows(store) > before, within_s=60)
        collector.send_signal(signal.SIGKILL)
        collector.communicate()
        missing.append(2000 * (turn + 1) - _flows(store))
    broker.close()
    collect_all(url, store)
    assert any(missing), "no collector was killed in the middle"
    assert found(store) == expected(*lines)


def _flows(store):
    try:
        return found(store)[0].flows
    except (NetmonError, sqlite3.Error):  # not made yet
        return 0


def test_a_server_that_is_killed_while_events_are_collected_loses_nothing(server, tmp_path):
    """The collector says so once, waits, and goes on."""
    url, store = f"{server.url}/{SUBJECT}", tmp_path / "fleet.db"
    lines = lines_of_sensor(SENSORS[0], 1, 3000)
    broker = NatsBroker(server.url, SUBJECT)
    publish(broker, tmp_path / "spool", lines)
    collector = start_collector(url, store)
    wait_for(lambda: _flows(store) > 0, within_s=60)
    server.kill()
    assert 0 < _flows(store) < 3000, "the server was not killed in the middle"
    server.start()
    more = lines_of_sensor(SENSORS[1], 1, 300)
    broker.close()
    again = NatsBroker(server.url, SUBJECT)
    publish(again, tmp_path / "spool", more)
    again.close()
    everything = expected(*lines, *more)
    wait_for(lambda: found(store) == everything, within_s=90)
    collector.terminate()
    log = collector.communicate(timeout=30)[1]
    assert collector.returncode == 0, log
    assert log.count("the broker keeps the events, and this is tried again") == 1


def test_kafka_gives_again_what_was_not_stored(cluster, tmp_path):
    """A collector that is killed, and events that are there twice: offsets are committed after the store."""
    url, store = f"kafka://{cluster.servers}/netmon", tmp_path / "fleet.db"
    lines = [lines_of_sensor(one, 1, 1500) for one in SENSORS]
    broker = KafkaBroker(cluster.servers, "netmon", {})
    quick = ("--kafka", "session.timeout.ms=6000")
    publish(broker, tmp_path / "a", lines[0])
    collector = start_collector(url, store, *quick)
    wait_for(lambda: _flows(store) > 0, within_s=60)
    collector.send_signal(signal.SIGKILL)
    collector.communicate()
    publish(broker, tmp_path / "a", [], position="again.json")
    publish(broker, tmp_path / "b", lines[1])
    broker.close()
    log = collect_all(url, store, *quick)
    assert found(store) == expected(*lines[0], *lines[1]), log


def test_a_store_that_cannot_be_written_acknowledges_nothing(server, tmp_path):
    """What was read stays at the broker, and reaches the store once it can be written."""
    url, store = f"{server.url}/{SUBJECT}", tmp_path / "fleet.db"
    lines = lines_of_sensor(SENSORS[0], 1, 20)
    broker = NatsBroker(server.url, SUBJECT)
    publish(broker, tmp_path / "spool", lines)
    broker.close()
    locked = SqliteStore(store)
    locked.execute("BEGIN IMMEDIATE")
    process = start_collector(url, store, "--once")
    log = process.communicate(timeout=90)[1]
    assert process.returncode == 1
    assert "locked" in log
    locked.execute("ROLLBACK")
    locked.close()
    collect_all(url, store)
    assert found(store) == expected(*lines)


def test_messages_that_are_no_events_are_left_out(server, tmp_path):
    """They stop nothing, and are said once."""
    lines = lines_of_sensor(SENSORS[0], 1, 3)
    server.publish_plainly(SUBJECT, ["no event", "[1]", *lines])
    log = collect_all(f"{server.url}/{SUBJECT}", tmp_path / "fleet.db")
    assert found(tmp_path / "fleet.db") == expected(*lines)
    assert log.count("messages that cannot be stored are left out") == 1
    assert log.count(": not an event: no complete line of JSON") == 1  # the first of them
    assert "2 messages left out" in log


def test_events_of_another_level_are_left_out(server, tmp_path):
    """A reading without clients, and then with them: the store keeps what it has, and the log says so."""
    url, store = f"{server.url}/{SUBJECT}", tmp_path / "fleet.db"
    flows = [classified(flow_id=number, start_ns=START_NS + number * 1000) for number in range(3)]
    server.publish_plainly(SUBJECT, lines_of(*flows, level=NOTHING))
    collect_all(url, store)
    server.publish_plainly(SUBJECT, lines_of(*flows, level=ADDRESS))
    log = collect_all(url, store)
    assert log.count("are stored as nothing (level 3), and come as addresses (level 0)") == 1
    assert "3 messages left out" in log
    with closing(SqliteStore(store, is_read_only=True)) as opened:
        assert levels_of(opened) == (NOTHING,)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("nats://127.0.0.1:1", "names no broker to read from; write nats://host/subject"),
        ("syslog+tcp://127.0.0.1", "names no broker to read from"),
        ("http://user:secret@host/x", "http://host/x: names no broker to read from"),
        ("nats://host:99999999/x", "Port out of range"),
        ("nats://127.0.0.1:1/x", "connect"),
    ],
)
def test_a_wrong_url_is_one_clear_error(tmp_path, url, why):
    """Without passwords, and with what to write."""
    process = start_collector(url, tmp_path / "fleet.db", "--once")
    log = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert why.lower() in log.replace("\n", " ").lower()
    assert "secret" not in log
    assert "Traceback" not in log
