"""Syslog (RFC 5424) over TCP, TLS, UDP or a Unix socket."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import ssl
import struct
import termios
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from netmon.errors import reason_of
from netmon.streams import BrokerError, StreamMessage

Transport = Literal["tcp", "tls", "udp", "unix"]

_FACILITY = 16  # local0
_SEVERITIES = ((99, 2), (47, 4), (21, 5), (0, 6))
"""`event.severity` from which on a message has a severity of RFC 5424: critical, warning, notice, info."""
_POLL_S = 0.01


@dataclass(frozen=True, slots=True)
class SyslogAddress:
    """Where a syslog server listens."""

    transport: Transport
    host: str = ""
    port: int = 0
    path: str = ""


class SyslogBroker:
    """Sends to a syslog server. The protocol has no confirmation of its own.

    Over TCP and TLS, messages count as delivered once the server's system has acknowledged their last byte:
    a server that dies later may have lost them. Over UDP, nothing shows what arrived.
    """

    def __init__(self, address: SyslogAddress, authority: Path | None = None, wait_s: float = 5.0) -> None:
        """`authority`: the certificates that a TLS server is checked against, instead of the system's.

        `wait_s`: for a connection, and for the acknowledgement of what was sent.
        """
        self._address = address
        self._authority = authority
        self._wait_s = wait_s
        self._host = socket.gethostname() or "-"
        self._socket: socket.socket | None = None

    def publish(self, messages: Sequence[StreamMessage]) -> int:
        """Sends all messages, and waits for the peer's acknowledgements. Raises BrokerError."""
        try:
            connection = self._socket or self._connect()
            self._socket = connection
            return self._send(connection, [self._format(one) for one in messages])
        except OSError as error:
            self.close()
            raise BrokerError(reason_of(error)) from error

    def close(self) -> None:
        """Closes the connection; the next `publish` opens a new one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connect(self) -> socket.socket:
        address = self._address
        if address.transport == "unix":
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            connection.connect(address.path)
            return connection
        if address.transport == "udp":
            found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)
            connection = socket.socket(found[0][0], socket.SOCK_DGRAM)
            connection.connect(found[0][4])
            return connection
        plain = socket.create_connection((address.host, address.port), self._wait_s)
        if address.transport == "tcp":
            return plain
        context = ssl.create_default_context(cafile=self._authority)
        return context.wrap_socket(plain, server_hostname=address.host)

    def _send(self, connection: socket.socket, texts: list[bytes]) -> int:
        if self._address.transport in ("udp", "unix"):
            return sum(not _send_datagram(connection, text) for text in texts)
        _check_open(connection)
        connection.sendall(b"".join(b"%d %s" % (len(text), text) for text in texts))
        deadline = time.monotonic() + self._wait_s
        while _unacknowledged(connection):
            if time.monotonic() > deadline:
                raise TimeoutError(None, "no acknowledgement in time")
            time.sleep(_POLL_S)
        _check_open(connection)
        return 0

    def _format(self, message: StreamMessage) -> bytes:
        severity = next(level for least, level in _SEVERITIES if message.severity >= least)
        head = f"<{_FACILITY * 8 + severity}>1 {message.time} {self._host} netmon {os.getpid()} "
        return f"{head}{message.dataset[:32]} - ".encode("ascii", "replace") + message.line


def _send_datagram(connection: socket.socket, text: bytes) -> bool:
    """False for a message that is too large for a datagram."""
    try:
        connection.send(text)
    except OSError as error:
        if error.errno != errno.EMSGSIZE:
            raise
        return False
    return True


def _unacknowledged(connection: socket.socket) -> int:
    """Bytes that the peer's system has not acknowledged (SIOCOUTQ)."""
    found = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, struct.pack("i", 0))
    return int(struct.unpack("i", found)[0])


def _check_open(connection: socket.socket) -> None:
    """Raises ConnectionError if the peer has closed: it reads nothing that is sent now."""
    wait_s = connection.gettimeout()
    connection.setblocking(False)
    try:
        if connection.recv(1) == b"":
            raise ConnectionResetError(None, "the server closed the connection")
    except (BlockingIOError, ssl.SSLWantReadError):
        pass
    finally:
        connection.settimeout(wait_s)
