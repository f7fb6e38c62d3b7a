"""Community ID of a flow, version 1 (https://github.com/corelight/community-id-spec)."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import struct

_PROTOCOLS = {"tcp": 6, "udp": 17}


def community_id(transport: str, source: str, source_port: int, target: str, target_port: int) -> str:
    """The identifier that other tools give the same flow, in either direction, with seed 0.

    `transport` is "tcp" or "udp". The identifier is an unsalted hash of addresses and ports, so the client's
    address can be recovered from it by trying all addresses.
    """
    ends = sorted(
        [
            (ipaddress.ip_address(source).packed, source_port),
            (ipaddress.ip_address(target).packed, target_port),
        ]
    )
    (low, low_port), (high, high_port) = ends
    data = (
        struct.pack("!H", 0)
        + low
        + high
        + struct.pack("!BBHH", _PROTOCOLS[transport], 0, low_port, high_port)
    )
    return "1:" + base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()
