"""Accepts connections on all listeners, and serves each in a thread of its own.

It is built on Python's `http.server`. The libraries that could replace it lack what a sensor needs: waitress
has no TLS, cheroot does one handshake after the other, uvicorn and hypercorn do not pass on certificates,
granian runs applications in processes of its own, and tornado and aiohttp bound neither the connections nor
the time for reading an answer.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from socketserver import BaseServer, ThreadingMixIn
from typing import Any

from netmon.web.connections import Connections, who_is
from netmon.web.handler import Handler, Site
from netmon.web.listeners import Listener, close_all

_POLL_S = 0.1
"""How often the server checks whether it has been stopped, and ends connections that stall."""
_SEND_BUFFER_BYTES = 131_072
"""What the kernel keeps for a client that does not read its answer; by default, megabytes for each."""


class WebServer:
    """Serves a site on listeners, each from a thread of its own."""

    def __init__(self, listeners: Sequence[Listener], site: Site) -> None:
        self._listeners = listeners
        self._site = site
        self._servers = _make_servers(listeners, site)

    @property
    def urls(self) -> tuple[str, ...]:
        """The URL of each listener with the prefix; Unix sockets as they are written in the configuration."""
        return tuple(self._url(listener) for listener in self._listeners)

    def start(self) -> None:
        """Starts serving requests."""
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(_POLL_S,), name="web", daemon=True).start()

    def stop(self) -> None:
        """Stops accepting connections; does not wait for requests in progress."""
        for server in self._servers:
            server.shutdown()
        close_all(self._listeners)

    def _url(self, listener: Listener) -> str:
        if listener.socket.family == socket.AF_UNIX:
            return listener.where
        return f"{self._site.guard.scheme}://{listener.where}{self._site.options.prefix}"


def describe(urls: Sequence[str]) -> str:
    """Where metrics are served, for people."""
    return ", ".join(url if url.startswith("unix:") else f"{url}/metrics" for url in urls)


def _make_servers(listeners: Sequence[Listener], site: Site) -> list[_Server]:
    connections = Connections()
    serving = {"site": site, "connection_of": staticmethod(connections.of)}
    handler = type("Handler", (Handler,), serving)
    return [_Server(listener, handler, site, connections) for listener in listeners]


class _Server(ThreadingMixIn, BaseServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, listener: Listener, handler: Any, site: Site, connections: Connections) -> None:
        super().__init__(listener.where, handler)
        self._socket = listener.socket
        self._guard = site.guard
        self._connections = connections

    def fileno(self) -> int:
        """What `serve_forever` waits for."""
        return self._socket.fileno()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accepts a connection, and makes room for it."""
        client, address = self._socket.accept()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        self._guard.refresh()
        client = self._guard.wrap(client)
        if not self._connections.add(client, who_is(address)):
            client.close()
            raise OSError("too many connections")  # `serve_forever` goes on
        return client, address

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serves one connection in its own thread, so that a slow handshake does not delay others."""
        self._guard.handshake(request)
        super().finish_request(request, client_address)

    def service_actions(self) -> None:
        """Ends connections that stall."""
        self._connections.end_overdue()

    def shutdown_request(self, request: Any) -> None:
        """Closes a connection and removes it from the list."""
        self._connections.remove(request)
        self.close_request(request)

    def close_request(self, request: Any) -> None:
        """Closes a connection, once what was written is on its way."""
        with suppress(OSError):  # the client may have closed it
            socket.socket.shutdown(request, socket.SHUT_WR)
        request.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignores clients that disconnect or stall."""
