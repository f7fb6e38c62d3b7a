"""What a report is made from: sums and records of a period, as the store gives them.

Times are integer nanoseconds since 1970-01-01 UTC, as everywhere below the outputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from netmon.records import Contact, Evidence, Lack, Outcome, Severity, Standing, Uncounted
from netmon.store.gaps import WatchGap
from netmon.store.machines import Machines
from netmon.store.undivided import Undivided, UndividedViews

UsedKind = Literal["netmon", "configuration", "signatures", "database", "source"]
"""What decides about verdicts; a source: one whose votes the signatures or the configuration quote."""
USED_KINDS: tuple[UsedKind, ...] = get_args(UsedKind)
RUN = "*"
"""In the place of an interface: a sensor as a whole."""
OTHER = "other"
"""In place of a country: another one than the other sources name, which a licence withholds."""


@dataclass(frozen=True, slots=True)
class Amount:
    """How much traffic there was: connections, and IP bytes in each direction."""

    flows: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0

    @property
    def total_bytes(self) -> int:
        """Bytes of both directions."""
        return self.sent_bytes + self.received_bytes

    def __add__(self, other: Amount) -> Amount:
        return Amount(
            self.flows + other.flows,
            self.sent_bytes + other.sent_bytes,
            self.received_bytes + other.received_bytes,
        )

    def __sub__(self, other: Amount) -> Amount:
        return Amount(
            self.flows - other.flows,
            self.sent_bytes - other.sent_bytes,
            self.received_bytes - other.received_bytes,
        )


@dataclass(frozen=True, slots=True)
class ConcernFact:
    """Where a flow stands with one country of concern."""

    country: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A capture file that a run read."""

    path: str
    sha256: str | None  # None: it was read from standard input
    size: int | None


@dataclass(frozen=True, slots=True)
class UsedFact:
    """Something that decides about verdicts."""

    kind: UsedKind
    name: str
    version: str | None  # or an ISO day
    sha256: str | None


@dataclass(frozen=True, slots=True)
class RunFact:
    """A run of a sensor, or of a command that read files."""

    sensor: str
    site: str | None
    run: str
    start_ns: int
    end_ns: int
    interfaces: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()  # of the users, as configured; empty: not known
    privacy: int | None = 0
    latitude: float | None = None
    longitude: float | None = None
    used: tuple[UsedFact, ...] = ()
    files: tuple[ReadFile, ...] = ()
    problems: tuple[str, ...] = ()  # of files: damaged, or not complete
    filter: str | None = ""  # of packets (BPF); empty: none; None: not known
    is_ended: bool = True  # False: it was still running, or was killed
    is_viewed: bool = True  # there is a record of what it saw, be it nothing
    is_recorded: bool = True  # False: only its flows are known, and not the conditions


@dataclass(frozen=True, slots=True)
class Meaning:
    """What is equal for many flows: where they went, and what that means."""

    vendor: str
    component: str
    location: str
    country: str
    city: str | None
    confidence: str
    outcome: Outcome
    reason: str
    severity: Severity | None
    lacks: Lack | None
    concerns: tuple[ConcernFact, ...]
    uncounted: Uncounted | None
    evidence: Evidence
    contact: Contact
    claims: tuple[str, ...] = ()  # the countries that sources name, if the place is disputed
    sources: tuple[str, ...] = ()  # those that locate the address
    voted: tuple[tuple[str, str | None], ...] = ()  # every source, with its day
    promise: str | None = None  # the one that was applied
    edge: str | None = None  # the third party that answers for the vendor
    judgement: int = 0  # in the store

    @property
    def located(self) -> tuple[str, ...]:
        """The countries of concern in which such flows ended."""
        if self.uncounted is not None:
            return ()
        return tuple(one.country for one in self.concerns if one.standing == "located")


@dataclass(frozen=True, slots=True)
class Group:
    """The flows of one sensor with one meaning, which began in one span of the time line."""

    sensor: str
    meaning: Meaning
    bucket: int  # number of the span
    amount: Amount
    first_ns: int
    last_ns: int


@dataclass(frozen=True, slots=True)
class FindingFact:
    """Findings with the same client, server and meaning."""

    sensor: str
    client: str | None
    client_host: str | None
    client_mac: str | None
    name: str | None
    server: str
    port: int
    transport: str
    meaning: Meaning
    amount: Amount
    first_ns: int
    last_ns: int
    votes: tuple[Mapping[str, Any], ...] = ()  # as in the event
    rtt_ms: float | None = None
    run: str = ""  # of the first of them
    flow: int = 0
    evidence: tuple[tuple[str, str], ...] = ()  # file and SHA-256


@dataclass(frozen=True, slots=True)
class ResolverFact:
    """DNS to a resolver that a vendor's products fall back to."""

    vendor: str
    operator: str
    server: str
    question: str  # one of QUESTIONS
    component: str | None  # of the names that were asked for, if they are the vendor's
    amount: Amount
    first_ns: int
    last_ns: int


@dataclass(frozen=True, slots=True)
class ViewFact:
    """What an interface showed in the period."""

    sensor: str
    interface: str  # RUN: what belongs to no single one
    counters: Mapping[str, int]
    unnamed: Mapping[str, int] = field(default_factory=dict)
    undecoded: Mapping[str, int] = field(default_factory=dict)  # by what the packets carry, in words


@dataclass(frozen=True, slots=True)
class PeriodFacts:
    """Everything that the store has about a period."""

    since_ns: int  # as asked
    until_ns: int  # as asked, or the end of the last record if that is before it
    origin_ns: int  # where the first span of the time line begins: at a round time
    bucket_ns: int
    runs: tuple[RunFact, ...] = ()
    groups: tuple[Group, ...] = ()
    findings: tuple[FindingFact, ...] = ()
    resolvers: tuple[ResolverFact, ...] = ()
    machines: Mapping[str, Machines] = field(default_factory=dict)  # by vendor
    located: Mapping[tuple[str, str], Machines] = field(default_factory=dict)
    """Machines with a flow that ended in a country of concern, by vendor and country."""
    views: tuple[ViewFact, ...] = ()
    looked_up: Mapping[str, int] = field(default_factory=dict)  # DNS queries for names, by vendor
    gaps: tuple[WatchGap, ...] = ()
    after_latest: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """How long sensors had to watch after the latest record, by sensor and interface."""
    erased: int = 0  # flows that were erased on request, which may have been of the period
    outside_captures: tuple[int, int] | None = None  # time of what was asked for, and of all of that
    asked: tuple[int | None, int | None] = (None, None)  # the limits that were given
    expected_ns: int | None = None  # up to when there should be records
    undivided: Undivided = field(default_factory=Undivided)
    undivided_views: UndividedViews = field(default_factory=UndividedViews)
