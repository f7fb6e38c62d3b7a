"""Sockets that listen: on addresses, on Unix sockets, or passed on by systemd."""

from __future__ import annotations

import errno
import os
import re
import socket
import stat
from collections.abc import Iterable, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from netmon.errors import OutputError, reason_of
from netmon.web.options import ListenAddress, WebOptions, join_host

BACKLOG = 4_096
"""Connections that wait to be accepted; if there are more, a client waits a second and tries again."""
_FIRST_FD = 3
"""systemd passes sockets from this file descriptor on (sd_listen_fds(3))."""


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that listens, and how messages call it."""

    socket: socket.socket
    made: Path | None = None
    """The path of a Unix socket that this process made, and removes at its end."""

    @property
    def where(self) -> str:
        """Host and port, or "unix:" and the path."""
        name = self.socket.getsockname()
        if self.socket.family == socket.AF_UNIX:
            return f"unix:{os.fsdecode(name)}"
        return join_host(str(name[0]), name[1])

    def close(self) -> None:
        """Stops listening, and removes a Unix socket that this process made."""
        self.socket.close()
        if self.made is not None:
            with suppress(OSError):
                self.made.unlink()


def open_listeners(options: WebOptions, environment: MutableMapping[str, str]) -> tuple[Listener, ...]:
    """All sockets of the options. Raises OutputError with one line that says what to do."""
    if options.systemd_socket:
        return tuple(_passed_sockets(environment))
    opened: list[Listener] = []
    try:
        for address in options.listen:
            opened.append(_open(address))
    except OutputError:
        close_all(opened)
        raise
    return tuple(opened)


def close_all(listeners: Sequence[Listener]) -> None:
    """Closes all listeners."""
    for listener in listeners:
        listener.close()


def _open(address: ListenAddress) -> Listener:
    try:
        if address.path is not None:
            return Listener(_open_unix(address.path), address.path)
        return Listener(_open_tcp(address.host, address.port))
    except OSError as error:
        raise OutputError(
            f"{address}: cannot serve metrics on this address: {_reason_of(error)}; {_advice(error, address)}"
        ) from error


def _open_tcp(host: str, port: int) -> socket.socket:
    if not host and socket.has_dualstack_ipv6():
        return socket.create_server(
            ("::", port), family=socket.AF_INET6, backlog=BACKLOG, dualstack_ipv6=True
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


def _open_unix(path: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX)
    try:
        _remove_stale(path)
        listening.bind(str(path))
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _remove_stale(path: Path) -> None:
    """Removes the socket of a process that has ended. Raises OSError if there is anything else."""
    try:
        is_socket = stat.S_ISSOCK(path.lstat().st_mode)
    except FileNotFoundError:
        return
    if not is_socket:
        raise FileExistsError(errno.EEXIST, "there is a file of this name that is not a socket")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


def _reason_of(error: OSError) -> str:
    return reason_of(error).partition(" (while")[0]  # Python adds the address, which is named already


def _advice(error: OSError, address: ListenAddress) -> str:
    other = "choose another with --web.listen-address or web.listen"
    if address.path is not None and error.errno == errno.ENOENT:
        return f"create the folder {address.path.parent}, or {other}"
    if error.errno == errno.EADDRINUSE:
        return f"stop the program that uses it (ss -lp shows it), or {other}"
    return other


def _passed_sockets(environment: MutableMapping[str, str]) -> Iterable[Listener]:
    """The sockets that systemd passed to this process; its variables are removed, as in sd_listen_fds(3)."""
    process, number = environment.pop("LISTEN_PID", ""), environment.pop("LISTEN_FDS", "")
    environment.pop("LISTEN_FDNAMES", None)
    if process != str(os.getpid()) or not re.fullmatch("0*[1-9][0-9]*", number):
        raise OutputError(
            "--web.systemd-socket: systemd passed no socket to this process: start it by a socket unit, "
            "such as deploy/netmon.socket, or remove the option"
        )
    for descriptor in range(_FIRST_FD, _FIRST_FD + int(number)):
        os.set_inheritable(descriptor, False)
        passed = socket.socket(fileno=descriptor)
        is_stream = passed.type == socket.SOCK_STREAM
        if not is_stream or not passed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            raise OutputError(
                f"--web.systemd-socket: the socket {descriptor - _FIRST_FD + 1} that systemd passed does not "
                "accept connections: use ListenStream= in the socket unit, and Accept=no"
            )
        passed.setblocking(True)
        yield Listener(passed)
