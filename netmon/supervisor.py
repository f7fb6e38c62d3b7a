"""Notifies the service manager of the sensor's state: ready, alive, reloading, stopping.

The protocol is systemd's sd_notify(3): datagrams to the socket in $NOTIFY_SOCKET. Without that variable
nothing is sent.
"""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress


class Supervisor:
    """Sends notifications to the service manager, if there is one. Never blocks and never fails."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """`environment` may have NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, as in sd_notify(3)."""
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        is_watched = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        timeout_us = environment.get("WATCHDOG_USEC", "")
        self._every_s = int(timeout_us) / 4e6 if is_watched and re.fullmatch("[0-9]+", timeout_us) else 0.0
        self._next_s = 0.0
        self._turns: Sequence[int] = ()

    def ready(self, status: str | None = None) -> None:
        """The capture has started, or a reload has finished; `status` is one line for the administrator."""
        self._notify("READY=1", *([] if status is None else [f"STATUS={status}"]))

    def reloading(self) -> None:
        """A reload has begun; `ready` follows, whether it succeeds or fails."""
        self._notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The sensor is flushing the last flows."""
        self._notify("STOPPING=1")

    def alive(self, count_turns: Callable[[], Sequence[int]], now_s: float) -> None:
        """Resets the watchdog if it is time and every capture loop has made progress since the last call.

        `count_turns` counts the iterations of each loop; `now_s` is a monotonic clock in seconds.
        """
        if not self._every_s or now_s < self._next_s:
            return
        turns = count_turns()
        if any(turn == before for turn, before in zip(turns, self._turns, strict=False)):
            return
        self._next_s = now_s + self._every_s
        self._turns = turns
        self._notify("WATCHDOG=1")

    def _notify(self, *lines: str) -> None:
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.setblocking(False)  # a busy service manager must not stop the capture
            channel.sendto("\n".join(lines).encode(), self._address)
