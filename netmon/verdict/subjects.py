"""Whose traffic a flow is: the country of its client, because promises and concerns depend on it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct, field

from netmon.places.prefixes import PrefixTable, parse_address
from netmon.verdict.policy import Network
from netmon.verdict.promises import Subject


class Subjects(Struct, frozen=True, dict=True):
    """One country for all clients, or the country of the longest network that contains a client.

    With `networks`, a client in none of them has no known country: nobody has said where its user is, and a
    default would make promises to users to whom they were not made. 0.0.0.0/0 and ::/0 stand for the rest.
    """

    country: str | None = None  # ISO 3166-1 alpha-2; None with networks
    networks: Mapping[Network, str] = field(default_factory=dict)

    def find(self, client: str | None) -> Subject:
        """The subject of a client's address; None: of a flow without a client."""
        if not self.networks:
            return Subject(self.country)
        if client is None:
            return Subject()
        return next(self._table.find(parse_address(client)), Subject())

    def distinct(self) -> tuple[Subject, ...]:
        """Every subject that a listed network, or every client, has: each once, in the order of countries."""
        if not self.networks:
            return (Subject(self.country),)
        return tuple(Subject(country) for country in sorted(set(self.networks.values())))

    @property
    def are_unknown(self) -> bool:
        """True if no client has a country."""
        return self.country is None and not self.networks

    @cached_property
    def _table(self) -> PrefixTable[Subject]:
        table: PrefixTable[Subject] = PrefixTable()
        for network, country in self.networks.items():
            table.add(str(network), Subject(country))
        return table
