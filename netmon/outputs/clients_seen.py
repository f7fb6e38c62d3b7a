"""How much of an organisation a summary is about: clients seen, the inventory, and relays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netmon.days import iso_day
from netmon.language.language import ENGLISH, Language
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

    def lines(self, language: Language = ENGLISH) -> Iterator[str]:
        """A line for each of these vendors."""
        for vendor, clients in self._clients.items():
            size = self._inventory.get(vendor)
            seen = language.say(
                "Clients of {vendor}: {count}{more} seen{inventory}.",
                vendor=vendor,
                count=language.number(len(clients)),
                more=language.say(" or more") if len(clients) >= MAX_CLIENTS else "",
                inventory=""
                if size is None
                else language.say(" of {size} in the inventory", size=language.number(size)),
            )
            yield " ".join([seen, *self._relay_texts(vendor, language)])

    def _relay_texts(self, vendor: str, language: Language) -> Iterator[str]:
        if not any(one.vendor == vendor for one in self._policy.relays):
            return
        count = len(self._relays[vendor])
        if count == 0:
            yield language.say("No relay was seen.")
        else:
            yield language.say_count(
                count,
                "{count} relay; the endpoints behind it are not visible.",
                "{count} relays; the endpoints behind them are not visible.",
            )


def _add(client: str, clients: set[str]) -> None:
    if len(clients) < MAX_CLIENTS:
        clients.add(client)
