"""The contents of signature files as frozen values, created by `load.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, TypeVar

from msgspec import Struct, field

from netmon.records import Vote

STATUSES = ("official", "measured", "press", "community", "unverified")
"""Trust levels, best first; `unverified` alone never raises an alarm."""

ROLES = ("service", "corporate", "ddos_protection", "carrier")
"""The role of a network for its vendor; `carrier` is a third party's network seen carrying a service."""

NETWORK = "network"
"""The component of flows that only the address matches, which does not identify one."""

MatchKind = Literal["exact", "suffix", "pattern"]
Coverage = Literal["certain", "possible"]
ConcernStatus = Literal["in force", "archived", "withdrawn"]


UNKNOWN_DATE = "unknown"
"""The date of a source whose day of publication is not known."""


class Source(Struct, frozen=True):
    """A source of facts."""

    key: str
    trust: str  # one of STATUSES
    ref: str
    about: str
    date: str | None = None  # ISO day, month or year, or UNKNOWN_DATE; None: not given
    line: int = 0


class Location(Struct, frozen=True, cache_hash=True):
    """A place that can appear in verdicts and metrics."""

    id: str  # e.g. "zurich": a metric label
    city: str
    country: str
    latitude: float
    longitude: float
    aliases: tuple[str, ...] = ()  # other spellings used by databases
    line: int = 0


class Membership(Struct, frozen=True):
    """Countries that belong to a group from a day until a day, both included; None: no such bound."""

    countries: tuple[str, ...]
    since: str | None
    until: str | None
    sources: tuple[str, ...]  # Source.key


class CountryGroup(Struct, frozen=True):
    """Countries with a name in common, such as the EU, and when they belonged to it."""

    id: str
    title: str
    members: tuple[Membership, ...]
    note: str | None = None

    def members_on(self, day: str) -> frozenset[str]:
        """The ISO countries that belong to the group on this ISO day."""
        return frozenset(
            country
            for one in self.members
            if (one.since or day) <= day <= (one.until or day)
            for country in one.countries
        )


class Sourced(Struct, frozen=True, kw_only=True):
    """A statement in a signature file, with its trust and its sources."""

    status: str = "unverified"  # one of STATUSES
    sources: tuple[str, ...] = ()  # Source.key
    note: str | None = None
    line: int = 0


class Rule(Sourced, frozen=True, kw_only=True):
    """A statement that can assign flows to a vendor."""

    number: int  # index in SignatureSet.rules; the engine calls it the signature
    vendor: str
    component: str
    file: str


class NameRule(Rule, frozen=True, kw_only=True):
    """A name, or a set of names, that belongs to a component."""

    kind: MatchKind
    text: str
    family: str | None = None  # a group of names within the component

    def __str__(self) -> str:
        return f"{self.kind} {self.text}"


class QuotedDatabase(Struct, frozen=True):
    """A location database quoted in a signature file."""

    id: str
    title: str
    about: Literal["location", "registration"]
    provider: str | None  # who publishes it, if the id does not say
    date: str | None  # ISO date of the build that was queried
    attribution: str | None  # the notice that its licence requires
    sources: tuple[str, ...]
    line: int


class Observed(Sourced, frozen=True):
    """An address at which a name of the vendor was seen."""

    address: str
    label: str  # the name, or the source's description of it


class NetworkRule(Rule, frozen=True, kw_only=True):
    """A network of a vendor. Only role `service` tags a flow by its address alone.

    Its component is always `NETWORK`. `valid_from` and `valid_to`
    are the first and last ISO day on which a source lists the network under its holder; None: unknown.
    """

    prefix: str
    asn: int | None
    role: str  # one of ROLES
    valid_from: str | None
    valid_to: str | None
    place: str | None  # id of the location stated by the vendor
    votes: tuple[Vote, ...]
    holder: str | None = None  # who the network is registered to
    observed: tuple[Observed, ...] = ()

    def __str__(self) -> str:
        return f"network {self.prefix} ({self.role}{f', AS{self.asn}' if self.asn else ''})"


class Port(Sourced, frozen=True):
    """A transport and port range that a component uses."""

    transport: str
    first: int
    last: int
    application: str


class PayloadMagic(Rule, frozen=True, kw_only=True):
    """First payload bytes, of either side of a flow, that identify a protocol."""

    transport: str
    port: int
    prefix: bytes
    length: int | None  # exact payload length; None: any

    def __str__(self) -> str:
        return f"first payload bytes {self.pattern}"

    @property
    def pattern(self) -> str:
        """The bytes with port and length, as in "5049 on tcp port 443, 2 bytes long"."""
        length = f", {self.length} bytes long" if self.length is not None else ""
        return f"{self.prefix.hex()} on {self.transport} port {self.port}{length}"


class Promise(Sourced, frozen=True):
    """A promise by a vendor: to whom, about which data, from when, and where the data will be.

    Dates are ISO days, months or years, as precise as the source. A promise without `locations` is never
    applied; it is recorded for completeness, or because it ends others: for its own subjects, the promises in
    `ends` no longer apply from its first day on.
    """

    id: str
    vendor: str
    statement: str
    subjects: frozenset[str]  # ISO countries to which it applies; empty: all
    data: str
    effective_from: str | None
    effective_to: str | None
    locations: tuple[str, ...]  # location ids
    announced: str | None = None
    ends: tuple[str, ...] = ()  # Promise.id


