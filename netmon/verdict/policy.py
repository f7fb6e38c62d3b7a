"""The organisation's policy: what is forbidden, allowed or tolerated, and temporary exceptions."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Literal, get_args

from msgspec import Struct, field

from netmon.places.prefixes import parse_address
from netmon.records import Severity
from netmon.signatures.model import CountryGroup

Lifts = Literal["contact", "place"]
LIFTS: tuple[Lifts, ...] = get_args(Lifts)
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class PolicyException(Struct, frozen=True):
    """Permission for some clients to do what would be a finding, until a day, granted by a named author.

    It lifts one thing, for flows that start within its period: that the vendor must not be contacted
    ("contact"), or that the place is not an allowed or promised one ("place").
    """

    vendor: str
    component: str | None  # None: every component
    clients: Network
    until: str  # last ISO day (UTC)
    author: str
    reason: str
    since: str | None = None  # first ISO day (UTC); None: no lower bound
    lifts: Lifts = "contact"

    def holds(self, vendor: str, component: str, client: str, day: str) -> bool:
        """True for a flow of this client to this component that starts on this ISO day."""
        return (
            self.vendor == vendor
            and self.component in (None, component)
            and (self.since or day) <= day <= self.until
            and parse_address(client) in self.clients
        )


class Relay(Struct, frozen=True):
    """Clients, such as administration servers, through which all others are to reach a vendor.

    An endpoint behind a relay has no flows of its own to the vendor, so the sensor does not see it.
    """

    vendor: str
    component: str | None  # None: every component but web pages, which people visit directly
    clients: Network
    author: str
    reason: str
    since: str | None = None  # first ISO day (UTC); None: no lower bound

    def covers(self, vendor: str, component: str, day: str, *, visited: bool) -> bool:
        """True if the component is to be reached through this relay on this ISO day."""
        is_meant = not visited if self.component is None else self.component == component
        return self.vendor == vendor and is_meant and (self.since or day) <= day


class Policy(Struct, frozen=True):
    """The policy of netmon.yaml."""

    forbidden_vendors: frozenset[str] = frozenset()
    allowed: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    """Vendor → component, or "*" for all others → ISO countries (upper case) and location ids."""
    exceptions: tuple[PolicyException, ...] = ()
    concerns: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Vendor → ISO countries of concern, which replace those of its signatures; none: switched off."""
    forbidden_components: Mapping[str, frozenset[str]] = field(default_factory=dict)  # vendor → components
    forbidden_severity: Severity = (
        "warning"  # of a forbidden contact that does not end in a country of concern
    )
    tolerated: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Vendor, or "*" for all others → ISO countries, and groups of the signatures (`SignatureSet.groups`)."""
    relays: tuple[Relay, ...] = ()

    @property
    def tells_clients_apart(self) -> bool:
        """True if it may have different things to say about flows that differ in their clients alone."""
        return bool(self.exceptions or self.relays)

    def allowed_places(self, vendor: str, component: str) -> frozenset[str] | None:
        """The places allowed for a component; None if the policy does not cover it."""
        components = self.allowed.get(vendor, {})
        return components.get(component, components.get("*"))

    def is_forbidden(self, vendor: str, component: str) -> bool:
        """True if the policy forbids this component, or allows it no place at all."""
        return (
            component in self.forbidden_components.get(vendor, ())
            or self.allowed_places(vendor, component) == frozenset()
        )

    def restricts_contact(self, vendor: str, component: str | None) -> bool:
        """True if contact with this vendor or component is forbidden, or to go through relays.

        Without a component, it is enough that this holds for one of the vendor's.
        """
        mentioned = {*self.forbidden_components.get(vendor, ()), *self.allowed.get(vendor, ())}
        chosen = [component] if component else mentioned
        return (
            vendor in self.forbidden_vendors
            or any(self.is_forbidden(vendor, one) for one in chosen)
            or any(one.vendor == vendor for one in self.relays)
        )

    def is_tolerated(self, vendor: str, country: str, groups: Mapping[str, CountryGroup], day: str) -> bool:
        """True if a flow of the vendor that ends in this country on this ISO day is only worth a notice."""
        tolerated = self.tolerated.get(vendor, self.tolerated.get("*", frozenset()))
        return country in tolerated or any(
            country in groups[one].members_on(day) for one in tolerated if one in groups
        )

    def is_bypassed(
        self, vendor: str, component: str, client: str | None, day: str, *, visited: bool
    ) -> bool:
        """True if this client should reach the component through a relay, and is none itself.

        `visited`: people visit the component with a browser.
        """
        relays = [one for one in self.relays if one.covers(vendor, component, day, visited=visited)]
        if client is None or not relays:
            return False
        address = parse_address(client)
        return not any(address in one.clients for one in relays)

    def is_relay(self, vendor: str, client: str, day: str) -> bool:
        """True if the client is a relay for something of the vendor on this ISO day."""
        address = parse_address(client)
        return any(
            one.vendor == vendor and (one.since or day) <= day and address in one.clients
            for one in self.relays
        )

    def find_exception(
        self, vendor: str, component: str, client: str | None, day: str, lifts: Lifts = "contact"
    ) -> PolicyException | None:
        """The exception that lifts this for the client on this day; of several, the one that ends last."""
        if client is None:
            return None
        holding = [
            one for one in self.exceptions if one.lifts == lifts and one.holds(vendor, component, client, day)
        ]
        return max(holding, key=lambda one: one.until, default=None)
