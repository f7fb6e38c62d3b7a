"""Longest-prefix match: the networks that contain an address, the longest first."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from functools import lru_cache
from typing import Generic, TypeVar

from netmon._engine import packed_address

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Value = TypeVar("Value")

_PARSED = 16_384
"""Addresses whose text is not parsed again; the one used least recently is evicted first."""


@lru_cache(_PARSED)
def parse_address(text: str) -> Address:
    """An address. Raises ValueError for text that is none."""
    return ipaddress.ip_address(text)


class PrefixTable(Generic[Value]):
    """Values by IPv4 and IPv6 network: one dictionary per prefix length, searched from the longest down."""

    def __init__(self) -> None:
        self._lengths: dict[int, dict[int, dict[int, list[Value]]]] = {4: {}, 6: {}}

    def add(self, prefix: str, value: Value) -> None:
        """Adds a value to a network, which may have several. Raises ValueError for an invalid network."""
        version, address, length = _parse(prefix)
        lengths = self._lengths[version]
        if length not in lengths:
            lengths[length] = {}
            self._lengths[version] = dict(sorted(lengths.items(), reverse=True))
            lengths = self._lengths[version]
        lengths[length].setdefault(address, []).append(value)

    def find(self, ip: Address) -> Iterator[Value]:
        """Values of all networks that contain the address, the longest prefix first."""
        number = int(ip)
        for length, networks in self._lengths[ip.version].items():
            shift = ip.max_prefixlen - length
            yield from networks.get(number >> shift << shift, ())


def _parse(prefix: str) -> tuple[int, int, int]:
    """Version, address and length of a network. `ipaddress` is slower, and explains what is wrong."""
    text, _, length = prefix.partition("/")
    version, bits = (6, 128) if ":" in text else (4, 32)
    try:
        address = int.from_bytes(packed_address(text))
        is_network = (
            length.isascii() and length.isdecimal() and address & ((1 << (bits - int(length))) - 1) == 0
        )
    except ValueError:
        is_network = False
    if not is_network:
        network = ipaddress.ip_network(prefix)
        return network.version, int(network.network_address), network.prefixlen
    return version, address, int(length)
