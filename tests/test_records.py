"""The engine's rows and the records that they become."""

from dataclasses import fields

from netmon._engine import DNS_FIELDS, FLOW_FIELDS
from netmon.records import DnsRecord, FlowRecord


def test_rows_have_the_fields_of_the_records():
    """What the engine says its rows hold is what the records hold, in the same order."""
    assert tuple(FLOW_FIELDS) == tuple(field.name for field in fields(FlowRecord))
    assert tuple(DNS_FIELDS) == tuple(field.name for field in fields(DnsRecord))
