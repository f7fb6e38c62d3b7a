"""Behind a reverse proxy: prefixes, relative links, and connections that are kept."""

import re
import socket
from http.client import HTTPConnection
from urllib.parse import urljoin

import pytest

from tests.web.clients import request, split
from tests.web.limits import SOON_S

PAGES = ("/", "/metrics", "/-/healthy", "/runbooks/", "/runbooks/SensorDown")


@pytest.mark.parametrize(
    ("options", "prefix"),
    [
        ({"external_url": "https://sensors.example/a/b"}, "/a/b"),
        ({"route_prefix": "/x"}, "/x"),
        ({"external_url": "https://sensors.example/a", "route_prefix": ""}, ""),
    ],
)
def test_everything_is_below_the_prefix(serve, options, prefix):
    """Every page is there, and with a prefix nowhere else; the URL has the prefix."""
    server = serve(**options)
    assert server.urls[0].endswith(prefix)
    assert {path: request(server.address, prefix + path)[0] for path in PAGES} == dict.fromkeys(PAGES, 200)
    if prefix:
        status, headers, _ = request(server.address, "/")
        assert (status, headers["Location"]) == (302, f"{prefix}/")
        for path in (*PAGES[1:], f"{prefix}metrics", f"{prefix}x/metrics"):
            assert request(server.address, path)[0] == 404, path


@pytest.mark.parametrize("options", [{}, {"route_prefix": "/x"}])
def test_every_link_leads_somewhere(serve, options, ready):
    """All links of all pages are relative, and lead to a page, under any prefix and behind any path."""
    ready.set()
    server = serve(**options)
    start = options.get("route_prefix", "") + "/"
    seen, queue = set(), [start]
    while queue:
        path = queue.pop()
        status, headers, body = request(server.address, path)
        assert status == 200, path
        seen.add(path)
        if headers["Content-Type"].startswith("text/html"):
            for link in re.findall(r'href="([^"]*)"', body.decode()):
                assert not link.startswith(("/", "http:", "https:")), (path, link)
                target = urljoin(path, link).partition("#")[0]
                queue += [target] if target not in seen else []
    assert len(seen) > 15
    assert all(path.startswith(start) for path in seen)


def test_connection_is_kept(server):
    """Several requests use one connection; the port of the client shows it."""
    connection = HTTPConnection(server.address, timeout=SOON_S)
    ports = set()
    for path in ("/metrics", "/-/healthy", "/nowhere", "/", "/metrics"):
        connection.request("GET", path)
        connection.getresponse().read()
        ports.add(connection.sock.getsockname()[1])
    connection.close()
    assert len(ports) == 1


@pytest.mark.parametrize(
    ("version", "header", "is_kept"),
    [("1.1", "", True), ("1.1", "Connection: close\r\n", False), ("1.0", "", False)],
)
def test_client_decides_whether_it_is_kept(server, version, header, is_kept):
    """HTTP/1.1 keeps the connection unless the client closes it; HTTP/1.0 does not."""
    with socket.create_connection(split(server.address), timeout=SOON_S) as client:
        client.sendall(f"GET /-/healthy HTTP/{version}\r\nHost: a\r\n{header}\r\n".encode())
        reader = client.makefile("rb")
        assert b"200" in reader.readline()
        head = b"".join(iter(reader.readline, b"\r\n"))
        assert reader.read(8) == b"healthy\n"
        assert (b"Connection: close" in head) is not is_kept
        client.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n" if is_kept else b"")
        assert bool(reader.readline()) is is_kept


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_body_is_not_taken_for_a_request(serve, reloads, method):
    """A request hidden in a body is not executed, whatever is said about the body's length."""
    server = serve(enable_lifecycle=True)
    reloads += [None] * 10
    hidden = b"POST /-/reload HTTP/1.1\r\nHost: a\r\n\r\n"
    for head in (
        f"Content-Length: {len(hidden)}",
        "Content-Length: 0x1",
        "Content-Length: -1",
        f"Content-Length: {10**9}",
        "Transfer-Encoding: chunked",
    ):
        with socket.create_connection(split(server.address), timeout=SOON_S) as client:
            client.sendall(f"{method} /metrics HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n".encode() + hidden)
            client.shutdown(socket.SHUT_WR)
            assert client.makefile("rb").read().count(b"HTTP/1.1 ") == 1
    assert len(reloads) == 10


def test_client_that_waits_before_it_sends_a_body(serve, reloads):
    """A client that expects "100 Continue" gets it at once, and then the answer."""
    reloads += [None]
    with socket.create_connection(split(serve(enable_lifecycle=True).address), timeout=SOON_S) as client:
        client.sendall(
            b"POST /-/reload HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        )
        reader = client.makefile("rb")
        assert reader.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert reader.readline() == b"\r\n"
        client.sendall(b"ab")
        assert reader.readline() == b"HTTP/1.1 200 OK\r\n"
