"""The section `policy` of `netmon.yaml`."""

from __future__ import annotations

from typing import cast

from netmon.config.settings import Mention
from netmon.config.values import NO_NETWORK, read_country, read_day, read_network, read_place
from netmon.verdict.policy import LIFTS, Lifts, Policy, PolicyException, Relay
from netmon.yaml_nodes import Fields, Item

POLICY_KEYS = ("forbidden_vendors", "allowed", "exceptions", "concerns", "relays")


def read_policy(fields: Fields, mentions: list[Mention]) -> Policy:
    """The policy. Vendors, components and places named in it are added to `mentions`."""

    def mention(item: Item, vendor: str, component: str | None = None, place: str | None = None) -> None:
        if vendor:
            mentions.append(Mention(item.where, vendor, component, place))

    def vendor(item: Item) -> str:
        mention(item, item.text())
        return item.text()

    def components(vendor: str, item: Item) -> dict[str, frozenset[str]]:
        mention(item, vendor)
        return {component: places(vendor, component, one) for component, one in item.entries().items()}

    def places(vendor: str, component: str, item: Item) -> frozenset[str]:
        mention(item, vendor, component)
        found = {read_place(element): element for element in item.elements()}
        for place, element in found.items():
            mention(element, vendor, None, place)
        return frozenset(found)

    def exception(item: Item) -> PolicyException:
        needed = ("vendor", "clients", "until", "author", "reason")
        fields = item.fields(needed, ("component", "since", "lifts"))
        one = _read_exception(fields)
        for key in ("vendor", "component"):
            if key in fields:
                mention(fields[key], one.vendor, one.component if key == "component" else None)
        return one

    def relay(item: Item) -> Relay:
        fields = item.fields(("vendor", "clients", "author", "reason"), ("component", "since"))
        one = _read_relay(fields)
        for key in ("vendor", "component"):
            if key in fields:
                mention(fields[key], one.vendor, one.component if key == "component" else None)
        return one

    def countries(vendor: str, item: Item) -> frozenset[str]:
        mention(item, vendor)
        return frozenset(read_country(element) for element in item.elements())

    return Policy(
        forbidden_vendors=frozenset(fields.each("forbidden_vendors", vendor)),
        allowed=fields.table("allowed", components),
        exceptions=fields.each("exceptions", exception),
        concerns=fields.table("concerns", countries),
        relays=fields.each("relays", relay),
    )


def _read_exception(fields: Fields) -> PolicyException:
    component = fields.read("component", Item.text, "*")
    since, until = fields.read("since", read_day, None), fields.read("until", read_day, "")
    if since and until and until < since:
        fields["until"].report(f"'{until}' is before '{since}', the start of the exception")
    return PolicyException(
        vendor=fields.read("vendor", Item.text, ""),
        component=None if component == "*" else component,
        clients=fields.read("clients", read_network, NO_NETWORK),
        until=until,
        author=fields.read("author", Item.text, ""),
        reason=fields.read("reason", Item.text, ""),
        since=since,
        lifts=fields.read("lifts", _read_lifts, "contact"),
    )


def _read_relay(fields: Fields) -> Relay:
    component = fields.read("component", Item.text, "*")
    return Relay(
        vendor=fields.read("vendor", Item.text, ""),
        component=None if component == "*" else component,
        clients=fields.read("clients", read_network, NO_NETWORK),
        author=fields.read("author", Item.text, ""),
        reason=fields.read("reason", Item.text, ""),
        since=fields.read("since", read_day, None),
    )


def _read_lifts(item: Item) -> Lifts:
    return cast(Lifts, item.one_of(LIFTS))
