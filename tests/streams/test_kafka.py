import threading

import pytest

from netmon.errors import OutputError
from netmon.streams import BrokerError
from netmon.streams.delivery import Delivery
from netmon.streams.kafka_broker import KafkaBroker
from netmon.streams.spool_reader import SpoolReader
from tests.streams.events import ids, write
from tests.streams.servers import KafkaCluster, wait_for


@pytest.fixture
def cluster():
    cluster = KafkaCluster()
    yield cluster
    cluster.kill()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "spool"


def test_every_event_is_delivered_once_with_its_id_as_key(cluster, folder):
    """The producer is idempotent, and a compacted topic keeps each event once."""
    write(folder, range(1200))
    broker = KafkaBroker(cluster.servers, "netmon", {})
    delivery = Delivery(SpoolReader(folder, folder / "position.json"), broker, "kafka", lambda line: None)
    delivery.run(until_empty=True)
    broker.close()
    found = cluster.stored("netmon", 1200)
    expected = [f"id-{number}" for number in range(1200)]
    assert sorted(key for key, _ in found) == sorted(expected)
    assert ids(value for _, value in found) == [key for key, _ in found]


def test_a_broker_that_stops_in_the_middle_loses_nothing(cluster, folder):
    """What was not confirmed in time is sent again; a reader sees every event at least once."""
    write(folder, range(50))
    lines = []
    broker = KafkaBroker(cluster.servers, "netmon", {"message.timeout.ms": "1000"})
    delivery = Delivery(SpoolReader(folder, folder / "position.json"), broker, "kafka", lines.append)
    thread = threading.Thread(target=delivery.run)
    thread.start()
    wait_for(lambda: delivery.delivered == 50)
    cluster.pause()
    write(folder, range(50, 100))
    wait_for(lambda: lines, within_s=40)
    cluster.resume()
    wait_for(lambda: delivery.delivered == 100, within_s=60)
    delivery.stop()
    thread.join()
    broker.close()
    assert {key for key, _ in cluster.stored("netmon", 100)} == {f"id-{number}" for number in range(100)}


def test_a_broker_that_is_away_is_reported(folder):
    """Nothing is acknowledged before the broker confirmed it."""
    write(folder, [1])
    broker = KafkaBroker("127.0.0.1:1", "netmon", {"message.timeout.ms": "500"})
    reader = SpoolReader(folder, folder / "position.json")
    with pytest.raises(BrokerError):
        Delivery(reader, broker, "kafka", lambda line: None).run(until_empty=True)
    broker.close()
    assert ids(reader.read(5).lines) == ["id-1"]


def test_an_unknown_option_is_one_clear_error():
    """librdkafka's own words say which it is."""
    with pytest.raises(OutputError, match=r"Kafka: .*securityprotocol.*; check the options"):
        KafkaBroker("127.0.0.1:1", "netmon", {"securityprotocol": "SSL"})
