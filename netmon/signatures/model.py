"""What a signature file says, as frozen values. `load.py` makes them, everybody reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from netmon.records import Vote

STATUSES = ("official", "measured", "press", "community", "unverified")
"""Trust of an entry, best first; `unverified` never alerts alone."""

ROLES = ("service", "corporate", "ddos_protection", "carrier")
"""What a network is to its vendor; `carrier` is a third party's network that was seen to carry a service."""

MatchKind = Literal["exact", "suffix", "pattern"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact was read."""

    key: str
    trust: str  # one of STATUSES
    ref: str
    about: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Location:
    """A place that verdicts and metrics can name."""

    id: str  # e.g. "zurich": a metric label
    city: str
    country: str
    latitude: float
    longitude: float
    aliases: tuple[str, ...] = ()  # other spellings in databases
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourced:
    """A statement of a signature file, with its trust and the sources that it rests on."""

    status: str = "unverified"  # one of STATUSES
    sources: tuple[str, ...] = ()  # Source.key
    note: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Sourced):
    """A statement that can tag a flow."""

    number: int
    vendor: str
    component: str
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRule(Rule):
    """A name that belongs to a component."""

    kind: MatchKind
    text: str
    family: str | None = None  # a group of names inside the component

    def __str__(self) -> str:
        return f"{self.kind} {self.text}"


@dataclass(frozen=True, slots=True)
class Database:
    """A location database whose votes a file quotes."""

    id: str
    title: str
    about: Literal["location", "registration"]
    date: str | None  # ISO date of the build that was asked
    attribution: str | None  # what its licence wants to be said
    sources: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Observed(Sourced):
    """An address at which a name of the vendor was seen."""

    address: str
    label: str  # the name, or what the source calls it


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkRule(Rule):
    """A network of a vendor. Only role `service` tags a flow by its address alone.

    Its component is "network": the address alone says no more. `valid_from` and `valid_to` are the first and
    last ISO day on which a source shows the network with its holder; None: no such bound is known.
    """

    prefix: str
    asn: int | None
    role: str  # one of ROLES
    valid_from: str | None
    valid_to: str | None
    place: str | None  # location id declared by the vendor
    votes: tuple[Vote, ...]
    holder: str | None = None  # who the network is registered to
    observed: tuple[Observed, ...] = ()

    def __str__(self) -> str:
        return f"network {self.prefix} ({self.role}{f', AS{self.asn}' if self.asn else ''})"


@dataclass(frozen=True, slots=True)
class Port(Sourced):
    """A transport and port range that a component uses."""

    transport: str
    first: int
    last: int
    application: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadMagic(Rule):
    """First payload bytes, of either side of a flow, that identify a protocol."""

    transport: str
    port: int
    prefix: bytes
    length: int | None  # exact payload length, where it counts

    def __str__(self) -> str:
        length = f", {self.length} bytes long" if self.length is not None else ""
        return f"first payload bytes {self.prefix.hex()} on {self.transport} port {self.port}{length}"


@dataclass(frozen=True, slots=True)
class Promise(Sourced):
    """What a vendor has promised: for whom, which data, from when, where.

    Dates are ISO days, months or years, as exact as the source. Without `locations` it binds nothing and
    is kept because a reader will ask.
    """

    id: str
    vendor: str
    statement: str
    subjects: frozenset[str]  # ISO countries; empty: made to everybody
    data: str
    effective_from: str | None
    effective_to: str | None
    locations: tuple[str, ...]  # location ids
    announced: str | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """Where a component's traffic should end, and on what basis."""

    basis: Literal["promise", "observed", "none"]
    promise: str | None  # Promise.id when basis is "promise"
    locations: tuple[str, ...]
    note: str | None
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Component:
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


@dataclass(frozen=True, slots=True)
class Resolver(Sourced):
    """A public resolver that a vendor's product falls back to."""

    address: str
    operator: str
    vendor: str


@dataclass(frozen=True, slots=True)
class PublicResolver(Sourced):
    """A resolver that anybody may ask, in clear or encrypted."""

    id: str  # e.g. "quad9"
    operator: str
    addresses: tuple[str, ...]
    names: tuple[str, ...]  # each with all below it


@dataclass(frozen=True, slots=True)
class PublicResolvers:
    """The file of known public resolvers. `entries[n]` is what the engine calls n."""

    file: str = ""
    sources: Mapping[str, Source] = field(default_factory=dict)
    entries: tuple[PublicResolver, ...] = ()


@dataclass(frozen=True, slots=True)
class PublicName(Sourced):
    """The name that hellos to a front show while their own is encrypted (ECH)."""

    name: str
    operator: str


@dataclass(frozen=True, slots=True)
class PublicNames:
    """The file of known public names."""

    file: str = ""
    sources: Mapping[str, Source] = field(default_factory=dict)
    names: tuple[PublicName, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate(Rule):
    """A server certificate that was seen: its names tag a flow that has no name of its own."""

    names: tuple[str, ...]  # common name and alternative names, "*." for one label
    subject: str
    issuer: str
    not_before: str
    not_after: str

    def __str__(self) -> str:
        return f"certificate of {self.subject}, valid {self.not_before} to {self.not_after}"


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """A domain that a weak source gives to the vendor. No rule may match it."""

    name: str
    why: str
    sources: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Denial(Sourced):
    """Why a vendor's look-alikes never match."""

    why: str


@dataclass(frozen=True, slots=True)
class Measure(Sourced):
    """What an authority did about the vendor."""

    date: str
    who: str
    what: str


@dataclass(frozen=True, slots=True)
class Vendor:
    """Everything a signature file says about one vendor."""

    id: str
    title: str
    components: Mapping[str, Component]
    networks: tuple[NetworkRule, ...]
    promises: Mapping[str, Promise]
    resolvers: tuple[Resolver, ...]
    lookalikes: tuple[str, ...]  # never match, on label boundary
    sources: Mapping[str, Source]
    examples: Mapping[str, str]  # name → component it must match
    counterexamples: tuple[str, ...]  # names that must never match this vendor
    file: str
    databases: Mapping[str, Database] = field(default_factory=dict)
    certificates: tuple[Certificate, ...] = ()
    denial: Denial | None = None
    unconfirmed: tuple[Unconfirmed, ...] = ()
    measures: tuple[Measure, ...] = ()
    reviewed: str | None = None  # ISO day on which somebody last held the file against its sources
    notes: tuple[str, ...] = ()  # what a reader of any result must know


AnyRule = TypeVar("AnyRule", bound=Rule)


@dataclass(frozen=True, slots=True)
class SignatureSet:
    """All vendors of one folder. `rules[n]` is the rule whose `number` is n."""

    vendors: Mapping[str, Vendor]
    locations: Mapping[str, Location]
    rules: tuple[Rule, ...]
    sha256: str
    folder: str
    files: tuple[str, ...] = field(default=())
    public_names: PublicNames = PublicNames()
    resolvers: PublicResolvers = PublicResolvers()

    def rules_of(self, kind: type[AnyRule]) -> Iterator[AnyRule]:
        """The rules of one kind, in the order of their numbers."""
        return (rule for rule in self.rules if isinstance(rule, kind))

    def component(self, rule: Rule) -> Component | None:
        """The component of a rule; None for a network rule, which stands for the vendor alone."""
        return self.vendors[rule.vendor].components.get(rule.component)
