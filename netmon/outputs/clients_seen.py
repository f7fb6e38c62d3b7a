"""How much of an organisation a summary is about: clients seen, the inventory, and relays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netmon.days import iso_day
from netmon.outputs.texts import plural
from netmon.records import ClassifiedFlow
from netmon.signatures.model import Vendor
from netmon.verdict.policy import Policy

MAX_CLIENTS = 100_000
"""Clients of a vendor that are told apart; from there on, their number is a lower bound."""


class ClientsSeen:
    """Counts the clients of vendors for which the configuration has relays or an inventory.

    Only numbers are shown. A client is an address that showed the use of a product: a match that the client
    itself or the vendor's network shows, but not a visit to web pages.
    """

    def __init__(self, vendors: Mapping[str, Vendor], policy: Policy, inventory: Mapping[str, int]) -> None:
        self._vendors = vendors
        self._policy = policy
        self._inventory = inventory
        wanted = {*inventory, *(one.vendor for one in policy.relays)}
        self._clients: dict[str, set[str]] = {vendor: set() for vendor in sorted(wanted)}
        self._relays: dict[str, set[str]] = {vendor: set() for vendor in wanted}

    def flow(self, classified: ClassifiedFlow) -> None:
        """Counts the client of a flow."""
        vendor, client = classified.vendor, classified.flow.client
        if vendor not in self._clients or not self._shows_use(classified):
            return
        _add(client, self._clients[vendor])
        if self._policy.is_relay(vendor, client, iso_day(classified.flow.start_ns)):
            _add(client, self._relays[vendor])

    def _shows_use(self, classified: ClassifiedFlow) -> bool:
        if classified.status == "unverified" or classified.flow.grounds not in ("own", "holder"):
            return False
        component = self._vendors[classified.vendor or ""].components.get(classified.component or "")
        return component is None or not component.visited

    def lines(self) -> Iterator[str]:
        """A line for each of these vendors."""
        for vendor, clients in self._clients.items():
            more = " or more" if len(clients) >= MAX_CLIENTS else ""
            size = self._inventory.get(vendor)
            inventory = f" of {size:,} in the inventory" if size is not None else ""
            yield f"Clients of {vendor}: {len(clients):,}{more} seen{inventory}.{self._relays_text(vendor)}"

    def _relays_text(self, vendor: str) -> str:
        if not any(one.vendor == vendor for one in self._policy.relays):
            return ""
        count = len(self._relays[vendor])
        if count == 0:
            return " No relay was seen."
        behind = "it" if count == 1 else "them"
        return f" {count:,} {plural(count, 'relay')}; the endpoints behind {behind} are not visible."


def _add(client: str, clients: set[str]) -> None:
    if len(clients) < MAX_CLIENTS:
        clients.add(client)
