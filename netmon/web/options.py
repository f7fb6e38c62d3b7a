"""How the web server is reached: addresses, a reverse proxy, systemd's sockets, and what is switched on."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

DEFAULT_PORT = 10977
_MAX_SOCKET_PATH = 107
"""The longest path of a Unix socket on Linux, in bytes."""


class ListenAddress(Struct, frozen=True):
    """Where to listen: a host and a port, or the path of a Unix socket."""

    host: str = ""
    """Empty: all addresses of this host."""
    port: int = DEFAULT_PORT
    path: Path | None = None

    def __str__(self) -> str:
        """As it is written in the configuration."""
        if self.path is not None:
            return f"unix:{self.path}"
        return join_host(self.host, self.port)


class WebOptions(Struct, frozen=True):
    """The options that exporters of Prometheus have. The default is a server on this host only."""

    listen: tuple[ListenAddress, ...] = (ListenAddress("127.0.0.1"),)
    """Without an address, there is no web server, unless systemd passes a socket."""
    systemd_socket: bool = False
    external_url: str | None = None
    """The URL under which a reverse proxy offers the server, without a slash at its end."""
    route_prefix: str | None = None
    """A path such as "/netmon", or empty; None: the path of the external URL."""
    config_file: Path | None = None
    """A web.config.yml with TLS and passwords."""
    enable_lifecycle: bool = False

    @property
    def prefix(self) -> str:
        """The path in front of all others; empty, or without a slash at its end."""
        if self.route_prefix is not None:
            return self.route_prefix
        return urlsplit(self.external_url).path if self.external_url else ""

    @property
    def is_off(self) -> bool:
        """True if nothing is served."""
        return not self.listen and not self.systemd_socket


def join_host(host: str, port: int) -> str:
    """Host and port as in a URL: an IPv6 address is put in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def parse_listen(text: str) -> ListenAddress:
    """The address of "127.0.0.1:10977", "[::1]:10977", ":10977" (all addresses) or "unix:/run/netmon.sock".

    Raises ValueError with the reason.
    """
    if text.startswith("unix:"):
        return ListenAddress(path=_socket_path(text))
    host, colon, port = text.rpartition(":")
    is_bracketed = host.startswith("[") and host.endswith("]")
    if is_bracketed:
        host = host[1:-1]
    is_host = is_bracketed if ":" in host else not re.search(r"[\[\]/\s]", host)
    if not colon or not is_host or not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65_535:
        raise ValueError(
            f"'{text}' is not an address to listen on: write HOST:PORT, such as 127.0.0.1:{DEFAULT_PORT}, "
            f":{DEFAULT_PORT} for all addresses, or unix:PATH"
        )
    return ListenAddress(host, int(port))


def _socket_path(text: str) -> Path:
    path = text.removeprefix("unix:").removeprefix("//")
    if not path.startswith("/") or path.endswith("/"):
        raise ValueError(
            f"'{text}' is not a Unix socket: write unix: and an absolute path, such as unix:/run/netmon.sock"
        )
    if len(path.encode()) > _MAX_SOCKET_PATH:
        raise ValueError(f"'{text}': the path of a Unix socket has at most {_MAX_SOCKET_PATH} bytes")
    return Path(path)


def parse_external_url(text: str) -> str:
    """The URL under which a reverse proxy offers the server, without a slash at its end.

    Raises ValueError with the reason.
    """
    try:
        parts = urlsplit(text)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname)
        is_url &= not (parts.query or parts.fragment or parts.username) and parts.port != 0
        parse_prefix(parts.path)
    except ValueError:  # an invalid port, IPv6 address or path
        is_url = False
    if not is_url:
        raise ValueError(f"'{text}' is not a URL: write, for example, https://sensors.example/netmon")
    return text.rstrip("/")


def parse_prefix(text: str) -> str:
    """A path in front of all others: "/netmon"; empty for "/". Raises ValueError with the reason."""
    path = text.strip("/")
    if not re.fullmatch(r"([\w.~-]+(/[\w.~-]+)*)?", path, re.ASCII) or {".", ".."} & set(path.split("/")):
        raise ValueError(f"'{text}' is not a path: write, for example, /netmon")
    return f"/{path}" if path else ""
