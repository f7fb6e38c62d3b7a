"""IPv6 addresses that contain an IPv4 address: by NAT64 (RFC 6052), 6to4 (RFC 3056) and Teredo (RFC 4380)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network

WELL_KNOWN = "64:ff9b::/96"
RESERVED_OCTET = 8
"""The octet of an address that is always zero."""


def nat64(prefix: str, ipv4: str, *, reserved: int = 0) -> str:
    """The address of a translator for an IPv4 address; `reserved` is the octet that should be 0."""
    network = IPv6Network(prefix)
    octets = list(network.network_address.packed[: network.prefixlen // 8])
    for octet in IPv4Address(ipv4).packed:
        if len(octets) == RESERVED_OCTET:
            octets.append(0)
        octets.append(octet)
    packed = octets + [0] * (16 - len(octets))
    packed[RESERVED_OCTET] = reserved
    return str(IPv6Address(bytes(packed)))


def six_to_four(ipv4: str) -> str:
    """A host in the network of a 6to4 router."""
    return str(IPv6Address(0x2002 << 112 | int(IPv4Address(ipv4)) << 80 | 1))


def teredo(client: str, server: str) -> str:
    """The address of a Teredo client, which knows its own public address from a Teredo server."""
    hidden = int(IPv4Address(client)) ^ 0xFFFF_FFFF
    return str(IPv6Address(0x2001_0000 << 96 | int(IPv4Address(server)) << 64 | 0x8000_63BF << 32 | hidden))
