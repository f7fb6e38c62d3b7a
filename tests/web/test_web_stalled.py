"""Clients that stall: they delay nobody, and their time ends.

In these tests the server grants a client ten minutes for everything, unless a test says otherwise: whoever
waited for a client that stalls would wait until the end of the test.
"""

import shutil
import ssl
import threading
import time
from collections import deque
from contextlib import suppress
from http.client import HTTPConnection, HTTPSConnection

import pytest
from prometheus_client import Gauge

from netmon.web import connections
from netmon.web.connections import who_is
from netmon.web.guard import WebGuard
from tests.web.clients import Stalled, request, timed
from tests.web.limits import SOON_S

HEAD = b"GET /metrics HTTP/1.1\r\nHost: a\r\n"
STALLS = {
    "connected": b"",
    "request line": b"GET /met",
    "headers": HEAD + b"X-A: ",
    "body": HEAD + b"Content-Length: 5\r\n\r\nab",
    "answer": HEAD + b"\r\n" + (HEAD + b"\r\n") * 20,
    "after an answer": b"GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n",
}
CLIENTS = 200
PROMPT_S = 15.0
"""An answer on a busy machine. It takes milliseconds, but a stalled client would delay it by ten minutes."""


@pytest.fixture
def large(registry):
    """An answer that fits into no buffer of the kernel: its client must read it."""
    Gauge("large", "x" * 5_000_000, registry=registry)


@pytest.fixture
def stall():
    """Starts clients that stall; they are closed at the end."""
    started = []

    def stall(number, *words, **options):
        started.extend(Stalled(*words, **options) for _ in range(number))
        return started[-number:]

    yield stall
    for one in started:
        one.socket.close()


@pytest.fixture
def encrypted(certificates, tmp_path, serve):
    """A server with TLS, and the context of its clients."""
    for name in ("server.pem", "server.key"):
        shutil.copy(certificates / name, tmp_path)
    file = tmp_path / "web.config.yml"
    file.write_text("tls_server_config: {cert_file: server.pem, key_file: server.key}")
    return serve(WebGuard(file, print)), ssl.create_default_context(cafile=certificates / "ca.pem")


def get_encrypted(server, context):
    """Status of a scrape over TLS."""
    connection = HTTPSConnection(server.address, timeout=SOON_S, context=context)
    try:
        connection.request("GET", "/-/healthy")
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize(
    "number", [CLIENTS, 2 * connections.MAX_CONNECTIONS], ids=["200", "more than allowed"]
)
@pytest.mark.parametrize("sends", STALLS.values(), ids=STALLS)
@pytest.mark.usefixtures("large")
def test_stalled_clients_delay_nobody(server, stall, sends, number):
    """Clients of the same address stall anywhere in a request: every other request is answered at once."""
    stall(number, server.address, sends=sends)
    for _ in range(5):
        (status, _, _), took_s = timed(lambda: request(server.address, "/-/healthy"))
        assert (status, took_s < PROMPT_S) == (200, True)
    (_, _, body), took_s = timed(lambda: request(server.address, "/metrics"))
    assert took_s < PROMPT_S
    assert b"apples_total 3.0" in body


@pytest.mark.parametrize("sends", [b"", b"\x16\x03\x01\x02\x00\x01"], ids=["connected", "handshake"])
def test_stalled_handshakes_delay_nobody(encrypted, stall, sends):
    """Clients that stop before or in their TLS handshake do not delay one that does not."""
    server, context = encrypted
    stall(CLIENTS, server.address, sends=sends)
    for _ in range(5):
        status, took_s = timed(lambda: get_encrypted(server, context))
        assert (status, took_s < PROMPT_S) == (200, True)


@pytest.mark.parametrize("sends", STALLS.values(), ids=STALLS)
@pytest.mark.usefixtures("large")
def test_stalled_requests_over_tls_delay_nobody(encrypted, stall, sends):
    """The same after the handshake."""
    server, context = encrypted
    stall(50, server.address, sends=sends, tls=context)
    status, took_s = timed(lambda: get_encrypted(server, context))
    assert (status, took_s < PROMPT_S) == (200, True)


