"""A sample of the packets of an interface, for what the engine does not count: VLANs, sizes, own packets.

The engine reads every packet from a ring of its own. This reads what fits into a small buffer twice a second,
and of each packet no more than its first headers.
"""

from __future__ import annotations

import socket
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

_ALL = 0x0003  # ETH_P_ALL
_SOL_PACKET, _AUXDATA, _OUTGOING = 263, 8, 4
_VLAN_VALID = 1 << 4
_AUX = struct.Struct("=IIIHHHH")
_HEAD_BYTES = 64
_MOST_PACKETS = 2_000
"""Packets that are looked at in one go."""
_MOST_VLANS = 100
_TAGS = frozenset({0x8100, 0x88A8, 0x8200, 0x9100, 0x9200, 0x9300})
_ETHERNET = 1  # ARPHRD_ETHER
_HEADER = 14


@dataclass(slots=True)
class Sample:
    """What was seen in some of an interface's packets."""

    packets: int = 0
    largest: int = 0  # bytes of a received packet after the Ethernet header and its tags
    largest_sent: int = 0  # of one that this machine sent
    vlans: Counter[str] = field(default_factory=Counter)  # "7", or "7.12" for two tags, and their packets

    def add(self, head: bytes, length: int, tag: int | None, *, is_ethernet: bool, is_own: bool) -> None:
        """Counts a packet: its first bytes, its length on the wire, and the tag that the kernel took off."""
        self.packets += 1
        tags = list(_tags(head)) if is_ethernet else []
        payload = length - (_HEADER + 4 * len(tags) if is_ethernet else 0)
        if is_own:
            self.largest_sent = max(self.largest_sent, payload)
        else:
            self.largest = max(self.largest, payload)
        vlans = [one & 0xFFF for one in ([] if tag is None else [tag]) + tags]
        name = ".".join(str(one) for one in vlans if one)  # 0 is a priority without a VLAN
        if name and (name in self.vlans or len(self.vlans) < _MOST_VLANS):
            self.vlans[name] += 1


class Sampler:
    """Samples an interface. The constructor raises OSError if it cannot be opened."""

    def __init__(self, interface: str) -> None:
        self.sample = Sample()
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        try:
            self._socket.setsockopt(_SOL_PACKET, _AUXDATA, 1)
            self._socket.bind((interface, _ALL))
            self._socket.setblocking(False)
        except OSError:
            self._socket.close()
            raise

    def take(self) -> None:
        """Looks at the packets that have come since the last call, as far as they fitted into the buffer."""
        for _ in range(_MOST_PACKETS):
            try:
                head, more, _flags, address = self._socket.recvmsg(_HEAD_BYTES, socket.CMSG_SPACE(_AUX.size))
            except OSError:  # nothing more, or the interface went down
                return
            is_own, hardware = address[2] == _OUTGOING, address[3]
            length, tag = _aux(more, len(head))
            self.sample.add(head, length, tag, is_ethernet=hardware == _ETHERNET, is_own=is_own)

    def close(self) -> None:
        """Ends it."""
        self._socket.close()


def _aux(messages: list[tuple[int, int, bytes]], length: int) -> tuple[int, int | None]:
    """The length of a packet, and the tag that the kernel took off (packet(7), PACKET_AUXDATA)."""
    for level, kind, data in messages:
        if (level, kind) == (_SOL_PACKET, _AUXDATA) and len(data) >= _AUX.size:
            status, length, _cut, _mac, _net, tag, _type = _AUX.unpack_from(data)
            return length, tag if status & _VLAN_VALID else None
    return length, None


def _tags(head: bytes) -> Iterator[int]:
    """The tags that an Ethernet header has."""
    at = 12
    while len(head) >= at + 4 and int.from_bytes(head[at : at + 2]) in _TAGS:
        yield int.from_bytes(head[at + 2 : at + 4])
        at += 4
