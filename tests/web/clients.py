"""Clients of the web server, some of which stall, and helpers for requests over one connection."""

import base64
import socket
import ssl
import time
from dataclasses import dataclass
from http.client import HTTPConnection

import bcrypt

from tests.web.limits import SOON_S


def split(where):
    """The address of "host:port" for a socket."""
    host, _, port = where.rpartition(":")
    return host.strip("[]"), int(port)


def request(where, path="/metrics", method="GET", source=None, body=None, **headers):
    """Status, headers and body of a response."""
    connection = HTTPConnection(where, timeout=SOON_S, source_address=source and (source, 0))
    try:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def basic(user, password):
    """The header for a user and a password."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def hash_of(password, cost=4):
    """The bcrypt hash of a password."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()


@dataclass(frozen=True)
class Waiting:
    """A client that waits for the check of its password."""

    who: str = "192.0.2.1"

    def is_gone(self):
        """It waits."""
        return False


class Stalled:
    """A client that does a part of a request, and then nothing; its receive buffer is small."""

    def __init__(self, where, *, tls=None, sends=b"", source="127.0.0.1"):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        self.socket.settimeout(SOON_S)
        self.socket.bind((source, 0))
        self.socket.connect(split(where))
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="127.0.0.1")
        self.socket.sendall(sends)

    def is_closed(self):
        """True if the server has closed the connection."""
        try:
            while self.socket.recv(65_536):
                pass
        except (ConnectionResetError, ssl.SSLError):
            pass
        return True


def timed(call):
    """The result of a call, and the seconds that it took."""
    begin = time.monotonic()
    result = call()
    return result, time.monotonic() - begin
