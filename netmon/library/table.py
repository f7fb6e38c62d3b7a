"""Flows as an Arrow table, with one type for each column whether or not there are flows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields

import pyarrow

from netmon.library.flow import Flow

_TIME = pyarrow.timestamp("ns", tz="UTC")
_TYPES = {
    "int": pyarrow.int64(),
    "int | None": pyarrow.int64(),
    "str": pyarrow.string(),
    "str | None": pyarrow.string(),
    "tuple[str, ...]": pyarrow.list_(pyarrow.string()),
}
"""Arrow's type for each type of a field."""
_TIMES = {"start_ns": "start", "last_ns": "last"}
_ROWS = 65_536
"""Rows of a batch: few enough that Python's objects are never all in memory."""

SCHEMA = pyarrow.schema(
    (_TIMES[field.name], _TIME) if field.name in _TIMES else (field.name, _TYPES[str(field.type)])
    for field in fields(Flow)
)


def to_arrow(flows: Iterable[Flow]) -> pyarrow.Table:
    """A table with a column for each field; times as `start` and `last`, with nanoseconds."""
    names, batches = [field.name for field in fields(Flow)], []
    columns: list[list[object]] = [[] for _ in names]
    for number, flow in enumerate(flows, 1):
        for name, column in zip(names, columns, strict=True):
            column.append(getattr(flow, name))
        if number % _ROWS == 0:
            batches.append(_batch(columns))
            columns = [[] for _ in names]
    return pyarrow.Table.from_batches([*batches, _batch(columns)], SCHEMA)


def _batch(columns: list[list[object]]) -> pyarrow.RecordBatch:
    arrays = [pyarrow.array(column, kind) for column, kind in zip(columns, SCHEMA.types, strict=True)]
    return pyarrow.RecordBatch.from_arrays(arrays, schema=SCHEMA)
