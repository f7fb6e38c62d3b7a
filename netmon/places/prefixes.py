"""Longest-prefix match: the networks that contain an address, the longest first."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Generic, TypeVar

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Value = TypeVar("Value")


class PrefixTable(Generic[Value]):
    """Values by IPv4 and IPv6 network: one dictionary per prefix length, searched from the longest down."""

    def __init__(self) -> None:
        self._lengths: dict[int, dict[int, dict[int, list[Value]]]] = {4: {}, 6: {}}

    def add(self, prefix: str, value: Value) -> None:
        """Adds a value to a network, which may have several. Raises ValueError for an invalid network."""
        network = ipaddress.ip_network(prefix)
        lengths = self._lengths[network.version]
        if network.prefixlen not in lengths:
            lengths[network.prefixlen] = {}
            self._lengths[network.version] = dict(sorted(lengths.items(), reverse=True))
            lengths = self._lengths[network.version]
        lengths[network.prefixlen].setdefault(int(network.network_address), []).append(value)

    def find(self, ip: Address) -> Iterator[Value]:
        """Values of all networks that contain the address, the longest prefix first."""
        number = int(ip)
        for length, networks in self._lengths[ip.version].items():
            shift = ip.max_prefixlen - length
            yield from networks.get(number >> shift << shift, ())
