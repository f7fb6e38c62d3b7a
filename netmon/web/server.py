"""The sensor's web server: `/metrics`, `/-/healthy`, `/-/ready`, `/-/reload`, and a landing page.

It is built on `http.server`, because a silent client must not keep others from scraping: every read has a
timeout, and when there are too many connections the oldest is closed.
"""

from __future__ import annotations

import gzip
import html
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from prometheus_client import CollectorRegistry

from netmon.errors import OutputError, reason_of
from netmon.exposition import choose_encoder
from netmon.web.guard import WebGuard

CLIENT_TIMEOUT_S = 5
MAX_CONNECTIONS = 64
_POLL_S = 0.1
"""How often the server checks whether it has been stopped."""

_LANDING = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>netmon</title></head><body>
<h1>netmon {version}</h1>
<p>A passive sensor that shows where the traffic to a vendor's cloud really ends.</p>
<ul><li><a href="/metrics">Metrics</a></li><li><a href="/-/healthy">Healthy</a></li>
<li><a href="/-/ready">Ready</a></li></ul>
<p>A POST to <code>/-/reload</code> reloads the signatures.</p>
</body></html>
"""


class WebServer:
    """Serves a registry from a thread of its own. The constructor binds, or raises OutputError."""

    def __init__(
        self,
        host: str,
        port: int,
        registry: CollectorRegistry,
        version: str,
        *,
        is_ready: Callable[[], bool],
        reload: Callable[[], str | None],
        guard: WebGuard,
        view: Callable[[], str] = str,
    ) -> None:
        """`is_ready`, `reload` and `view` are called from the thread of a request.

        `view` says in lines since when nothing useful was seen; `/-/ready` shows it.

        `reload` returns once the signatures are reloaded: None, or the error for which the old ones stay.
        """
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        callbacks = {"is_ready": is_ready, "reload": reload, "view": view}
        page = {"registry": registry, "page": version, "guard": guard}
        calls = {name: staticmethod(call) for name, call in callbacks.items()}
        handler = type("Handler", (_Handler,), page | calls)
        server = type("Server", (_Server,), {"address_family": family, "guard": guard})
        self._scheme = guard.scheme
        try:
            self._server: ThreadingHTTPServer = server((host, port), handler)
        except OSError as error:
            raise OutputError(
                f"{join_listen(host, port)}: cannot serve metrics on this address: {reason_of(error)}; "
                "choose another with --listen or web.listen"
            ) from error
        serve = self._server.serve_forever
        self._thread = threading.Thread(target=serve, args=(_POLL_S,), name="web", daemon=True)

    @property
    def address(self) -> str:
        """Host and port that the server is bound to, as "host:port"."""
        host, port = self._server.server_address[:2]
        return join_listen(str(host), port)

    @property
    def url(self) -> str:
        """The server's URL, without a path."""
        return f"{self._scheme}://{self.address}"

    def start(self) -> None:
        """Starts serving requests."""
        self._thread.start()

    def stop(self) -> None:
        """Stops accepting connections; does not wait for requests in progress."""
        self._server.shutdown()
        self._server.server_close()


def join_listen(host: str, port: int) -> str:
    """Host and port as in a URL: an IPv6 address is put in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class _Server(ThreadingHTTPServer):
    guard: WebGuard
    daemon_threads = True
    block_on_close = False
    request_queue_size = MAX_CONNECTIONS  # if the queue overflows, a client waits a second and tries again

    def __init__(self, *arguments: Any) -> None:
        self._lock = threading.Lock()
        self._connections: dict[socket.socket, None] = {}  # oldest first
        super().__init__(*arguments)

    def server_bind(self) -> None:
        """Binds without resolving the name of this host in DNS, as HTTPServer would."""
        TCPServer.server_bind(self)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accepts a connection; closes the oldest one when there are too many."""
        client, address = super().get_request()
        client.settimeout(CLIENT_TIMEOUT_S)
        self.guard.refresh()
        client = self.guard.wrap(client)
        with self._lock:
            if len(self._connections) >= MAX_CONNECTIONS:
                oldest = next(iter(self._connections))
                del self._connections[oldest]
                with suppress(OSError):  # it may be closed already
                    oldest.shutdown(socket.SHUT_RDWR)
            self._connections[client] = None
        return client, address

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serves one connection in its own thread, so that a slow handshake does not delay others."""
        self.guard.handshake(request)
        super().finish_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Closes a connection and removes it from the list."""
        with self._lock:
            self._connections.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignores clients that disconnect or time out."""


class _Handler(BaseHTTPRequestHandler):
    registry: CollectorRegistry
    page: str
    guard: WebGuard
    is_ready: Callable[[], bool]
    reload: Callable[[], str | None]
    view: Callable[[], str]
    server_version = "netmon"
    sys_version = ""

    def do_GET(self) -> None:
        """Answers a read-only request."""
        url = urlsplit(self.path)
        if not self._is_authorized():
            return
        if url.path == "/metrics":
            self._metrics(parse_qs(url.query).get("name[]", []))
        elif url.path == "/-/healthy":
            self._text(HTTPStatus.OK, "healthy\n")
        elif url.path == "/-/ready":
            ready = self.is_ready()
            status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
            self._text(status, f"{'ready' if ready else 'not ready'}\n{self.view()}")
        elif url.path == "/-/reload":
            self._text(HTTPStatus.METHOD_NOT_ALLOWED, "use POST\n", Allow="POST, PUT")
        elif url.path == "/":
            page = _LANDING.format(version=html.escape(self.page))
            self._answer(HTTPStatus.OK, "text/html; charset=utf-8", page.encode())
        else:
            self._text(HTTPStatus.NOT_FOUND, "not found; try /metrics\n")

    do_HEAD = do_GET  # noqa: N815  # the base class's name

    def do_POST(self) -> None:
        """Reloads the signatures; the request's body is not read."""
        if not self._is_authorized():
            return
        if urlsplit(self.path).path != "/-/reload":
            self._text(HTTPStatus.METHOD_NOT_ALLOWED, "method not allowed\n", Allow="GET, HEAD")
            return
        problem = self.reload()
        if problem is None:
            self._text(HTTPStatus.OK, "reloaded\n")
        else:
            self._text(HTTPStatus.INTERNAL_SERVER_ERROR, f"the old signatures stay in use: {problem}\n")

    do_PUT = do_POST  # noqa: N815

    def _is_authorized(self) -> bool:
        if self.guard.is_authorized(self.headers.get("Authorization")):
            return True
        self._text(HTTPStatus.UNAUTHORIZED, "unauthorized\n", **{"WWW-Authenticate": 'Basic realm="netmon"'})
        return False

    def _metrics(self, names: list[str]) -> None:
        encode, content_type = choose_encoder(self.headers.get("Accept", ""))
        registry = self.registry.restricted_registry(names) if names else self.registry
        self._answer(HTTPStatus.OK, content_type, encode(registry))

    def _text(self, status: HTTPStatus, text: str, **headers: str) -> None:
        self._answer(status, "text/plain; charset=utf-8", text.encode(), **headers)

    def _answer(self, status: HTTPStatus, content_type: str, body: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        for name, value in {**self.guard.config.headers, **headers}.items():
            self.send_header(name, value)
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, compresslevel=1)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Does not log requests."""
