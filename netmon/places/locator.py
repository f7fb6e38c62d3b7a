"""Collects the votes on an address and has them weighed."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from netmon.places.rule import DECLARED, weigh
from netmon.records import Place, Vote
from netmon.signatures.model import NetworkRule, SignatureSet

MAX_CACHED = 65_536
"""Addresses whose place is remembered; beyond, the memory starts afresh."""


@dataclass(frozen=True, slots=True)
class Override:
    """A place that the user declares: who says so, when, and why."""

    prefix: str
    country: str
    city: str | None
    author: str
    reason: str
    date: str | None = None
    valid_from: str | None = None  # ISO days, both included
    valid_to: str | None = None


class _Networks:
    """Values by network; the longest network that holds an address comes first."""

    def __init__(self, entries: Iterable[tuple[str, NetworkRule | Override]]) -> None:
        self._tables: dict[tuple[int, int], dict[int, list[NetworkRule | Override]]] = {}
        for prefix, value in entries:
            network = ipaddress.ip_network(prefix)
            table = self._tables.setdefault((network.version, network.prefixlen), {})
            table.setdefault(int(network.network_address), []).append(value)
        self._lengths = sorted(self._tables, key=lambda key: -key[1])

    def holding(self, address: str) -> Iterator[NetworkRule | Override]:
        ip = ipaddress.ip_address(address)
        for version, length in self._lengths:
            if version == ip.version:
                shift = ip.max_prefixlen - length
                yield from self._tables[version, length].get(int(ip) >> shift << shift, ())


class Locator:
    """Places of addresses by the user's declarations and the votes that the signatures carry."""

    def __init__(self, signatures: SignatureSet, overrides: Sequence[Override] = ()) -> None:
        rules = (rule for rule in signatures.entries if isinstance(rule, NetworkRule))
        self._declared = _Networks((override.prefix, override) for override in overrides)
        self._networks = _Networks((rule.prefix, rule) for rule in rules)
        self._locations = signatures.locations
        self._cache: dict[tuple[str, str], Place] = {}

    def locate(self, address: str, when_ns: int) -> Place:
        """The place of an address on the day of `when_ns` (nanoseconds since 1970, UTC)."""
        day = datetime.fromtimestamp(when_ns // 1_000_000_000, UTC).date().isoformat()
        place = self._cache.get((address, day))
        if place is None:
            if len(self._cache) >= MAX_CACHED:
                self._cache.clear()
            place = self._cache[address, day] = weigh(self._votes(address, day), self._locations)
        return place

    def network(self, address: str) -> NetworkRule | None:
        """The longest network of any vendor that holds the address."""
        for rule in self._networks.holding(address):
            if isinstance(rule, NetworkRule):
                return rule
        return None

    def _votes(self, address: str, day: str) -> Iterator[Vote]:
        for override in self._declared.holding(address):
            if isinstance(override, Override) and _is_valid(override.valid_from, override.valid_to, day):
                yield _declaration(override)
                break
        for rule in self._networks.holding(address):
            if isinstance(rule, NetworkRule):
                # Votes carry the day they were cast; a network that changed hands since has another rule.
                if rule.place is not None:
                    location = self._locations[rule.place]
                    note = "declared by the vendor"
                    yield Vote(DECLARED, location.country, location.city, prefix=rule.prefix, note=note)
                yield from rule.votes
                break


def _declaration(override: Override) -> Vote:
    note = f"{override.author}: {override.reason}"
    return Vote(
        DECLARED, override.country, override.city, date=override.date, prefix=override.prefix, note=note
    )


def _is_valid(first: str | None, last: str | None, day: str) -> bool:
    return (first is None or first <= day) and (last is None or day <= last)
