"""Whether the addresses on which the sensor would serve metrics are free."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from msgspec.structs import replace

from netmon.errors import OutputError
from netmon.web.listeners import close_all, open_listeners
from netmon.web.options import ListenAddress, WebOptions

_WAIT_S = 2.0


@dataclass(frozen=True, slots=True)
class WebAddress:
    """An address to listen on."""

    address: str
    problem: str | None  # why it cannot be listened on
    is_sensor: bool  # because a sensor of netmon does so already


def web_addresses(web: WebOptions) -> Iterator[WebAddress]:
    """All addresses, each of which is listened on for a moment; none if systemd passes sockets."""
    for address in () if web.systemd_socket else web.listen:
        try:
            close_all(open_listeners(replace(web, listen=(address,)), {}))
            yield WebAddress(str(address), None, is_sensor=False)
        except OutputError as error:
            yield WebAddress(str(address), str(error), is_sensor=_is_sensor(address, web.prefix))


def _is_sensor(address: ListenAddress, prefix: str) -> bool:
    """True if netmon answers there without TLS and without a password."""
    import http.client  # noqa: PLC0415  # slow, and needed where an address is taken only

    connection = http.client.HTTPConnection(address.host or "localhost", address.port, timeout=_WAIT_S)
    with closing(connection):
        try:
            if address.path is not None:
                connection.sock = socket.socket(socket.AF_UNIX)
                connection.sock.settimeout(_WAIT_S)
                connection.sock.connect(str(address.path))
            connection.request("GET", f"{prefix}/-/healthy")
            answer = connection.getresponse()
            return answer.status == http.client.OK and answer.read(64) == b"healthy\n"
        except (OSError, http.client.HTTPException):
            return False
