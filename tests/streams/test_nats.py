import threading

import pytest

from netmon.streams import BrokerError
from netmon.streams.delivery import Delivery
from netmon.streams.nats_broker import NatsBroker
from netmon.streams.spool_reader import SpoolReader
from tests.streams.events import ids, write
from tests.streams.servers import NatsServer, open_files, wait_for

SUBJECT = "netmon.events"


@pytest.fixture
def server(tmp_path):
    server = NatsServer(tmp_path / "nats")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "spool"


def deliver(folder, server, log=lambda line: None, position="position.json"):
    broker = NatsBroker(server.url, SUBJECT)
    delivery = Delivery(SpoolReader(folder, folder / position), broker, "nats", log)
    try:
        delivery.run(until_empty=True)
    finally:
        broker.close()
    return delivery.delivered


def test_every_event_is_stored_once(server, folder):
    """A second delivery of everything changes nothing: the server knows the ids."""
    server.create_stream(SUBJECT)
    write(folder, range(1000))
    assert deliver(folder, server) == 1000
    assert deliver(folder, server, position="other.json") == 1000
    assert ids(server.stored()) == [f"id-{number}" for number in range(1000)]


def test_a_server_that_is_killed_in_the_middle_loses_nothing(server, folder):
    """Events are written all the time, while the server is killed and started three times."""
    server.create_stream(SUBJECT)
    write(folder, [0])
    lines = []
    broker = NatsBroker(server.url, SUBJECT)
    delivery = Delivery(SpoolReader(folder, folder / "position.json"), broker, "nats", lines.append)
    thread = threading.Thread(target=delivery.run)
    thread.start()
    for turn in range(3):
        write(folder, range(1 + 300 * turn, 151 + 300 * turn))
        server.kill()
        write(folder, range(151 + 300 * turn, 301 + 300 * turn))
        wait_for(lambda turn=turn: len(lines) == 2 * turn + 1)
        server.start()
        wait_for(lambda turn=turn: delivery.delivered >= 301 + 300 * turn, within_s=60)
    delivery.stop()
    thread.join()
    broker.close()
    assert sorted(ids(server.stored())) == sorted(f"id-{number}" for number in range(901))
    assert [line.rpartition("; ")[2] for line in lines[::2]] == [
        "the spool keeps the events, and delivery is tried again"
    ] * 3
    assert lines[1::2] == ["nats: events are delivered again"] * 3


def test_without_a_stream_the_error_says_what_to_do(server, folder):
    """A server that stores nothing must not look like one that does."""
    write(folder, [1])
    with pytest.raises(BrokerError, match=r"no JetStream stream takes the subject netmon\.events: create"):
        deliver(folder, server)


def test_an_event_that_is_too_large_is_left_out_and_logged(server, folder):
    """It would otherwise stop all events after it."""
    server.create_stream(SUBJECT)
    write(folder, [1], text="x" * 1_200_000)
    write(folder, [2])
    lines = []
    assert deliver(folder, server, lines.append) == 1
    assert ids(server.stored()) == ["id-2"]
    assert lines == ["1 line is no event that nats accepts, and left out"]


def test_a_server_that_is_away_leaks_nothing(tmp_path, folder):
    """Every attempt closes what it opened."""
    server = NatsServer(tmp_path / "nats")
    write(folder, [1])
    broker = NatsBroker(server.url, SUBJECT)
    delivery = Delivery(SpoolReader(folder, folder / "position.json"), broker, "nats", lambda line: None)
    with pytest.raises(BrokerError):
        delivery.run(until_empty=True)
    before = open_files()
    for _ in range(3):
        with pytest.raises(BrokerError):
            delivery.run(until_empty=True)
    assert open_files() == before
    broker.close()
