"""The denominator of a summary: clients seen of the inventory, and relays."""

from ipaddress import ip_network

import pytest
from msgspec.structs import replace

from netmon.outputs import clients_seen
from netmon.outputs.clients_seen import ClientsSeen
from netmon.verdict.policy import Policy, Relay
from tests.records import classified
from tests.verdict_cases import COMPONENTS, VENDOR

RELAY = Relay("acme", None, ip_network("10.0.0.0/31"), "J. Doe", "administration servers")
PAGES = replace(COMPONENTS["files"], id="pages", visited=True)
VENDORS = {"acme": replace(VENDOR, components={**COMPONENTS, "pages": PAGES})}


def lines(*flows, relays=(), inventory=None):
    seen = ClientsSeen(VENDORS, Policy(relays=tuple(relays)), inventory or {})
    for one in flows:
        seen.flow(one)
    return list(seen.lines())


def of(*clients, **changes):
    return [classified(client=client, **changes) for client in clients]


def test_nothing_is_counted_without_a_configuration():
    """Neither relays nor an inventory: no line."""
    assert lines(*of("10.0.0.1", "10.0.0.2")) == []


@pytest.mark.parametrize(
    ("clients", "text"),
    [
        ((), "0 seen of 4,000 in the inventory. No relay was seen."),
        (
            ("10.0.0.1",),
            "1 seen of 4,000 in the inventory. 1 relay; the endpoints behind it are not visible.",
        ),
        (("10.0.0.9",) * 3, "1 seen of 4,000 in the inventory. No relay was seen."),
        (
            ("10.0.0.0", "10.0.0.1", "10.0.0.2", "2001:db8::1"),
            "4 seen of 4,000 in the inventory. 2 relays; the endpoints behind them are not visible.",
        ),
    ],
)
def test_clients_and_relays(clients, text):
    """Each address counts once, however many flows it has."""
    found = lines(*of(*clients), relays=[RELAY], inventory={"acme": 4000})
    assert found == [f"Clients of acme: {text}"]


def test_one_of_both_is_enough():
    """Relays without an inventory, and an inventory without relays."""
    flows = of("10.0.0.1", "10.0.0.2")
    assert lines(*flows, inventory={"acme": 50}) == ["Clients of acme: 2 seen of 50 in the inventory."]
    assert lines(*flows, relays=[RELAY]) == [
        "Clients of acme: 2 seen. 1 relay; the endpoints behind it are not visible."
    ]
    later = replace(RELAY, since="9999-01-01")
    assert lines(*flows, relays=[later]) == ["Clients of acme: 2 seen. No relay was seen."]


def test_what_does_not_show_a_client_of_the_product():
    """Hearsay, forgeable answers, unverified signatures, other vendors, web pages."""
    [plain] = of("10.0.0.9")
    flows = [
        *of("10.0.0.2", grounds="hearsay"),
        *of("10.0.0.3", grounds="unsolicited"),
        replace(plain, status="unverified"),
        replace(plain, component="pages"),
        replace(plain, vendor="other"),
        replace(plain, vendor=None, component=None, status=None),
    ]
    assert lines(*flows, inventory={"acme": 50}) == ["Clients of acme: 0 seen of 50 in the inventory."]


@pytest.mark.parametrize("changes", [{"grounds": "holder"}, {"contact": "attempted"}])
def test_what_shows_one(changes):
    """The vendor's network, and an attempt that a firewall dropped: the product is there."""
    found = lines(*of("10.0.0.9", **changes), inventory={"acme": 50})
    assert found == ["Clients of acme: 1 seen of 50 in the inventory."]


def test_the_count_is_bounded(monkeypatch):
    """From the limit on, it is a lower bound, and says so."""
    monkeypatch.setattr(clients_seen, "MAX_CLIENTS", 3)
    flows = of(*(f"10.0.1.{n}" for n in range(9)), "10.0.0.1")
    found = lines(*flows, relays=[RELAY], inventory={"acme": 9})
    [line] = found
    assert line.startswith("Clients of acme: 3 or more seen of 9 in the inventory. 1 relay; the endpoints")
