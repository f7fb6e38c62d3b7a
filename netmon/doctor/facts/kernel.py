"""What the kernel offers for capturing."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from dataclasses import dataclass

_SOL_PACKET, _PACKET_VERSION, _TPACKET_V3 = 263, 10, 2
_SO_ATTACH_FILTER = 26
_ACCEPT_NOTHING = struct.pack("=HBBI", 0x06, 0, 0, 0)
"""A BPF program of one instruction: return 0."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """Its release, and whether what a capture uses is there; None: it could not be tried."""

    release: str
    has_ring: bool | None  # TPACKET_V3
    has_filter: bool | None  # BPF on packet sockets


def kernel() -> Kernel:
    """The kernel that runs this process. Opens a packet socket that receives nothing."""
    release = os.uname().release
    try:
        opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    except OSError as error:
        is_missing = isinstance(error, PermissionError)
        return Kernel(release, None if is_missing else False, None)
    with opened:
        return Kernel(release, _has_ring(opened), _has_filter(opened))


def _has_ring(opened: socket.socket) -> bool:
    try:
        opened.setsockopt(_SOL_PACKET, _PACKET_VERSION, _TPACKET_V3)
    except OSError:
        return False
    return True


def _has_filter(opened: socket.socket) -> bool:
    program = ctypes.create_string_buffer(_ACCEPT_NOTHING)
    try:
        opened.setsockopt(
            socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", 1, ctypes.addressof(program))
        )
    except OSError:
        return False
    return True
