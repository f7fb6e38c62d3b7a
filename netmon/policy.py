"""What the organisation itself allows, by vendor and component; with exceptions for clients until a day."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class PolicyException:
    """Leave for some clients to do what would be a finding, until a day; somebody answers for it.

    It lifts "unexpected" and "forbidden" for flows that begin on its days, and nothing else.
    """

    vendor: str
    component: str | None  # None: every component
    clients: Network
    until: str  # ISO day (UTC), the last one on which it holds
    author: str
    reason: str
    since: str | None = None  # ISO day (UTC), the first one; None: there is no such bound

    def holds(self, vendor: str, component: str, client: str, day: str) -> bool:
        """True for a flow of this client to this component that begins on this ISO day."""
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
    """Vendor → component, or "*" for every other → ISO countries (upper case) and location ids."""
    exceptions: tuple[PolicyException, ...] = ()

    def allowed_places(self, vendor: str, component: str) -> frozenset[str] | None:
        """The places allowed for a component; None: the policy says nothing about it."""
        components = self.allowed.get(vendor, {})
        return components.get(component, components.get("*"))

    def find_exception(
        self, vendor: str, component: str, client: str | None, day: str
    ) -> PolicyException | None:
        """The exception that holds for this client on this ISO day; of several, the one that lasts."""
        if client is None:
            return None
        holding = [one for one in self.exceptions if one.holds(vendor, component, client, day)]
        return max(holding, key=lambda one: one.until, default=None)
