"""Example records: a plain flow and a plain DNS message, with the changes that a test needs."""

from __future__ import annotations

from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from msgspec.structs import replace

from netmon.records import ClassifiedFlow, DnsRecord, FlowRecord, Place, Verdict, Vote

Record = TypeVar("Record", FlowRecord, DnsRecord)

START_NS = 1_700_000_000_123_456_789  # 2023-11-14T22:13:20.123456789Z


def plain(record: type[Record], **values: Any) -> Record:
    """A record with these values; the other fields are empty, so that a new field need not be named here."""
    rest = {name: kind for name, kind in get_type_hints(record).items() if name not in values}
    return record(**values, **{name: empty(kind) for name, kind in rest.items()})


def empty(kind: Any) -> Any:
    """None if a field of this type may be None; otherwise (), 0, False, "" or the first of its words."""
    if NoneType in get_args(kind):
        return None
    if get_origin(kind) is Literal:
        return get_args(kind)[0]
    return (get_origin(kind) or kind)()


FLOW = plain(
    FlowRecord,
    flow_id=7,
    phase="end",
    end_reason="fin",
    transport="tcp",
    client="192.0.2.17",
    client_port=49152,
    server="198.51.100.5",
    server_port=443,
    start_ns=START_NS,
    last_ns=START_NS + 2_500_000_000,
    sent_packets=10,
    sent_bytes=1000,
    received_packets=12,
    received_bytes=2000,
    new_sent_bytes=1000,
    new_received_bytes=2000,
    contact="data",
    name="files.acme.example",
    evidence="sni",
    signature=0,
    matched="files.acme.example",
    server_name="files.acme.example",
    alpn=("h2", "http/1.1"),
    tls_versions=("1.3", "1.2"),
    ja4="t13d1516h2_8daaf6152771_e5627efa2ab1",
    rtt_ns=12_345_678,
    answer_rtt_ns=12_400_000,
    interception="unlikely",
)

ZURICH = Place(
    "zurich", "CH", "Zurich", "agreed", (Vote("db_one", "CH", "Zurich"), Vote("db_two", "CH", None))
)
MOSCOW = Place(
    "moscow", "RU", "Moscow", "agreed", (Vote("db_one", "RU", "Moscow"), Vote("db_two", "RU", None))
)
DISPUTED = Place(
    "disputed", "disputed", None, "disputed", (Vote("db_one", "RU", None), Vote("db_two", "CH", None))
)
EXPECTED = Verdict("expected", "place_as_promised", "files_in_zurich")
UNEXPECTED = Verdict("unexpected", "place_elsewhere", "files_in_zurich", severity="warning")
UNDECIDED = Verdict("undecided", "databases_disagree")

QUERY = plain(
    DnsRecord,
    time_ns=START_NS,
    kind="dns",
    transport="udp",
    source="192.0.2.17",
    source_port=50000,
    destination="192.0.2.53",
    destination_port=53,
    message_id=4711,
    questions=(("files.acme.example", "A"),),
)
ANSWER = replace(
    QUERY,
    source="192.0.2.53",
    source_port=53,
    destination="192.0.2.17",
    destination_port=50000,
    response=True,
    answers=(
        ("files.acme.example", "CNAME", 60, "edge.example"),
        ("edge.example", "A", 30, "198.51.100.5"),
    ),
)


def flow(**changes: Any) -> FlowRecord:
    """The plain flow with these changes."""
    return replace(FLOW, **changes)


def classified(place: Place = ZURICH, verdict: Verdict = EXPECTED, **changes: Any) -> ClassifiedFlow:
    """The plain flow with these changes, and with a vendor, a place and a verdict."""
    return ClassifiedFlow(flow(**changes), "acme", "files", "official", place, verdict)
