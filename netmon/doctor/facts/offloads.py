"""What a network card does to packets before they are captured, as `ethtool -k` shows it."""

from __future__ import annotations

import array
import fcntl
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass

_SIOCETHTOOL = 0x8946
_GET_RING, _GET_STRINGS, _GET_SIZES, _GET_FEATURES = 0x10, 0x1B, 0x37, 0x3A
_FEATURES = 4  # ETH_SS_FEATURES
_NAME_BYTES = 32
_MOST_FEATURES = 1024
"""Linux 6 has 64."""


@dataclass(frozen=True, slots=True)
class Offload:
    """A feature of an interface."""

    is_on: bool
    is_fixed: bool  # it cannot be changed


@dataclass(frozen=True, slots=True)
class Ring:
    """The entries of a card's ring for received packets."""

    now: int
    most: int


def offloads(interface: str) -> Mapping[str, Offload] | None:
    """The features by the kernel's names, such as "rx-gro". None if the kernel does not tell them."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as opened:
        try:
            names = _names(opened, interface)
            blocks = -(-len(names) // 32)
            answer = _ask(opened, interface, struct.pack("=II", _GET_FEATURES, blocks) + bytes(16 * blocks))
        except OSError:
            return None
    return {name: _offload(answer, number) for number, name in enumerate(names) if name}


def ring(interface: str) -> Ring | None:
    """The card's ring. None if it has none, or does not tell it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as opened:
        try:
            answer = _ask(opened, interface, struct.pack("=I", _GET_RING) + bytes(32))
        except OSError:
            return None
    most, now = struct.unpack_from("=I", answer, 4)[0], struct.unpack_from("=I", answer, 20)[0]
    return Ring(now, most) if most else None


def _names(opened: socket.socket, interface: str) -> list[str]:
    sizes = _ask(opened, interface, struct.pack("=IIQI", _GET_SIZES, 0, 1 << _FEATURES, 0))
    count = min(struct.unpack_from("=I", sizes, 16)[0], _MOST_FEATURES)
    head = struct.pack("=III", _GET_STRINGS, _FEATURES, count)
    answer = _ask(opened, interface, head + bytes(count * _NAME_BYTES))[len(head) :]
    texts = (answer[at : at + _NAME_BYTES] for at in range(0, count * _NAME_BYTES, _NAME_BYTES))
    return [text.partition(b"\0")[0].decode("ascii", "replace") for text in texts]


def _offload(answer: bytes, number: int) -> Offload:
    """A feature; each block of 32 has the words available, requested, active and never changed."""
    available, _requested, active, fixed = struct.unpack_from("=IIII", answer, 8 + number // 32 * 16)
    bit = 1 << number % 32
    return Offload(bool(active & bit), bool(fixed & bit) or not available & bit)


def _ask(opened: socket.socket, interface: str, question: bytes) -> bytes:
    """The kernel's answer, which it writes over the question. Raises OSError."""
    buffer = array.array("B", question)
    address, _length = buffer.buffer_info()
    name = interface.encode()
    if len(name) > 15:
        raise OSError("an alternative name")
    fcntl.ioctl(opened, _SIOCETHTOOL, struct.pack("16sP16x", name, address))
    return buffer.tobytes()
