"""Networks and countries in which vendors were reached, and which of them are new.

A network is the one in the signatures that contains the address on that day, or else the address's /24
(IPv6: /48). It is new to a vendor if no known network of that vendor contains the address, so new signatures
or location databases do not make known networks new. A country counts only if it is certain: two sources
agree on it, or the user declared it.

Flows to a proxy are ignored, because the address is the proxy's; so are flows without data in both directions
(`FlowRecord.contact`) or without a packet of the client, matches by hearsay, sinkholed addresses and
unverified signatures.
This module uses no clock and no I/O, and stores nothing about clients.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from netmon.days import DAY_S
from netmon.places.decision import is_sure
from netmon.places.prefixes import parse_address
from netmon.records import FlowRecord, Place

CAPACITY = 20_000
"""Destinations kept. The one reached least recently is evicted first; if it is reached again, it is new."""
MAX_LABEL_SETS = 1_000
"""Label sets with a count of their own; further ones are counted as `other`."""

DEFAULT_BITS = {4: 24, 6: 48}
"""Prefix lengths by IP version for addresses outside the signatures' networks."""

Labels = tuple[str, str, str]
"""Vendor, kind, country."""
_Network = tuple[int, int, int]
"""Version, prefix length, first address."""
_Key = tuple[str, _Network | str]
"""Vendor, and a network or a country."""


class Destination(Struct):
    """A network or country in which a vendor was reached. Times are packet times, in seconds since 1970."""

    vendor: str
    kind: str  # one of records.NEW_DESTINATION
    value: str  # "198.51.100.0/24" or "CH"
    country: str  # `Place.country` when it was first reached
    first_s: int
    last_s: int


class NewCount(Struct, frozen=True):
    """The number of new destinations, and the time of the latest in seconds since 1970."""

    count: int
    last_s: int


class Destinations:
    """Keeps the destinations of each vendor and finds out which are new.

    For `learning_s` from a vendor's first flow on, its destinations are kept but not reported as new.
    """

    def __init__(
        self,
        remembered: Iterable[Destination] = (),
        since_s: Mapping[str, int] | None = None,
        *,
        learning_s: int = 0,
        capacity: int = CAPACITY,
    ) -> None:
        """`remembered`: in the order of their last flows. `since_s`: the time of each vendor's first flow.

        Raises ValueError for an invalid network.
        """
        self.evicted = 0
        self.since_s = dict(since_s or {})
        self.new_counts: dict[Labels, NewCount] = {}
        self.version = 0  # increases whenever there is something to save
        self._learning_s = learning_s
        self._capacity = capacity
        self._lengths: dict[int, tuple[int, ...]] = {4: (), 6: ()}
        self._known: OrderedDict[_Key, Destination] = OrderedDict()
        for one in remembered:
            self.since_s.setdefault(one.vendor, one.first_s)
            self._keep((one.vendor, _network(one.value) if one.kind == "network" else one.value), one)
            if not self._is_learning(one.vendor, one.first_s):
                self._count(one, 0)

    def record(
        self, flow: FlowRecord, vendor: str, place: Place, network: Callable[[], str | None]
    ) -> tuple[str, ...]:
        """Adds a flow's destination; returns what of it is new, from records.NEW_DESTINATION.

        `network` looks up the signatures' network of the address. A new destination is returned once, for
        the first report on the flow that becomes an event and shows a contact.
        """
        is_seen = flow.contact == "data" and flow.sent_packets > 0
        if flow.phase == "update" or "proxied" in flow.view or not is_seen:
            return ()
        when_s = flow.last_ns // 1_000_000_000
        if vendor not in self.since_s:
            self.since_s[vendor] = when_s
        kinds = []
        key = self._find_network(vendor, flow.destination)
        if key is None:
            value = network() or _default_network(flow.destination)
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

    def clip(self, now_s: int) -> None:
        """Takes times that are still to come as now: the clock was ahead, and nothing waits for its date."""
        for vendor in [vendor for vendor, time_s in self.since_s.items() if time_s > now_s]:
            self.since_s[vendor] = now_s
            self.version += 1
        for labels, news in list(self.new_counts.items()):
            self.new_counts[labels] = NewCount(news.count, min(news.last_s, now_s))
        for one in self._known.values():
            if one.last_s > now_s:
                one.first_s, one.last_s = min(one.first_s, now_s), now_s
                self.version += 1

    def remembered(self) -> list[Destination]:
        """All destinations, in the order of their last flows."""
        return list(self._known.values())

    def _is_learning(self, vendor: str, when_s: int) -> bool:
        return when_s < self.since_s[vendor] + self._learning_s

    def _find_network(self, vendor: str, address: str) -> _Key | None:
        """The longest known network of a vendor that contains the address."""
        ip = parse_address(address)
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
        """Updates the time of the last flow; a change of the day is saved."""
        known = self._known[key]
        self._known.move_to_end(key)
        if when_s // DAY_S > known.last_s // DAY_S:
            self.version += 1
        known.last_s = max(known.last_s, when_s)

    def _count(self, one: Destination, count: int) -> None:
        labels = (one.vendor, one.kind, one.country)
        if labels not in self.new_counts and len(self.new_counts) >= MAX_LABEL_SETS:
            labels = ("other", one.kind, "other")
        before = self.new_counts.get(labels, NewCount(0, 0))
        self.new_counts[labels] = NewCount(before.count + count, max(before.last_s, one.first_s))


def _network(text: str) -> _Network:
    network = ipaddress.ip_network(text)
    return network.version, network.prefixlen, int(network.network_address)


def _default_network(address: str) -> str:
    bits = DEFAULT_BITS[parse_address(address).version]
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))