class Expectation(Struct, frozen=True):
    """Where a component's traffic is expected to end, and on what basis.

    `coverage` says how sure it is that the promise covers what the component sends. A promise that possibly
    covers it is neither kept nor broken by a flow.
    """

    basis: Literal["promise", "observed", "none"]
    promise: str | None  # Promise.id when basis is "promise"
    locations: tuple[str, ...]
    note: str | None
    sources: tuple[str, ...]
    coverage: Coverage = "certain"


class Component(Struct, frozen=True):
    """One service of a vendor: updates, reputation, activation and so on."""

    vendor: str
    id: str
    title: str
    function: str
    data_category: str
    scope: Literal["cloud", "internal"]
    names: tuple[NameRule, ...]
    ports: tuple[Port, ...]
    magic: tuple[PayloadMagic, ...]
    expectations: tuple[Expectation, ...]
    false_positive: str | None
    sources: tuple[str, ...]
    line: int = 0
    visited: bool = False  # people visit it with a browser, so a flow does not show that a product is in use


class FallbackResolver(Sourced, frozen=True):
    """A public resolver that a vendor's products fall back to."""

    address: str
    operator: str
    vendor: str


class PublicResolver(Sourced, frozen=True):
    """A resolver open to everyone, with plain or encrypted DNS."""

    id: str  # e.g. "quad9"
    operator: str
    addresses: tuple[str, ...]
    names: tuple[str, ...]  # each includes all its subdomains


class PublicResolvers(Struct, frozen=True):
    """The file of known public resolvers. The engine refers to `entries[n]` as n."""

    file: str = ""
    sources: Mapping[str, Source] = field(default_factory=dict)
    entries: tuple[PublicResolver, ...] = ()


class PublicName(Sourced, frozen=True):
    """The public name of a client-facing server (ECH, RFC 9849), shown in place of the encrypted name."""

    name: str
    operator: str


class PublicNames(Struct, frozen=True):
    """The file of known public names."""

    file: str = ""
    sources: Mapping[str, Source] = field(default_factory=dict)
    names: tuple[PublicName, ...] = ()


class CertificateRule(Rule, frozen=True, kw_only=True):
    """A server certificate seen in use: its names identify a flow that has no name of its own."""

    names: tuple[str, ...]  # common and alternative names; "*." matches one label
    subject: str
    issuer: str
    not_before: str
    not_after: str

    def __str__(self) -> str:
        return f"certificate of {self.subject}, valid {self.not_before} to {self.not_after}"


class Unconfirmed(Struct, frozen=True):
    """A domain that a weak source attributes to the vendor. No rule may match it."""

    name: str
    why: str
    sources: tuple[str, ...]
    line: int


class Denial(Sourced, frozen=True):
    """Why the look-alike domains never match."""

    why: str


class Measure(Sourced, frozen=True):
    """A measure that an authority took against the vendor."""

    date: str
    who: str
    what: str


class Concern(Struct, frozen=True):
    """A country where traffic of the vendor should not end, by the word of an authority.

    `addressed_to` are the countries whose users the authority spoke to; applying it to others is netmon's
    default. `status` is that of the authority's statement: an archived one applies, and a withdrawn one only
    until its last day.
    """

    country: str  # ISO 3166-1 alpha-2
    basis: str  # as in "because of the warning of 2022"
    about: str  # what the statement is about, such as "the product"
    since: str  # first ISO day
    until: str | None  # last ISO day
    status: ConcernStatus
    addressed_to: frozenset[str]  # ISO countries; empty: everyone
    subjects: frozenset[str]  # ISO countries to whose users netmon applies it; empty: all
    sources: tuple[str, ...]
    note: str | None = None
    line: int = 0


class Vendor(Struct, frozen=True):
    """A vendor's signature file."""

    id: str
    title: str
    components: Mapping[str, Component]
    networks: tuple[NetworkRule, ...]
    promises: Mapping[str, Promise]
    resolvers: tuple[FallbackResolver, ...]
    lookalikes: tuple[str, ...]  # these domains and all their subdomains never match
    sources: Mapping[str, Source]
    examples: Mapping[str, str]  # name → the component that it must match
    counterexamples: tuple[str, ...]  # names that must not match this vendor
    file: str
    databases: Mapping[str, QuotedDatabase] = field(default_factory=dict)
    certificates: tuple[CertificateRule, ...] = ()
    denial: Denial | None = None
    unconfirmed: tuple[Unconfirmed, ...] = ()
    measures: tuple[Measure, ...] = ()
    concerns: tuple[Concern, ...] = ()
    reviewed: str | None = None  # ISO day of the last check of the file against its sources
    notes: tuple[str, ...] = ()  # background that every reader of results needs


AnyRule = TypeVar("AnyRule", bound=Rule)


class SignatureSet(Struct, frozen=True):
    """All vendors of one folder. `rules[n]` is the rule whose `number` is n."""

    vendors: Mapping[str, Vendor]
    locations: Mapping[str, Location]
    rules: tuple[Rule, ...]
    sha256: str
    folder: str
    files: tuple[str, ...] = field(default=())
    public_names: PublicNames = PublicNames()
    resolvers: PublicResolvers = PublicResolvers()
    groups: Mapping[str, CountryGroup] = field(default_factory=dict)

    def rules_of(self, kind: type[AnyRule]) -> Iterator[AnyRule]:
        """All rules of one class, in the order of their numbers."""
        return (rule for rule in self.rules if isinstance(rule, kind))

    def component(self, rule: Rule) -> Component | None:
        """The component of a rule; None for a network rule, which identifies only the vendor."""
        return self.vendors[rule.vendor].components.get(rule.component)
