"""A link with delays: `python -m tests.lab.delay PORT PORT ADDRESS=MS…` forwards frames between two ports.

Frames from and to an address (or a prefix such as `3fff::/20`) are delayed by half of its round-trip time;
all others are forwarded at once. Frames with equal delays keep their order. Prints "ready" once it forwards.
"""

from __future__ import annotations

import contextlib
import heapq
import ipaddress
import os
import select
import socket
import sys
import time

EVERY_PROTOCOL = 3  # ETH_P_ALL
IPV4, IPV6 = 0x0800, 0x86DD


class Delays:
    """One-way delays by address."""

    def __init__(self, words: list[str]) -> None:
        pairs = [word.split("=") for word in words]
        self._networks = [(ipaddress.ip_network(name), float(rtt_ms) / 2000) for name, rtt_ms in pairs]
        self._known: dict[bytes, float] = {}

    def of_frame(self, frame: bytes) -> float:
        """The delay of an Ethernet frame, in seconds."""
        ether_type = int.from_bytes(frame[12:14], "big")
        if ether_type == IPV4:
            ends = frame[26:30], frame[30:34]
        elif ether_type == IPV6:
            ends = frame[22:38], frame[38:54]
        else:
            return 0.0
        return max(map(self._of_address, ends))

    def _of_address(self, packed: bytes) -> float:
        if packed not in self._known:
            address = ipaddress.ip_address(packed)
            matching = (delay for network, delay in self._networks if address in network)
            self._known[packed] = next(matching, 0.0)
        return self._known[packed]


def open_port(name: str) -> socket.socket:
    """A packet socket on an interface."""
    port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERY_PROTOCOL))
    port.bind((name, EVERY_PROTOCOL))
    return port


def forward(one: socket.socket, other: socket.socket, delays: Delays) -> None:
    """Forwards frames in both directions, forever."""
    across = {one: other, other: one}
    waiting: list[tuple[float, int, socket.socket, bytes]] = []
    number = 0
    while True:
        timeout_s = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        for port in select.select(list(across), [], [], timeout_s)[0]:
            frame, sender = port.recvfrom(65_536)
            if sender[2] != socket.PACKET_OUTGOING:
                number += 1
                due_s = time.monotonic() + delays.of_frame(frame)
                heapq.heappush(waiting, (due_s, number, across[port], frame))
        while waiting and waiting[0][0] <= time.monotonic():
            _due_s, _number, port, frame = heapq.heappop(waiting)
            port.send(frame)


def run_before_others() -> None:
    """Real-time priority, if the machine grants it: on a busy machine, frames would wait for this process."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


if __name__ == "__main__":
    run_before_others()
    ports = [open_port(name) for name in sys.argv[1:3]]
    print("ready", flush=True)
    forward(ports[0], ports[1], Delays(sys.argv[3:]))