@pytest.mark.parametrize("source", ["127.0.0.1", "127.0.0.2"])
def test_clients_that_come_back_at_once_delay_nobody(server, source):
    """Clients that open new connections all the time delay nobody either, from whatever address."""
    ended = threading.Event()

    def attack():
        mine = deque()
        while not ended.wait(0.001):  # this process is the server as well
            one = Stalled(server.address, source=source)
            mine.append(one)
            with suppress(OSError):
                one.socket.sendall(HEAD)
            if len(mine) > CLIENTS:
                mine.popleft().socket.close()
        for one in mine:
            one.socket.close()

    attackers = [threading.Thread(target=attack) for _ in range(2)]
    for one in attackers:
        one.start()
    try:
        opened = server._servers[0]._connections._open
        begin = time.monotonic()
        while len(opened) < connections.MAX_CONNECTIONS:
            assert time.monotonic() - begin < SOON_S
            time.sleep(0.01)
        for _ in range(5):
            (status, _, _), took_s = timed(lambda: request(server.address, "/metrics"))
            assert (status, took_s < PROMPT_S) == (200, True)
    finally:
        ended.set()
        for one in attackers:
            one.join()


def test_a_kept_connection_survives_the_clients_of_another_address(server, stall):
    """When there are too many connections, the address with the most of them loses its own."""
    kept = HTTPConnection(server.address, timeout=SOON_S)
    kept.request("GET", "/-/healthy")
    kept.getresponse().read()
    port = kept.sock.getsockname()[1]
    stalled = stall(2 * connections.MAX_CONNECTIONS, server.address, source="127.0.0.2")
    kept.request("GET", "/-/healthy")
    assert kept.getresponse().read() == b"healthy\n"
    assert kept.sock.getsockname()[1] == port
    kept.close()
    assert stalled[0].is_closed()


@pytest.mark.parametrize("sends", STALLS.values(), ids=STALLS)
@pytest.mark.usefixtures("large")
def test_the_time_of_a_stalled_client_ends(serve, stall, monkeypatch, sends):
    """Wherever it stalls, the server closes the connection when its time is over."""
    server = serve()
    for name in ("REQUEST_WITHIN_S", "ANSWER_WITHIN_S", "IDLE_S"):
        monkeypatch.setattr(connections, name, 0.2)
    [client] = stall(1, server.address, sends=sends)
    begin = time.monotonic()
    while server._servers[0]._connections._open:
        assert time.monotonic() - begin < SOON_S
        time.sleep(0.01)
    assert client.is_closed()


def send_slowly(client):
    """Sends a byte every 20 ms for a long time."""
    for _ in range(int(SOON_S / 0.02)):
        client.sendall(b"X")
        time.sleep(0.02)


def test_a_byte_at_a_time_gains_no_time(serve, stall, monkeypatch):
    """The time is for the head of a request, not for each of its bytes."""
    server = serve()
    monkeypatch.setattr(connections, "REQUEST_WITHIN_S", 0.3)
    [client] = stall(1, server.address, sends=HEAD)
    with pytest.raises(OSError, match=r"(?i)reset|pipe"):
        send_slowly(client.socket)


def test_a_burst_is_accepted(server):
    """A burst of connections is accepted without a client that must try again."""
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(timed(lambda: request(server.address, "/-/healthy"))))
        for _ in range(100)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [status for (status, _, _), _ in answers] == [200] * 100


@pytest.mark.parametrize(
    ("address", "who"),
    [
        (("192.0.2.1", 1), "192.0.2.1"),
        (("::ffff:192.0.2.1", 1, 0, 0), "192.0.2.1"),
        (("2001:db8:0:1::5", 1, 0, 0), "2001:db8:0:1::/64"),
        (("fe80::1%eth0", 1, 0, 2), "fe80::/64"),
        ("", "unix"),
    ],
)
def test_whom_a_connection_counts_for(address, who):
    """An IPv4 address counts as one client however it is written, and so does a /64 of IPv6."""
    assert who_is(address) == who


def test_a_client_waits_while_the_server_is_at_work_for_all_others(serve, registry, monkeypatch):
    """With as many requests in progress as are allowed, the next client is not refused: it waits its turn."""
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 4)
    goes_on = threading.Event()
    Gauge("slow", "Slow.", registry=registry).set_function(lambda: float(goes_on.wait(SOON_S)))
    server = serve()
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(request(server.address, "/metrics")[0]))
        for _ in range(4)
    ]
    for one in threads:
        one.start()
    opened = server._servers[0]._connections._open
    while sum(one.since_s == float("inf") for one in list(opened.values())) < 4:
        time.sleep(0.001)
    threads.append(threading.Thread(target=lambda: answers.append(request(server.address, "/-/healthy")[0])))
    threads[-1].start()
    time.sleep(0.1)
    assert answers == []
    goes_on.set()
    for one in threads:
        one.join()
    assert answers == [200] * 5
