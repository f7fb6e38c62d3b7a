"""The section `policy` of `netmon.yaml`."""

from __future__ import annotations

from typing import cast

from netmon.config.settings import Mention
from netmon.config.values import NO_NETWORK, read_country, read_day, read_network, read_place, read_region
from netmon.countries import COUNTRIES
from netmon.records import SEVERITIES, Severity
from netmon.verdict.policy import LIFTS, Lifts, Policy, PolicyException, Relay
from netmon.yaml_nodes import Fields, Item

POLICY_KEYS = (
    "forbidden_vendors",
    "forbidden_components",
    "forbidden_severity",
    "allowed",
    "tolerated",
    "exceptions",
    "concerns",
    "relays",
)
"""The keys of the section."""


def read_policy(fields: Fields, mentions: list[Mention]) -> Policy:
    """The policy. Vendors, components, places and groups named in it are added to `mentions`."""
    reader = _Reader(mentions)
    return Policy(
        forbidden_vendors=frozenset(fields.each("forbidden_vendors", reader.vendor)),
        forbidden_components=fields.table("forbidden_components", reader.components),
        forbidden_severity=fields.read("forbidden_severity", _read_severity, "warning"),
        allowed=fields.table("allowed", reader.allowed),
        tolerated=fields.table("tolerated", reader.regions),
        exceptions=fields.each("exceptions", reader.exception),
        concerns=fields.table("concerns", reader.countries),
        relays=fields.each("relays", reader.relay),
    )


class _Reader:
    """Reads the parts of the policy, and notes what they name."""

    def __init__(self, mentions: list[Mention]) -> None:
        self._mentions = mentions

    def _mention(
        self, item: Item, vendor: str, component: str | None = None, place: str | None = None
    ) -> None:
        if vendor:
            self._mentions.append(Mention(item.where, vendor, component, place))

    def vendor(self, item: Item) -> str:
        self._mention(item, item.text())
        return item.text()

    def components(self, vendor: str, item: Item) -> frozenset[str]:
        self._mention(item, vendor)
        for element in item.elements():
            if element.text() == "*":
                element.report("to forbid every component, use policy.forbidden_vendors")
            self._mention(element, vendor, element.text())
        return frozenset(item.texts())

    def allowed(self, vendor: str, item: Item) -> dict[str, frozenset[str]]:
        self._mention(item, vendor)
        return {component: self._places(vendor, component, one) for component, one in item.entries().items()}

    def _places(self, vendor: str, component: str, item: Item) -> frozenset[str]:
        self._mention(item, vendor, component)
        found = {read_place(element): element for element in item.elements()}
        for place, element in found.items():
            self._mention(element, vendor, None, place)
        return frozenset(found)

    def regions(self, vendor: str, item: Item) -> frozenset[str]:
        if vendor != "*":
            self._mention(item, vendor)
        found = {read_region(element): element for element in item.elements()}
        for word, element in found.items():
            if word not in COUNTRIES:
                self._mentions.append(Mention(element.where, group=word))
        return frozenset(found)

    def exception(self, item: Item) -> PolicyException:
        needed = ("vendor", "clients", "until", "author", "reason")
        fields = item.fields(needed, ("component", "since", "lifts"))
        one = _read_exception(fields)
        for key in ("vendor", "component"):
            if key in fields:
                self._mention(fields[key], one.vendor, one.component if key == "component" else None)
        return one

    def relay(self, item: Item) -> Relay:
        """Clients through which others reach a vendor, or one of its components."""
        fields = item.fields(("vendor", "clients", "author", "reason"), ("component", "since"))
        one = _read_relay(fields)
        for key in ("vendor", "component"):
            if key in fields:
                self._mention(fields[key], one.vendor, one.component if key == "component" else None)
        return one

    def countries(self, vendor: str, item: Item) -> frozenset[str]:
        self._mention(item, vendor)
        return frozenset(read_country(element) for element in item.elements())


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


def _read_severity(item: Item) -> Severity:
    return cast(Severity, item.one_of(SEVERITIES))


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
