"""The open connections: bounded, and closed when a client does not do its part in time.

A connection has a thread, but a client that stalls costs nothing else. When there are too many, the address
with the most connections loses the one that has kept the server waiting longest.
"""

from __future__ import annotations

import ipaddress
import math
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

MAX_CONNECTIONS = 256
REQUEST_WITHIN_S = 10.0
"""For the TLS handshake and the head of the first request together, and for the head of each further one."""
ANSWER_WITHIN_S = 30.0
"""For reading an answer."""
IDLE_S = 120.0
"""Between two requests of a connection: longer than a usual scrape interval."""
_RETRY_S = 0.01


class Connection:
    """A client's connection; either the client must do something in time, or the server is at work."""

    __slots__ = ("_deadline_s", "_since_s", "client", "who")

    def __init__(self, client: socket.socket, who: str) -> None:
        self.client = client
        self.who = who
        self.expect(REQUEST_WITHIN_S)

    def expect(self, within_s: float) -> None:
        """The client must do its part within this time."""
        self._since_s = time.monotonic()
        self._deadline_s = self._since_s + within_s

    def work(self) -> None:
        """The server is at work, and the client waits."""
        self._since_s = self._deadline_s = math.inf

    @property
    def since_s(self) -> float:
        """Since when the server waits for the client; infinite while the server is at work."""
        return self._since_s

    def is_overdue(self, now_s: float) -> bool:
        """True if the client has not done its part in time."""
        return now_s > self._deadline_s

    def is_gone(self) -> bool:
        """True if the client has closed the connection, and does not wait for an answer."""
        try:
            # Not SSLSocket.recv, which takes no flags: this looks at the bytes before they are decrypted.
            return not socket.socket.recv(self.client, 1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def end(self) -> None:
        """Ends the connection: its thread wakes up, and closes it."""
        with suppress(OSError):  # it may be closed already
            # Not SSLSocket.shutdown: a thread that is writing would go on in plain text.
            socket.socket.shutdown(self.client, socket.SHUT_RDWR)


class Connections:
    """All open connections of a server, whatever address they came to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[socket.socket, Connection] = {}

    def add(self, client: socket.socket, who: str) -> bool:
        """Adds a connection; False if there is no room for it within the time that a client is granted.

        While the server is at work for all clients, this waits until one of them has its answer, so that the
        next one is not refused.
        """
        give_up_s = time.monotonic() + REQUEST_WITHIN_S
        while not self._try_to_add(client, who):
            if time.monotonic() > give_up_s:
                return False
            time.sleep(_RETRY_S)
        return True

    def _try_to_add(self, client: socket.socket, who: str) -> bool:
        with self._lock:
            if len(self._open) >= MAX_CONNECTIONS:
                victim = _find_victim(self._open.values())
                if victim is None:
                    return False
                del self._open[victim.client]
                victim.end()
            self._open[client] = Connection(client, who)
            return True

    def of(self, client: socket.socket) -> Connection:
        """The connection of a client; one that has just been ended is not kept."""
        with self._lock:
            return self._open.get(client) or Connection(client, "")

    def remove(self, client: socket.socket) -> None:
        """Forgets a connection that is being closed."""
        with self._lock:
            self._open.pop(client, None)

    def end_overdue(self) -> None:
        """Ends the connections whose clients have not done their part in time."""
        now_s = time.monotonic()
        with self._lock:
            overdue = [one for one in self._open.values() if one.is_overdue(now_s)]
        for connection in overdue:
            connection.end()


def who_is(address: Any) -> str:
    """Whom a connection counts for: an IPv4 address, the /64 of an IPv6 address, or a Unix socket."""
    if not isinstance(address, tuple):
        return "unix"
    ip = ipaddress.ip_address(str(address[0]).partition("%")[0])
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.IPv6Network((ip, 64), strict=False))


def _find_victim(connections: Iterable[Connection]) -> Connection | None:
    """Of the address with the most clients that keep the server waiting, the one that began first."""
    waiting = [one for one in connections if one.since_s < math.inf]
    counts = Counter(one.who for one in waiting)
    return min(waiting, key=lambda one: (-counts[one.who], one.since_s), default=None)
