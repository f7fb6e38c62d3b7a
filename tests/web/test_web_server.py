"""The web server: its responses, and that no client can block others."""

import gzip
import socket
from contextlib import ExitStack
from http.client import HTTPConnection

import pytest

from netmon.errors import OutputError
from netmon.web import server as web
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
    """The root links to everything else."""
    status, headers, body = get("/")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert b'href="/metrics"' in body
    assert b"1.2.3" in body


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


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_reload(get, reloads, method):
    """POST and PUT reload, and the response gives the result; a GET does nothing."""
    reloads += [None, "acme.yaml:3: unknown key"]
    assert get("/-/reload")[0] == 405
    assert get("/-/reload", method=method)[::2] == (200, b"reloaded\n")
    answer = get("/-/reload", method=method)
    assert answer[::2] == (500, b"the old signatures stay in use: acme.yaml:3: unknown key\n")


def test_idle_clients_do_not_delay_a_scrape(get, connect, monkeypatch):
    """A scrape is answered although more clients than the limit are connected and send nothing."""
    monkeypatch.setattr(web, "MAX_CONNECTIONS", 8)
    silent = [connect() for _ in range(20)]
    assert get("/metrics")[0] == 200
    assert silent[0].recv(1) == b""  # the oldest was closed


def test_incomplete_requests_do_not_delay_a_scrape(get, connect, monkeypatch):
    """Clients that stop in the middle of a request are treated like idle ones."""
    monkeypatch.setattr(web, "MAX_CONNECTIONS", 8)
    for _ in range(20):
        connect().sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\nX-")
    assert get("/metrics")[0] == 200


def test_idle_client_is_disconnected(serve, monkeypatch):
    """A connection without a request is closed after the time limit."""
    monkeypatch.setattr(web, "CLIENT_TIMEOUT_S", 0.05)
    host, _, port = serve().address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=SOON_S) as silent:
        assert silent.recv(1) == b""


@pytest.mark.parametrize(
    "garbage", [b"\x16\x03\x01\x02\x00\x01\xfc", b"\x00" * 70_000, b"GET\r\n\r\n", b"\r\n"]
)
def test_garbage_ends_only_its_connection(get, connect, garbage):
    """A TLS hello, a flood or half a request line ends only that connection."""
    connect().sendall(garbage)
    assert get("/metrics")[0] == 200


def test_port_taken(server, serve):
    """An address in use is one line that names it and says what to do."""
    host, _, port = server.address.rpartition(":")
    with pytest.raises(OutputError) as caught:
        serve(host=host, port=int(port))
    assert str(caught.value) == (
        f"{server.address}: cannot serve metrics on this address: address already in use; "
        "choose another with --listen or web.listen"
    )


def test_address_of_another_host(serve):
    """An address of another host is one line as well."""
    with pytest.raises(
        OutputError, match=r"^192\.0\.2\.1:0: cannot serve metrics on this address: cannot assign requested"
    ):
        serve(host="192.0.2.1")


def test_ipv6(serve):
    """IPv6 addresses work, and are shown in brackets."""
    try:
        server = serve(host="::1")
    except OutputError as error:
        pytest.skip(f"needs IPv6: {error}")
    assert server.address.startswith("[::1]:")
    connection = HTTPConnection(server.address, timeout=SOON_S)
    connection.request("GET", "/-/healthy")
    assert connection.getresponse().status == 200
    connection.close()


def test_start_queries_no_dns(serve, monkeypatch):
    """A passive sensor does not look up its own name."""
    monkeypatch.setattr(socket, "getfqdn", lambda *_: pytest.fail("a name was looked up"))
    serve()
