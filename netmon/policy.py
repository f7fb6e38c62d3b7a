"""The organisation's policy: places allowed by vendor and component, and temporary exceptions for clients."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class PolicyException:
    """Permission for some clients to do what would be a finding, until a day, granted by a named author.

    It lifts "unexpected" and "forbidden" for flows that start within its period, and no other outcome.
    """

    vendor: str
    component: str | None  # None: every component
    clients: Network
    until: str  # last ISO day (UTC)
    author: str
    reason: str
    since: str | None = None  # first ISO day (UTC); None: no lower bound

    def holds(self, vendor: str, component: str, client: str, day: str) -> bool:
        """True for a flow of this client to this component that starts on this ISO day."""
        return (
            self.vendor == vendor
            and self.component in (None, component)
            and (self.since or day) <= day <= self.until
            and ipaddress.ip_address(client) in self.clients
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """The policy of netmon.yaml."""

    forbidden_vendors: frozenset[str] = frozenset()
    allowed: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    """Vendor → component, or "*" for all others → ISO countries (upper case) and location ids."""
    exceptions: tuple[PolicyException, ...] = ()

    def allowed_places(self, vendor: str, component: str) -> frozenset[str] | None:
        """The places allowed for a component; None if the policy does not cover it."""
        components = self.allowed.get(vendor, {})
        return components.get(component, components.get("*"))

    def find_exception(
        self, vendor: str, component: str, client: str | None, day: str
    ) -> PolicyException | None:
        """The exception that applies to this client on this ISO day; of several, the one that ends last."""
        if client is None:
            return None
        holding = [one for one in self.exceptions if one.holds(vendor, component, client, day)]
        return max(holding, key=lambda one: one.until, default=None)
