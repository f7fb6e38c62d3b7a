"""Sends numbered UDP packets on an interface, in a network namespace: INTERFACE COUNT SECONDS [ETHERTYPE]."""

from __future__ import annotations

import socket
import struct
import sys
import time


def main(interface: str, count: int, seconds: float, ether_type: str = "0800") -> None:
    """Sends `count` packets, spread over the time. Each one is of a flow of its own, if they are of IP."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as channel:
        channel.bind((interface, 0))
        begin = time.monotonic()
        for number in range(count):
            channel.send(frame(number, bytes.fromhex(ether_type)))
            late = begin + seconds * number / count - time.monotonic()
            if late > 0 or number % 100 == 99:
                time.sleep(max(late, 0.001))  # the kernel's queue between the two ends is limited


def frame(number: int, ether_type: bytes) -> bytes:
    """A UDP packet from a client's port that depends on the number."""
    ends = socket.inet_aton("192.0.2.1") + socket.inet_aton("198.51.100.1")
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 40, number % 65536, 0, 64, 17, 0) + ends
    udp = struct.pack("!HHHH", 1024 + number % 60_000, 9, 20, 0)
    return bytes.fromhex("020000000002020000000001") + ether_type + ip + udp + bytes(12)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), *sys.argv[4:])
