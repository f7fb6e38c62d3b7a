"""Tables of the report as CSV: that of components, places and verdicts, or any other one line by line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import StrEnum
from typing import Any

from netmon.outputs.spreadsheet import safe_cell
from netmon.report.model import Report, TableRow
from netmon.report.shares import SHARES


class TableName(StrEnum):
    """A table or a figure of the page."""

    FIRST = "first"
    FINDINGS = "findings"
    RESOLVERS = "resolvers"
    MAP = "map"
    TIME = "time"
    ROWS = "rows"
    VIEW = "view"
    STATED = "stated"
    USED = "used"
    SENSORS = "sensors"


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
    "total_bytes",
    "share",
    "first",
    "last",
)
_PARTS: Mapping[TableName, Sequence[str]] = {
    TableName.FIRST: ("answers", "scope"),
    TableName.FINDINGS: ("findings_total", "findings", "findings_more"),
    TableName.RESOLVERS: ("resolvers",),
    TableName.MAP: ("destinations", "unplaced", "arcs"),
    TableName.TIME: ("time_line",),
    TableName.ROWS: ("rows", "total"),
    TableName.VIEW: ("view", "scope.gaps", "scope.gaps_more"),
    TableName.STATED: ("concerns", "promises", "measures"),
    TableName.USED: ("used", "signatures_sha256"),
    TableName.SENSORS: ("scope.sensors",),
}
"""The parts of the JSON form that a table of the page has."""
_NAMES: Mapping[str, Sequence[str]] = {"bytes_by_share": SHARES}
"""What the numbers of a list are about."""
Cell = str | int | float


def as_csv(report: Report) -> str:
    """The table of components, places and verdicts, as RFC 4180 has it: CRLF, and quotes where needed."""
    return _written(COLUMNS, (dict(zip(COLUMNS, _cells(row), strict=True)) for row in report.rows))


def table_as_csv(report: Report, table: TableName) -> str:
    """A table of the page: a line for each object of the JSON form, whose path is in `where`."""
    lines = [line for part in _PARTS[table] for line in _lines(part, _part(report, part))]
    return _written(tuple(dict.fromkeys(name for line in lines for name in line)), lines)


def _written(columns: Sequence[str], lines: Iterable[Mapping[str, Cell]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    for line in lines:
        writer.writerow(_safe(line.get(name, "")) for name in columns)
    return text.getvalue()


def _cells(row: TableRow) -> Iterator[Cell]:
    spot, amount = row.spot, row.sum
    yield from (row.vendor, row.component, spot.location, spot.country, spot.city or "", spot.confidence)
    yield from (" ".join(spot.claims), row.outcome, row.severity or "", row.reason, row.lacks or "")
    yield " ".join(f"{one.evidence}={one.flows}" for one in row.named_by)
    yield from (amount.flows, amount.sent_bytes, amount.received_bytes, amount.total_bytes)
    yield from ("" if amount.share is None else amount.share, row.first, row.last)


def _part(report: Report, path: str) -> Any:
    value: Any = report
    for name in path.split("."):
        value = getattr(value, name)
    return value


def _lines(where: str, value: Any) -> Iterator[dict[str, Cell]]:
    """The line of an object, and those of the objects in its lists."""
    if isinstance(value, tuple):
        for number, one in enumerate(value):
            yield from _lines(f"{where}[{number}]", one)
    elif is_dataclass(value):
        found = dict(_flat("", value))
        yield {"where": where, **{name: one for name, one in found.items() if not _is_objects(one)}}
        for name, one in found.items():
            if _is_objects(one):
                yield from _lines(f"{where}.{name}", one)
    else:
        yield {"where": where, "value": value}


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The values of an object and of those in it, by their paths."""
    for one in fields(value):
        name, inner = prefix + one.name, getattr(value, one.name)
        if is_dataclass(inner):
            yield from _flat(f"{name}.", inner)
        elif isinstance(inner, tuple) and inner and not _is_objects(inner):
            names = _NAMES.get(one.name)
            if names is None:
                yield name, " ".join(map(str, inner))
            else:
                yield from ((f"{name}.{each}", number) for each, number in zip(names, inner, strict=True))
        elif inner != ():
            yield name, "" if inner is None else inner


def _is_objects(value: Any) -> bool:
    return isinstance(value, tuple) and any(map(is_dataclass, value))


def _safe(cell: Cell) -> Cell:
    """A cell that no spreadsheet takes for a formula."""
    return safe_cell(cell) if isinstance(cell, str) else cell
