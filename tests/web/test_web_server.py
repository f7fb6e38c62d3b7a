"""The web server: its responses, and that no client can block others."""

import gzip
import re
import socket
from contextlib import ExitStack
from http.client import HTTPConnection

import pytest

from netmon.web import connections
from tests.web.limits import SOON_S


@pytest.fixture
def connect(server):
    """Opens connections to the server; all are closed at the end."""
    host, _, port = server.address.rpartition(":")
    with ExitStack() as stack:

        def connect():
            return stack.enter_context(socket.create_connection((host, int(port)), timeout=SOON_S))

        yield connect


@pytest.fixture
def get(server):
    """Status, headers and body of a response."""

    def get(path, method="GET", **headers):
        connection = HTTPConnection(server.address, timeout=SOON_S)
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    return get


def test_metrics(get):
    """Prometheus' text format is the default."""
    status, headers, body = get("/metrics")
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain; version=")
    assert b"apples_total 3.0\n" in body
    assert b"pears_total 4.0\n" in body


def test_openmetrics(get):
    """OpenMetrics is returned if requested."""
    _, headers, body = get("/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert headers["Content-Type"].startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")


def test_some_metrics(get):
    """`name[]` selects metrics."""
    _, _, body = get("/metrics?name[]=pears_total")
    assert b"pears_total 4.0\n" in body
    assert b"apples" not in body


def test_metrics_without_a_wait(get):
    """`hold=0` gives new series their values at once; anything else is a scrape."""
    assert b"apples_total 5.0\n" in get("/metrics?hold=0")[2]
    assert b"apples_total 5.0\n" in get("/metrics?hold=0&name[]=apples_total")[2]
    assert b"apples_total 3.0\n" in get("/metrics?hold=1")[2]


def test_compressed_metrics(get):
    """A client that accepts gzip gets a compressed response."""
    _, headers, body = get("/metrics", **{"Accept-Encoding": "gzip"})
    assert headers["Content-Encoding"] == "gzip"
    assert b"apples_total 3.0\n" in gzip.decompress(body)


def test_ready_follows_the_capture(get, ready):
    """Not ready before the capture runs, ready while it does, and says what was seen last."""
    assert get("/-/ready")[0] == 503
    ready.set()
    status, _headers, body = get("/-/ready")
    assert (status, body) == (200, b"ready\neth1: last packet of a flow at 2026-11-28T12:00:00Z\n")
    assert get("/-/healthy")[0] == 200


def test_landing_page(get):
    """The root says which sensor this is, and links to everything else."""
    status, headers, body = get("/")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert {b"1.2.3" in body, b"edge (Bern)" in body} == {True}
    links = re.findall(r'href="([^"]*)"', body.decode())
    assert links == ["metrics", "runbooks/", "-/healthy", "-/ready"]
    assert {link: get(f"/{link}")[0] for link in links if link != "-/ready"} == dict.fromkeys(links[:3], 200)


@pytest.mark.parametrize("path", ["/metric", "/metrics/", "/-/quit", "/%2e%2e/etc/passwd"])
def test_anything_else_is_not_found(get, path):
    """Any other path is not found."""
    assert get(path)[0] == 404


def test_head(get):
    """A HEAD request gets the same headers and no body."""
    status, headers, body = get("/metrics", method="HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["Content-Length"]) > 0


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_changed(get, method):
    """Methods that would change something are rejected."""
    assert get("/metrics", method=method)[0] in (405, 501)


def test_idle_clients_do_not_delay_a_scrape(get, connect, monkeypatch):
    """A scrape is answered although more clients than the limit are connected and send nothing."""
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 8)
    silent = [connect() for _ in range(20)]
    assert get("/metrics")[0] == 200
    assert silent[0].recv(1) == b""  # the oldest was closed


def test_incomplete_requests_do_not_delay_a_scrape(get, connect, monkeypatch):
    """Clients that stop in the middle of a request are treated like idle ones."""
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 8)
    for _ in range(20):
        connect().sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\nX-")
    assert get("/metrics")[0] == 200


def test_idle_client_is_disconnected(serve, monkeypatch):
    """A connection without a request is closed after the time limit."""
    host, _, port = serve().address.rpartition(":")
    monkeypatch.setattr(connections, "REQUEST_WITHIN_S", 0.05)
    with socket.create_connection((host, int(port)), timeout=SOON_S) as silent:
        assert silent.recv(1) == b""


@pytest.mark.parametrize(
    "garbage", [b"\x16\x03\x01\x02\x00\x01\xfc", b"\x00" * 70_000, b"GET\r\n\r\n", b"\r\n"]
)
def test_garbage_ends_only_its_connection(get, connect, garbage):
    """A TLS hello, a flood or half a request line ends only that connection."""
    connect().sendall(garbage)
    assert get("/metrics")[0] == 200


def test_start_queries_no_dns(serve, monkeypatch):
    """A passive sensor does not look up its own name."""
    monkeypatch.setattr(socket, "getfqdn", lambda *_: pytest.fail("a name was looked up"))
    serve()
