"""What the service manager hears of the sensor: ready, alive, reloading, stopping.

The protocol is systemd's sd_notify(3): datagrams to the socket that $NOTIFY_SOCKET names.
Without that variable, nobody is told, and nothing else changes.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress


class Supervisor:
    """Tells the service manager, if there is one. Never waits for it and never fails."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """`environment` has NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID as sd_notify(3) has them."""
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        is_watched = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        patience_us = environment.get("WATCHDOG_USEC", "")
        self._every_s = int(patience_us) / 4e6 if is_watched and patience_us.isdecimal() else 0.0
        self._next_s = 0.0
        self._turns: Sequence[int] = ()

    def ready(self, status: str | None = None) -> None:
        """The capture is open, or a reload is over; a status is one line for the administrator."""
        self._tell("READY=1", *([] if status is None else [f"STATUS={status}"]))

    def reloading(self) -> None:
        """Signatures are being read; `ready` follows, whatever comes of it."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The last flows are being flushed."""
        self._tell("STOPPING=1")

    def alive(self, turns: Sequence[int], now_s: float) -> None:
        """Feeds the watchdog, when it is time and every loop of the capture has moved since the last time."""
        if not self._every_s or now_s < self._next_s:
            return
        if any(turn == before for turn, before in zip(turns, self._turns, strict=False)):
            return
        self._next_s = now_s + self._every_s
        self._turns = turns
        self._tell("WATCHDOG=1")

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.setblocking(False)  # a manager that is busy must not stop the capture
            channel.sendto("\n".join(lines).encode(), self._address)
