"""The report as CSV: a row for each component, place, verdict and reason."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from netmon.report.model import Report, TableRow

COLUMNS = (
    "vendor",
    "component",
    "location",
    "country",
    "city",
    "confidence",
    "claims",
    "verdict",
    "severity",
    "reason",
    "lacks",
    "named_by",
    "flows",
    "sent_bytes",
    "received_bytes",
    "first",
    "last",
)


def as_csv(report: Report) -> str:
    """The table of the report, as RFC 4180 has it: CRLF, and quotes where they are needed."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in report.rows:
        writer.writerow(map(_safe, _cells(row)))
    return text.getvalue()


def _cells(row: TableRow) -> Iterator[str | int]:
    spot = row.spot
    yield from (row.vendor, row.component, spot.location, spot.country, spot.city or "", spot.confidence)
    yield from (" ".join(spot.claims), row.outcome, row.severity or "", row.reason, row.lacks or "")
    yield " ".join(f"{one.evidence}={one.flows}" for one in row.named_by)
    yield from (row.sum.flows, row.sum.sent_bytes, row.sum.received_bytes, row.first, row.last)


def _safe(cell: str | int) -> str | int:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
