"""A chain of records, each of which names the SHA-256 of the one before.

What was removed, changed or put in another order is noticed; what was cut off at the end, with a head of the
chain that is kept elsewhere.

The records are JSON lines in `chain-000001.jsonl` and so on. Kinds:

begin, end  a run of netmon
events      a number of lines of events, in order: the first one, and all together
evidence    an evidence file, by its JSON file, which names the others
removed     evidence files that netmon removed itself
pruned      the oldest records, which netmon removed: the last one of them
erased      clients that were erased on request: by whom, why and how much
recovered   a record that a crash had cut was removed
lost        records that could not be written
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from netmon.errors import OutputError, reason_of
from netmon.timer import has_passed

START = "0" * 64
"""What the first record names as the one before."""
SEGMENT = "chain-{:06}.jsonl"
PREFIX = 16
"""Hexadecimal digits by which the first line of a batch of events is found again."""
_MAX_BYTES = 16 << 20
_MAX_PENDING = 10_000
_EVENTS_EVERY_S = 5.0
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC

Record = dict[str, Any]


class Head(NamedTuple):
    """The last record of a chain: its number and its hash."""

    number: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.number} {self.sha256}"


def segments(folder: Path) -> list[Path]:
    """The files of the chain, in order."""
    return sorted(path for path in folder.glob("chain-*.jsonl") if path.name[6:-6].isdigit())


def line_hash(line: bytes) -> str:
    """The hash of a record or of an event: that of its line without the end."""
    return hashlib.sha256(line.rstrip(b"\n")).hexdigest()


class Chain:
    """Appends to the chain in a folder. The constructor raises OutputError.

    A full disk stops nothing: records wait, and are counted in `lost` when too many do.
    """

    def __init__(
        self,
        folder: Path,
        log: Callable[[str], None],
        clock: Callable[[], float],
        max_bytes: int = _MAX_BYTES,
    ) -> None:
        """`clock`: seconds since 1970."""
        self.lost = 0
        self.grown = 0  # bytes that were written
        self._folder = folder
        self._log = log
        self._clock = clock
        self._max_bytes = max_bytes
        self._pending: list[Record] = []
        self._unrecorded = 0  # of `lost`
        self._is_failing = False
        self._events: list[str] = []
        self._events_at_s = clock()
        try:
            self._lock = os.open(folder / "chain.lock", _FLAGS, 0o600)
            fcntl.lockf(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputError(f"{folder}: in use by another netmon: name another folder") from None
        except OSError as error:
            raise OutputError(f"{folder}: {reason_of(error)}") from error
        self._head = Head(0, START)
        self._number, self._file = 1, -1
        try:
            self._open()
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            reason = reason_of(error) if isinstance(error, OSError) else "its end is no record of a chain"
            raise OutputError(
                f"{folder}: the chain cannot be continued: {reason}: check it with `netmon evidence verify`, "
                "and name another folder"
            ) from error

    @property
    def head(self) -> Head:
        """The last record that was written."""
        return self._head

    @property
    def is_written(self) -> bool:
        """True if no record waits."""
        return not self._pending

    def add(self, kind: str, **fields: Any) -> None:
        """Adds a record; `flush` writes it."""
        self._close_batch()
        self._append(kind, fields)

    def add_event(self, line: str) -> None:
        """Adds a line of events, which `flush` writes after a few seconds."""
        self._events.append(line_hash(line.encode()))

    def flush(self, *, is_last: bool = False) -> None:
        """Writes the records that wait."""
        if is_last or has_passed(self._events_at_s + _EVENTS_EVERY_S, self._clock(), _EVENTS_EVERY_S):
            self._close_batch()
        if not self._pending:
            return
        try:
            self._write()
        except OSError as error:
            if not self._is_failing:
                waits = "the chain of the evidence waits until it can be written"
                self._log(f"{self._folder}: {reason_of(error)}; {waits}")
            self._is_failing = True
            excess = len(self._pending) - _MAX_PENDING
            if excess > 0:
                del self._pending[:excess]
                self.lost += excess
                self._unrecorded += excess
        else:
            if self._is_failing:
                self._log(f"{self._folder}: the chain of the evidence can be written again")
            self._is_failing = False

    def close(self) -> None:
        """Writes everything, and ends."""
        self.add("end")
        self.flush(is_last=True)
        if self._pending:
            lost = f"{len(self._pending):,} records of the chain could not be written, and are lost"
            self._log(f"{self._folder}: {lost}")
        self.release()

    def release(self) -> None:
        """Lets another process continue the chain, without a record."""
        os.close(self._file)
        os.close(self._lock)

    def _append(self, kind: str, fields: Record) -> None:
        self._pending.append(self._record(kind, fields))

    def _record(self, kind: str, fields: Record) -> Record:
        moment = datetime.fromtimestamp(self._clock(), UTC)
        return {"time": f"{moment:%Y-%m-%dT%H:%M:%S}Z", "kind": kind, **fields}

    def _lost_records(self) -> list[Record]:
        """A record about those that were lost, which were before all that wait."""
        return [self._record("lost", {"records": self._unrecorded})] if self._unrecorded else []

    def _close_batch(self) -> None:
        self._events_at_s = self._clock()
        if self._events:
            together = hashlib.sha256("".join(self._events).encode()).hexdigest()
            first = self._events[0][:PREFIX]
            self._append("events", {"count": len(self._events), "first": first, "sha256": together})
            self._events.clear()

    def _write(self) -> None:
        size = os.fstat(self._file).st_size
        if size >= self._max_bytes:
            self._begin_segment(self._number + 1)
            size = 0
        head, lines = self._head, []
        for record in (*self._lost_records(), *self._pending):
            entry = {"n": head.number + 1, "previous": head.sha256, **record}
            line = json.dumps(entry, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
            head = Head(head.number + 1, line_hash(line))
            lines.append(line)
        data = b"".join(lines)
        try:
            written = 0
            while written < len(data):
                written += os.write(self._file, data[written:])
            os.fdatasync(self._file)
        except OSError:
            os.ftruncate(self._file, size)
            raise
        self._head = head
        self.grown += len(data)
        self._pending.clear()
        self._unrecorded = 0

    def _begin_segment(self, number: int) -> None:
        opened = os.open(self._folder / SEGMENT.format(number), _FLAGS, 0o600)
        os.close(self._file)
        self._file, self._number = opened, number

    def _open(self) -> None:
        """Opens the last segment that has a record; removes one that a crash cut."""
        numbers = [int(path.name[6:-6]) for path in segments(self._folder)] or [1]
        self._number = numbers[-1]
        self._file = os.open(self._folder / SEGMENT.format(self._number), _FLAGS, 0o600)
        cut = self._read_end(self._file)
        for number in reversed(numbers[:-1]):
            if self._head.number:
                break
            descriptor = os.open(self._folder / SEGMENT.format(number), _FLAGS, 0o600)
            try:
                self._read_end(descriptor)
            finally:
                os.close(descriptor)
        if cut:
            self._log(
                f"{self._folder}: the last record of the chain was cut when it was written, and was removed"
            )
            self._append("recovered", {"bytes": cut})

    def _read_end(self, descriptor: int) -> int:
        """Takes the head from the end of a file; returns the bytes of a cut record, which are removed."""
        size = os.fstat(descriptor).st_size
        tail = os.pread(descriptor, size, 0)
        end = tail.rfind(b"\n") + 1
        if end < size:
            os.ftruncate(descriptor, end)
        last = tail[:end].splitlines()[-1:]
        for line in last:
            self._head = Head(int(json.loads(line)["n"]), line_hash(line))
        return size - end


def read_lines(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every line of the chain, with its file. Raises OSError, also for what is no regular file."""
    for path in segments(folder):
        if not os.path.lexists(path):
            continue  # pruned meanwhile; else its records are missing
        if not path.is_file():
            raise OSError(errno.EINVAL, "no regular file", str(path))
        with path.open("rb") as stream:
            while line := stream.readline(_MAX_BYTES):
                yield path, line
