import json
import socket

import pytest

from netmon.streams import BrokerError, parse_message
from netmon.streams.delivery import Delivery
from netmon.streams.spool_reader import SpoolReader
from netmon.streams.syslog_broker import SyslogAddress, SyslogBroker
from tests.streams.events import event, ids, write
from tests.streams.servers import Rsyslog, free_port, wait_for


@pytest.fixture
def server(tmp_path):
    server = Rsyslog(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "spool"


def deliver(folder, broker):
    reader = SpoolReader(folder, folder / "position.json")
    Delivery(reader, broker, "syslog", lambda line: None).run(until_empty=True)


def bodies(lines):
    return [line.split(" ", 3)[3] for line in lines]


def test_events_reach_rsyslog_over_tcp_in_order(server, folder):
    """Each as one message, whatever it contains."""
    write(folder, range(600), text="a\\nb ü €")
    broker = SyslogBroker(SyslogAddress("tcp", "127.0.0.1", server.port))
    deliver(folder, broker)
    broker.close()
    wait_for(lambda: len(server.received()) == 600)
    assert ids(bodies(server.received())) == [f"id-{number}" for number in range(600)]


@pytest.mark.parametrize(("severity", "priority"), [(None, 134), (21, 133), (47, 132), (99, 130)])
def test_a_finding_has_its_severity(server, severity, priority):
    """Facility local0; critical, warning and notice are those of RFC 5424, the rest is info."""
    line = json.dumps(event(1, severity)).encode()
    broker = SyslogBroker(SyslogAddress("udp", "127.0.0.1", server.port))
    broker.publish([parse_message(line)])
    broker.close()
    wait_for(server.received)
    assert server.received()[0].startswith(f"{priority} netmon netmon.flow {{")


def test_a_server_that_is_restarted_gets_everything(server, folder):
    """What it had not acknowledged is sent again."""
    broker = SyslogBroker(SyslogAddress("tcp", "127.0.0.1", server.port))
    write(folder, range(10))
    deliver(folder, broker)
    server.stop()
    write(folder, range(10, 20))
    with pytest.raises(BrokerError):
        deliver(folder, broker)
    server.start()
    deliver(folder, broker)
    broker.close()
    wait_for(lambda: len(server.received()) >= 20)
    assert set(ids(bodies(server.received()))) == {f"id-{number}" for number in range(20)}


def test_a_server_that_does_not_read_is_away(folder):
    """Its system acknowledges what fits into its buffer; the rest is not taken for delivered."""
    write(folder, range(400), text="x" * 30_000)
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        broker = SyslogBroker(SyslogAddress("tcp", "127.0.0.1", listener.getsockname()[1]), wait_s=1)
        with pytest.raises(BrokerError):
            deliver(folder, broker)
        broker.close()
    assert len(SpoolReader(folder, folder / "position.json").read(1000).lines) > 0


def test_a_server_that_is_away_is_reported(folder):
    """With the reason of the system."""
    write(folder, [1])
    with pytest.raises(BrokerError, match="connection refused"):
        deliver(folder, SyslogBroker(SyslogAddress("tcp", "127.0.0.1", free_port())))


def test_a_unix_socket_takes_datagrams(tmp_path, folder):
    """As /dev/log is one."""
    write(folder, [1])
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(tmp_path / "log"))
        broker = SyslogBroker(SyslogAddress("unix", path=str(tmp_path / "log")))
        deliver(folder, broker)
        broker.close()
        assert ids([server.recv(65536).split(b" - ", 1)[1]]) == ["id-1"]
