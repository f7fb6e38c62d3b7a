"""Lines of events → a store: the stream that a reading of files, or an import, writes to."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Protocol

from netmon.errors import EventError, StoreError
from netmon.outputs.json_line import visible, without_nulls
from netmon.store.levels import RunLevels
from netmon.store.rows import StoreRow, rows_of

_ROWS_AT_ONCE = 10_000
MAX_LINE = 1 << 20
"""Characters of a line: no event is as long."""


class RowWriter(Protocol):
    """A store that takes rows."""

    def write(self, rows: Iterable[StoreRow], /) -> None:
        """Writes rows. What is stored already changes nothing."""
        ...


class Intake:
    """Takes lines, and writes their rows in transactions. Raises StoreError if that fails."""

    def __init__(self, store: RowWriter, name: str, levels: RunLevels | None = None) -> None:
        """`levels`: those of a store, which further events must have as well."""
        self._store = store
        self._name = name
        self._levels = levels
        self._rows: list[StoreRow] = []

    def write(self, line: str) -> None:
        """Takes an event. Raises EventError for a line that is none, and LevelError."""
        rows = parse_line(line)
        if self._levels is not None:
            self._levels.check(rows)
        self._rows += rows
        if len(self._rows) >= _ROWS_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Writes what was taken."""
        rows, self._rows = self._rows, []
        if rows:
            try:
                self._store.write(rows)
            except sqlite3.Error as error:
                raise StoreError(f"{self._name}: {error}: what was read after that is not stored") from error


def parse_line(line: str) -> list[StoreRow]:
    """The rows of an event in a line of JSON. Raises EventError."""
    if len(line) > MAX_LINE:
        raise EventError(f"not an event: a line of {len(line):,} characters")
    try:
        event = json.loads(line)
        if "\\" in line or not line.rstrip().isprintable():
            event = visible(event)
        if "null" in line:  # a field that is None is left out
            event = without_nulls(event)
    except (ValueError, RecursionError) as error:
        raise EventError("not an event: no complete line of JSON") from error
    if not isinstance(event, dict):
        raise EventError("not an event: a JSON object is needed, one per line")
    return rows_of(event)


def import_lines(lines: Iterable[str], intake: Intake) -> tuple[int, list[str]]:
    """Takes lines of events, and skips others. The number of lines that were events, and the problems."""
    count, problems = 0, []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            intake.write(line)
            count += 1
        except EventError as error:
            problems.append(f"line {number:,}: {error}")
    intake.flush()
    return count, problems
