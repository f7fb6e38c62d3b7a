"""The report as values: every number of the page, and codes instead of words. Its JSON twin has the same.

Times are RFC 3339 in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from netmon.records import Contact, Evidence, Lack, Outcome, Severity, Standing, Uncounted
from netmon.report.facts import UsedKind
from netmon.report.quotations import ConcernText, MeasureText, PromiseText
from netmon.report.shares import Share
from netmon.report.view import ReportView
from netmon.store.undivided import Undivided

FORMAT = 1
"""The version of the JSON format; it grows when a field changes its meaning or goes."""

Conclusion = Literal[
    "located",  # some connections ended in the country of concern
    "excluded",  # none did: for each of them the server answered too quickly
    "partly_excluded",  # none is located there, and some are excluded
    "open",  # none is located there, and none is excluded
    "uncounted",  # connections were seen, and none counts: see `uncounted`
    "no_data",  # the same, because no data was exchanged
    "nothing",  # no connection was seen
    "no_concern",  # no country is of concern
]


@dataclass(frozen=True, slots=True)
class Sum:
    """Connections and IP bytes, and their share of the bytes of the vendor (0 to 1)."""

    flows: int
    sent_bytes: int
    received_bytes: int
    total_bytes: int
    share: float | None = None


@dataclass(frozen=True, slots=True)
class StandingSum:
    """The connections with one standing for a country of concern; `share` is that of the connections."""

    standing: Standing
    sum: Sum


@dataclass(frozen=True, slots=True)
class UncountedSum:
    """The connections that do not count in a statement, and why."""

    reason: Uncounted
    sum: Sum


@dataclass(frozen=True, slots=True)
class ConcernStatement:
    """The statement about one country of concern."""

    country: str
    conclusion: Conclusion
    counted: Sum
    open: Sum  # counted, and neither located there nor excluded
    standings: tuple[StandingSum, ...]
    uncounted: tuple[UncountedSum, ...]
    clients: int | None  # of connections that are located there, with the bounds of `Answer`
    clients_most: int | None
    clients_exact: bool


@dataclass(frozen=True, slots=True)
class ShareSum:
    """The connections of one share of the bytes."""

    share: Share
    sum: Sum


@dataclass(frozen=True, slots=True)
class ClientsOfPeriod:
    """The distinct clients of a counting period."""

    period: str  # as 2026-11
    at_least: int
    at_most: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What the period shows about one vendor."""

    vendor: str
    title: str
    conclusion: Conclusion  # the worst of the statements
    total: Sum
    clients: int | None  # at least so many; None: the privacy level does not tell them apart
    clients_most: int | None  # at most so many; None: not known
    clients_exact: bool  # True: both are equal
    clients_by_period: tuple[ClientsOfPeriod, ...]  # counting periods that are part of the period
    statements: tuple[ConcernStatement, ...]
    shares: tuple[ShareSum, ...]
    looked_up: int  # DNS queries for names of the vendor


@dataclass(frozen=True, slots=True)
class FileScope:
    """A capture file."""

    path: str
    sha256: str | None
    size: int | None


@dataclass(frozen=True, slots=True)
class SensorScope:
    """A sensor, or a command that read files."""

    name: str
    site: str | None
    interfaces: tuple[str, ...]
    first: str | None  # None: it did not run in the period
    last: str | None
    runs: int
    unrecorded: int  # runs of which only flows are known, and not what else there was and what decided
    countries: tuple[str, ...]
    privacy: tuple[int, ...]
    filters: tuple[str, ...]
    latitude: float | None
    longitude: float | None
    sum: Sum
    gaps: int
    gap_s: float


@dataclass(frozen=True, slots=True)
class Interruption:
    """A time in which an interface was not watched."""

    sensor: str
    interface: str
    start: str
    end: str
    seconds: float


@dataclass(frozen=True, slots=True)
class CoveredPeriod:
    """The part of the period of which there is a record."""

    since: str
    until: str
    seconds: float


@dataclass(frozen=True, slots=True)
class AskedPeriod:
    """The limits that were given."""

    since: str | None
    until: str | None
    is_covered: bool  # the record reaches from one to the other, be it with interruptions


@dataclass(frozen=True, slots=True)
class ReportScope:
    """What the report is about."""

    since: str
    until: str
    seconds: float
    covered: CoveredPeriod
    asked: AskedPeriod | None
    undivided: Undivided
    filters: tuple[str, ...]  # packets outside them were not looked at
    unknown_filters: int  # runs of which it is not recorded whether they had a filter
    countries: tuple[str, ...]
    sensors: tuple[SensorScope, ...]
    files: tuple[FileScope, ...]
    problems: tuple[str, ...]
    gaps: tuple[Interruption, ...]  # the longest
    gaps_more: int  # further ones
    all_gaps: int
    gap_s: float  # of all
    all_sensors: int
    files_more: int  # that the first page does not list


