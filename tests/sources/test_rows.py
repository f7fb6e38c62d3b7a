"""The border: what the engine hands over is what the records name."""

import dataclasses

from netmon._engine import DNS_FIELDS, FLOW_FIELDS
from netmon.records import DnsRecord, FlowRecord


def test_rows_have_the_fields_of_the_records() -> None:
    """In the same order, for a row becomes a record by position."""
    assert [field.name for field in dataclasses.fields(FlowRecord)] == list(FLOW_FIELDS)
    assert [field.name for field in dataclasses.fields(DnsRecord)] == list(DNS_FIELDS)
