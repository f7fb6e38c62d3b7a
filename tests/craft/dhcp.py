"""Messages of DHCP for IPv4 (RFC 2131, 2132)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address

COOKIE = bytes([0x63, 0x82, 0x53, 0x63])
DISCOVER, OFFER, REQUEST, ACK = 1, 2, 3, 5
NOWHERE = IPv4Address(0)


def option(code: int, value: bytes) -> bytes:
    """An option."""
    return bytes([code, len(value)]) + value


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a machine and a server say to each other."""

    mac: bytes
    host_name: str
    address: IPv4Address
    server: IPv4Address
    relay: IPv4Address = NOWHERE
    full_name: str = ""
    lease_s: int = 3600

    def message(self, kind: int) -> bytes:
        """One of the four messages."""
        by_server = kind in (OFFER, ACK)
        head = struct.pack("!BBBBIHH", 2 if by_server else 1, 1, 6, 0, 0x3903F326, 0, 0)
        granted = self.address if by_server else NOWHERE
        addresses = b"".join(one.packed for one in (NOWHERE, granted, NOWHERE, self.relay))
        fixed = head + addresses + self.mac.ljust(16, b"\0") + bytes(192) + COOKIE
        options = option(53, bytes([kind]))
        if by_server:
            options += option(54, self.server.packed) + option(51, struct.pack("!I", self.lease_s))
        else:
            options += option(12, self.host_name.encode())
            if self.full_name:
                options += option(81, bytes(3) + self.full_name.encode())
        if kind == REQUEST:
            options += option(50, self.address.packed)
        return (fixed + options + b"\xff").ljust(300, b"\0")