@dataclass(frozen=True, slots=True)
class Spot:
    """A place as the evidence has it. Coordinates are those of the city, if it is known."""

    location: str
    country: str
    city: str | None
    confidence: str
    claims: tuple[str, ...]
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class SourceVote:
    """What one source says about an address."""

    source: str
    title: str | None  # of a database that the signatures quote
    country: str | None
    city: str | None
    about: str
    date: str | None
    contradicts: bool


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file with the packets of a finding."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class FindingContact:
    """The findings of one client with one server."""

    sensor: str
    first: str
    last: str
    client: str | None
    client_host: str | None
    client_mac: str | None
    name: str | None
    server: str
    port: int
    transport: str
    rtt_ms: float | None
    sum: Sum
    run: str  # of the first of them
    flow: int
    evidence: tuple[EvidenceFile, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """Findings with the same component, place and verdict, on the word of the same sources."""

    severity: Severity | None
    outcome: Outcome
    reason: str
    vendor: str
    component: str
    named_by: Evidence
    spot: Spot
    votes: tuple[SourceVote, ...]
    sum: Sum
    contacts: tuple[FindingContact, ...]
    contacts_more: int  # of these, those that the page does not list
    unlisted: Sum  # of further contacts, for which there is no room


@dataclass(frozen=True, slots=True)
class ResolverUse:
    """DNS past the own resolver: to one that the vendor's products fall back to, by what was asked for.

    Questions for other names than the vendor's, and encrypted ones, are kept once an hour for each client.
    """

    vendor: str
    operator: str
    server: str
    question: str  # vendor: one of the vendor's own names; other; unknown: encrypted
    components: tuple[str, ...]  # those of the vendor's names that were asked for
    sum: Sum
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class MapPlace:
    """A place on the map, with the traffic to it by share of the bytes."""

    spot: Spot
    sum: Sum
    shares: tuple[ShareSum, ...]


@dataclass(frozen=True, slots=True)
class Arc:
    """The traffic from a sensor to a place."""

    sensor: str
    location: str
    country: str
    share: Share  # the worst of its traffic if some is bad, else that of most of its bytes
    sum: Sum


@dataclass(frozen=True, slots=True)
class Span:
    """A span of the time line: bytes by share, in the order of `SHARES`, and the number of findings."""

    start: str
    bytes_by_share: tuple[int, ...]
    findings: int


@dataclass(frozen=True, slots=True)
class TimeLine:
    """The bytes over the period, each connection counted when it began, or on each of its days."""

    span_s: int
    start: str
    spans: tuple[Span, ...]  # without those in which nothing was seen
    axis_bytes: tuple[int, ...]
    axis_times: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """How many connections were named by one kind of evidence."""

    evidence: Evidence
    flows: int


@dataclass(frozen=True, slots=True)
class TableRow:
    """The connections of one component to one place, with one verdict."""

    vendor: str
    component: str
    spot: Spot
    outcome: Outcome
    severity: Severity | None
    reason: str
    lacks: Lack | None
    contact: Contact  # the farthest
    named_by: tuple[Named, ...]
    sources: tuple[str, ...]
    sum: Sum
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Used:
    """Something that decided, and in how many runs it did.

    The hash of a source is that of the signatures or the configuration that quote it, if there was one alone.
    """

    kind: UsedKind
    name: str
    version: str | None  # or an ISO day
    sha256: str | None
    runs: int | None
    title: str | None = None  # of a database that the signatures quote
    attribution: str | None = None  # the notice that its licence requires


@dataclass(frozen=True, slots=True)
class Report:
    """The report."""

    format: int
    asked: tuple[str, ...]  # the words of the command that select what is reported
    answers: tuple[Answer, ...]
    total: Sum  # of all answers
    scope: ReportScope
    findings_total: Sum
    findings: tuple[Finding, ...]
    findings_more: Sum  # of further findings
    resolvers: tuple[ResolverUse, ...]
    destinations: tuple[MapPlace, ...]
    unplaced: Sum
    arcs: tuple[Arc, ...]
    time_line: TimeLine
    rows: tuple[TableRow, ...]
    view: ReportView
    promises: tuple[PromiseText, ...]
    concerns: tuple[ConcernText, ...]
    measures: tuple[MeasureText, ...]
    used: tuple[Used, ...]
    signatures_sha256: str  # of the texts of promises and concerns
