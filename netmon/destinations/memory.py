"""Networks and countries in which vendors were reached, and what of it is new. No clock, no I/O, no client.

A network is one of the signatures' that holds the address that day; where they have none, the address's /24
(IPv6: /48). It is new to a vendor when no remembered network of that vendor holds the address, so neither
new signatures nor new location databases make old networks new. A country counts only when it is sure: two
sources agree on it, or the user declared it.

Not looked at: flows to a proxy, for the address is the proxy's, and signatures that nobody has verified.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from netmon.days import DAY_S
from netmon.places.rule import is_sure
from netmon.records import FlowRecord, Place

CAPACITY = 20_000
"""Destinations remembered; the one not reached for the longest time goes first, and is counted. One that
comes back after that is new again."""
MAX_LABEL_SETS = 1_000
"""Sets of labels that are counted by themselves; further ones are counted as `other`."""

SHORTEST_BITS = {4: 24, 6: 48}
"""Prefix lengths of networks that no signature names."""

Labels = tuple[str, str, str]
"""Vendor, kind, country."""
_Network = tuple[int, int, int]
"""Version, prefix length, first address."""
_Key = tuple[str, _Network | str]
"""Vendor, and a network or a country."""


@dataclass(slots=True)
class Destination:
    """A network or country in which a vendor was reached. Times are seconds since 1970, the packets'."""

    vendor: str
    kind: str  # one of records.NEW_DESTINATION
    value: str  # "198.51.100.0/24" or "CH"
    country: str  # a Place's, when it was first reached
    first_s: int
    last_s: int


@dataclass(frozen=True, slots=True)
class News:
    """How often something new was told, and when last."""

    count: int
    last_s: int


class Destinations:
    """Says of each flow what of its destination is new, and remembers it from then on.

    For `learning_s` from a vendor's first flow on, its destinations are remembered and not told.
    """

    def __init__(
        self,
        remembered: Iterable[Destination] = (),
        since_s: Mapping[str, int] | None = None,
        *,
        learning_s: int = 0,
        capacity: int = CAPACITY,
    ) -> None:
        """`remembered`: the one reached last comes last. `since_s`: vendors with their first flows' times.

        Raises ValueError for a network that is none.
        """
        self.evicted = 0
        self.since_s = dict(since_s or {})
        self.news: dict[Labels, News] = {}
        self.version = 0  # rises when there is something to be saved
        self._learning_s = learning_s
        self._capacity = capacity
        self._lengths: dict[int, tuple[int, ...]] = {4: (), 6: ()}
        self._known: OrderedDict[_Key, Destination] = OrderedDict()
        for one in remembered:
            self.since_s.setdefault(one.vendor, one.first_s)
            self._keep((one.vendor, _network(one.value) if one.kind == "network" else one.value), one)
            if not self._is_learning(one.vendor, one.first_s):
                self._count(one, 0)

    def take(
        self, flow: FlowRecord, vendor: str, place: Place, network: Callable[[], str | None]
    ) -> tuple[str, ...]:
        """What is new about where a flow ends, of records.NEW_DESTINATION; `network`: the signatures' one.

        A flow is told once, with the first of its reports that becomes an event.
        """
        if flow.phase == "update" or "proxied" in flow.view:
            return ()
        when_s = flow.last_ns // 1_000_000_000
        if vendor not in self.since_s:
            self.since_s[vendor] = when_s
        kinds = []
        key = self._find_network(vendor, flow.server)
        if key is None:
            value = network() or _shortest(flow.server)
            key = (vendor, _network(value))
            kinds.append("network")
            self._keep(key, Destination(vendor, "network", value, place.country, when_s, when_s))
        self._touch(key, when_s)
        if is_sure(place):
            key = (vendor, place.country)
            if key not in self._known:
                kinds.append("country")
                self._keep(key, Destination(vendor, "country", place.country, place.country, when_s, when_s))
            self._touch(key, when_s)
        if self._is_learning(vendor, when_s):
            return ()
        for kind in kinds:
            self._count(Destination(vendor, kind, "", place.country, when_s, when_s), 1)
        return tuple(kinds)

    def remembered(self) -> list[Destination]:
        """All that is known, the one reached last at the end."""
        return list(self._known.values())

    def _is_learning(self, vendor: str, when_s: int) -> bool:
        return when_s < self.since_s[vendor] + self._learning_s

    def _find_network(self, vendor: str, address: str) -> _Key | None:
        """The remembered network of a vendor that holds the address, the longest if there are several."""
        ip = ipaddress.ip_address(address)
        number = int(ip)
        for length in self._lengths[ip.version]:
            shift = ip.max_prefixlen - length
            key = (vendor, (ip.version, length, number >> shift << shift))
            if key in self._known:
                return key
        return None

    def _keep(self, key: _Key, destination: Destination) -> None:
        if isinstance(key[1], tuple):
            version, length, _first = key[1]
            self._lengths[version] = tuple(sorted({*self._lengths[version], length}, reverse=True))
        self._known[key] = destination
        self.version += 1
        if len(self._known) > self._capacity:
            self._known.popitem(last=False)
            self.evicted += 1

    def _touch(self, key: _Key, when_s: int) -> None:
        """It was reached: that is worth saving once a day."""
        known = self._known[key]
        self._known.move_to_end(key)
        if when_s // DAY_S > known.last_s // DAY_S:
            self.version += 1
        known.last_s = max(known.last_s, when_s)

    def _count(self, one: Destination, count: int) -> None:
        labels = (one.vendor, one.kind, one.country)
        if labels not in self.news and len(self.news) >= MAX_LABEL_SETS:
            labels = ("other", one.kind, "other")
        before = self.news.get(labels, News(0, 0))
        self.news[labels] = News(before.count + count, max(before.last_s, one.first_s))


def _network(text: str) -> _Network:
    network = ipaddress.ip_network(text)
    return network.version, network.prefixlen, int(network.network_address)


def _shortest(address: str) -> str:
    bits = SHORTEST_BITS[ipaddress.ip_address(address).version]
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))
