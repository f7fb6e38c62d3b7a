"""The tables of the store, as data: the statements of every database that can be one are made from them.

All times are nanoseconds since 1970-01-01 UTC; days are days since then. Words such as a verdict's are the
closed sets of `netmon.records`. Lists of words are separated by commas.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from netmon.days import DAY_NS

Kind = Literal["text", "integer", "json"]
Value = str | int | None
"""What a column holds."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column; it may be NULL unless it belongs to the key."""

    name: str
    kind: Kind
    about: str


@dataclass(frozen=True, slots=True, eq=False)
class StoreTable:
    """A table. A row replaces the one with its key unless its `version`, a column, is lower.

    Rows that are `shared` are equal if their keys are, apart from the version, so only a higher one matters.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    about: str
    version: str | None = None
    is_shared: bool = False
    has_day: bool = False  # the column `day` says when a row is old
    day_of: str | None = None  # or this column does, in nanoseconds
    names: tuple[str, ...] = field(init=False)  # of the columns, in order
    key_places: tuple[int, ...] = field(init=False)  # of the key among the columns
    version_place: int | None = field(init=False)

    def __post_init__(self) -> None:
        """Derives what is asked for with each row."""
        names = tuple(column.name for column in self.columns)
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "key_places", tuple(map(names.index, self.key)))
        object.__setattr__(self, "version_place", names.index(self.version) if self.version else None)

    def key_of(self, values: Sequence[Value]) -> tuple[Value, ...]:
        """The key in the values of a row."""
        return tuple([values[place] for place in self.key_places])

    def version_of(self, values: Sequence[Value]) -> int:
        """The version in the values of a row; 0 if it has none."""
        return 0 if self.version_place is None else int(values[self.version_place] or 0)

    @property
    def age(self) -> tuple[str, int]:
        """The column that says how old a row is, and how many of its units a day has."""
        return ("day", 1) if self.has_day else (self.day_of or "", DAY_NS)


_SENSOR = Column("sensor", "text", "name of the sensor")
_RUN = Column("run", "text", "run of the sensor, from its start to its end; or one reading of files")
_FLOW = Column("flow", "integer", "number of the flow within the run")
_DAY = Column("day", "integer", "days since 1970-01-01: UTC day of the latest packet")
_JUDGEMENT = Column("judgement", "integer", "identifier of the row in `judgements`")
_NUMBERS = Column("numbers", "json", "the numbers of this flow in its judgement, such as its round trip")
_REVISION = Column("revision", "integer", "a row with a higher one replaces one with a lower one")

RUNS = StoreTable(
    "runs",
    ("sensor", "run"),
    (
        _SENSOR,
        _RUN,
        Column("site", "text", "site of the sensor"),
        Column("source", "text", "interfaces or files"),
        Column("start_ns", "integer", "when it started; of files, the time of the first packet"),
        Column("end_ns", "integer", "when it ended, or the last packet; NULL: it goes on or was interrupted"),
        Column("privacy", "integer", "privacy level: how clients are shown"),
        _REVISION,
        Column("document", "json", "the event `netmon.run`"),
    ),
    "Runs of sensors, and readings of capture files.",
    version="revision",
    day_of="start_ns",
)
CONDITIONS = StoreTable(
    "conditions",
    ("sensor", "run", "since_ns"),
    (
        _SENSOR,
        _RUN,
        Column("since_ns", "integer", "from when on it judged under these conditions"),
        Column("document", "json", "version, hashes of signatures and databases, country, position"),
    ),
    "Under which conditions a run judged: a row for its start, and for each change.",
    day_of="since_ns",
)
FLOWS = StoreTable(
    "flows",
    ("sensor", "run", "flow", "day"),
    (
        _SENSOR,
        _RUN,
        _FLOW,
        _DAY,
        Column("site", "text", "site of the sensor"),
        Column("start_ns", "integer", "first packet of the flow"),
        Column("last_ns", "integer", "latest packet up to the end of the day"),
        Column("client", "text", "the client as the privacy level shows it"),
        Column("client_port", "integer", "its port"),
        Column("client_mac", "text", "its MAC address; only at privacy level 0"),
        Column("client_host", "text", "its name in DHCP or mDNS; only at privacy level 0"),
        Column("vendor", "text", "vendor; NULL for DNS to a resolver that a vendor falls back to"),
        Column("component", "text", "component"),
        Column("status", "text", "trust status of the signature"),
        Column("name", "text", "name of the server"),
        Column("matched", "text", "the name that matched the signature, if that is another"),
        Column("evidence", "text", "what shows the name"),
        Column("grounds", "text", "what the match rests on"),
        Column("server", "text", "address of the server"),
        Column("server_port", "integer", "its port"),
        Column("transport", "text", "tcp or udp"),
        Column("interface", "text", "interface that showed it"),
        Column("sent_bytes", "integer", "IP bytes from the client, up to the end of the day"),
        Column("received_bytes", "integer", "IP bytes from the server, up to the end of the day"),
        Column("sent_packets", "integer", "packets from the client, up to the end of the day"),
        Column("received_packets", "integer", "packets from the server, up to the end of the day"),
        Column("location", "text", "place: a location of the signatures, unknown or disputed"),
        Column("country", "text", "place: a country, unknown or disputed"),
        Column("city", "text", "place: a city"),
        Column("confidence", "text", "place: how certain it is"),
        Column("outcome", "text", "verdict"),
        Column("reason", "text", "its reason"),
        Column("severity", "text", "severity of a finding"),
        Column("lacks", "text", "what an undecided verdict lacks"),
        Column("promise", "text", "the promise that was applied"),
        Column("contact", "text", "how far client and server came in contact"),
        Column("view", "text", "visibility limitations"),
        Column("uncounted", "text", "why it does not count in statements about countries of concern"),
        Column("concerns", "text", "countries of concern with the flow's standing: RU:excluded,BY:unknown"),
        Column("fallback", "text", "vendors that fall back to this resolver"),
        Column("edge", "text", "third party that answers for the vendor"),
        Column("first_packet", "integer", "number of the first packet in the capture file"),
        Column("is_over", "integer", "1: the flow has ended"),
        _REVISION,
        _JUDGEMENT,
        _NUMBERS,
    ),
    "Flows of vendors: a row for each day of a flow, with its totals at the end of that day.",
    version="revision",
    has_day=True,
)
JUDGEMENTS = StoreTable(
    "judgements",
    ("id",),
    (
        Column("id", "integer", "the first 63 bits of the document's SHA-256"),
        Column("day", "integer", "the latest day of a flow with it"),
        Column("document", "json", "place with votes and steps, the verdict's row and explanation"),
    ),
    "Why flows were judged as they were; many flows share a row.",
    version="day",
    is_shared=True,
    has_day=True,
)
FINDINGS = StoreTable(
    "findings",
    ("sensor", "run", "flow"),
    (
        _SENSOR,
        _RUN,
        _FLOW,
        _DAY,
        Column("severity", "text", "severity"),
        _REVISION,
        _JUDGEMENT,
        _NUMBERS,
        Column("document", "json", "the event `netmon.flow`, without what the judgement has of it"),
    ),
    "Flows with a finding; with their judgement, everything that their event says.",
    version="revision",
    has_day=True,
)
VIEWS = StoreTable(
    "views",
    ("sensor", "run", "interface", "start_ns"),
    (
        _SENSOR,
        _RUN,
        Column(
            "interface", "text", "interface; empty: the file names none; *: what belongs to no single one"
        ),
        Column("start_ns", "integer", "from when"),
        Column("end_ns", "integer", "until when"),
        Column("scope", "text", "interface, or run for the counters that belong to no interface"),
        Column("packets", "integer", "packets that were read, without what the kernel sieve dropped"),
        Column("flow_packets", "integer", "packets of TCP and UDP"),
        Column("dropped", "integer", "packets that the kernel or the interface dropped"),
        Column("undecoded_packets", "integer", "packets that could not be decoded"),
        Column("tcp_bytes", "integer", "TCP payload that was seen, of what was read"),
        Column("unseen_tcp_bytes", "integer", "TCP payload acknowledged but not seen, of what was read"),
        Column("interruptions", "integer", "times that the capture was interrupted"),
        Column("up", "integer", "1: the interface was captured at the end"),
        Column("document", "json", "all counters that have grown"),
    ),
    "What could be seen: a row for each interface and minute, or for each reading of files.",
    day_of="start_ns",
)
EVIDENCE = StoreTable(
    "evidence",
    ("sensor", "run", "flow", "file"),
    (
        _SENSOR,
        _RUN,
        _FLOW,
        Column("file", "text", "name of the file"),
        Column("time_ns", "integer", "when it was written"),
        Column("sha256", "text", "its SHA-256"),
        Column("document", "json", "the event `netmon.evidence`"),
    ),
    "Evidence files that were written for findings.",
    day_of="time_ns",
)
ERASURES = StoreTable(
    "erasures",
    ("time_ns",),
    (
        Column("time_ns", "integer", "when"),
        Column("reason", "text", "why, as whoever erased it said"),
        Column("flows", "integer", "flows that were erased"),
        Column("findings", "integer", "findings among them"),
    ),
    "Clients that were erased on request: when, why and how much, not whom.",
    day_of="time_ns",
)
_PERIOD = Column("period", "text", "counting period, such as 2026-11")
_LAST_DAY = Column("day", "integer", "last day of the period")
COUNTED = StoreTable(
    "counted",
    ("sensor", "run", "period", "vendor", "client"),
    (
        _SENSOR,
        Column("run", "text", "run that wrote it, after the period; or one reading of files"),
        _PERIOD,
        Column("vendor", "text", "vendor"),
        Column("client", "text", "pseudonym of the period; it leads to no flow"),
        _LAST_DAY,
        Column("key_id", "text", "pseudonyms can be compared if this is equal"),
    ),
    "Machines by counting period: only at privacy level 1, and without any time within the period.",
    has_day=True,
)
COUNTS = StoreTable(
    "counts",
    ("sensor", "run", "period", "vendor", "key_id"),
    (
        _SENSOR,
        Column("run", "text", "run that wrote it, after the period; or one reading of files"),
        _PERIOD,
        Column("vendor", "text", "vendor"),
        Column("key_id", "text", "as in `counted`"),
        Column("first_day", "integer", "first day of the period"),
        _LAST_DAY,
        Column("machines", "integer", "how many machines were counted"),
        Column("is_complete", "integer", "0: there may be more: no room, or written too early"),
        Column("since_ns", "integer", "from when the sensor counted, in all of its runs; NULL: in this one"),
    ),
    "How many machines a sensor counted in a period.",
    has_day=True,
)
TABLES = (RUNS, CONDITIONS, FLOWS, JUDGEMENTS, FINDINGS, VIEWS, EVIDENCE, ERASURES, COUNTED, COUNTS)
RECORDS_OF_RUNS = (RUNS, CONDITIONS)
"""What says how a run judged, and on what: kept for as long as anything that the run saw."""
TABLES_OF_RUNS = tuple(table for table in TABLES if "run" in table.key)
