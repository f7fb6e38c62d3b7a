"""Finds the batches of events that a chain names among the lines of the events' files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from netmon.evidence.chain import PREFIX


class ChainedBatch(NamedTuple):
    """A number of events that follow each other, as the chain names them."""

    size: int  # how many
    first: str  # the beginning of the hash of the first one
    sha256: str  # of the hashes of all
    when: str  # before which they were written
    may_lack: bool  # events may have been written after the batch before it that are in no batch


def is_batch(record: dict[str, Any]) -> bool:
    """True if a record of events has what its check needs."""
    count, texts = record.get("count"), (record.get("first"), record.get("sha256"))
    return type(count) is int and count > 0 and all(isinstance(one, str) for one in texts)


@dataclass
class BatchCollector:
    """Takes the records of a chain in order, and notes where events may have been written that it lacks.

    It lacks those of the last seconds before a crash, and those of records that could not be written.
    """

    batches: list[ChainedBatch] = field(default_factory=list)
    _is_running: bool = False
    _may_lack: bool = False

    def add(self, record: dict[str, Any]) -> None:
        """Takes a record."""
        kind = record.get("kind")
        if kind == "events" and is_batch(record):
            texts = record["first"], record["sha256"], str(record.get("time"))
            self.batches.append(ChainedBatch(record["count"], *texts, self._may_lack))
            self._may_lack = False
        elif kind == "begin":
            self._may_lack |= self._is_running  # the run before has no end
            self._is_running = True
        elif kind == "end":
            self._is_running = False
        elif kind in ("lost", "recovered"):
            self._may_lack = True

    def begins_late(self) -> None:
        """The records before the first one that was taken were pruned."""
        self._may_lack = True

    @property
    def may_go_on(self) -> bool:
        """True if events may have been written after the last batch: netmon runs, or crashed."""
        return self._is_running or self._may_lack


class EventsCheck:
    """The result: what is wrong, what else is to be known, and how many events were found unchanged."""

    def __init__(self, batches: Sequence[ChainedBatch], hashes: Sequence[str], *, may_go_on: bool) -> None:
        """`hashes` are those of all lines, in order."""
        self.problems: list[str] = []
        self.notes: list[str] = []
        self.confirmed = 0
        self._hashes = hashes
        self._at = 0  # the next line
        self._is_damaged = False  # the batch before is not there as it was
        self._has_found = False
        places: dict[str, list[int]] = {}
        for at, one in enumerate(hashes):
            places.setdefault(one[:PREFIX], []).append(at)
        for number, batch in enumerate(batches):
            start = next((place for place in places.get(batch.first, ()) if place >= self._at), None)
            if start is None:
                self._miss(batch)
            else:
                self._check_before(batches[:number], batch, start)
                self._compare(batch, start)
        if batches and not self._has_found:
            self.problems.append("none of the events is in the chain")
        elif not self._is_damaged:
            self._check_end(may_go_on=may_go_on)

    def _miss(self, batch: ChainedBatch) -> None:
        text = (
            f"{batch.size} events written before {batch.when} are missing, or their first one was changed "
            "or moved"
        )
        if self._has_found:
            self.problems.append(text)
        else:
            self.notes.append(f"{text}: they may be in files that were not given")

    def _check_before(self, earlier: Sequence[ChainedBatch], batch: ChainedBatch, start: int) -> None:
        """Checks the lines before a batch that are in none."""
        if start == self._at or self._is_damaged:  # else they belong to the batch before
            return
        if earlier and not self._has_found:
            self._check_beginning(earlier, start)
            return
        text = f"{_lines(self._at, start)} not in the chain before {batch.when}"
        if batch.may_lack:
            self.notes.append(f"{text}: netmon crashed, its disk was full, or it pruned its chain")
        elif self._has_found:
            self.problems.append(f"{text}: they were added, or written by a netmon without this evidence")
        else:
            self.problems.append(
                f"{text}, with which it begins: they were added, or are older than the chain"
            )

    def _check_beginning(self, missing: Sequence[ChainedBatch], lines: int) -> None:
        """Checks lines before the first batch that was found.

        They may be the end of the batch before, which began in an older file; but not if they are as many as
        that batch, and not if it is the first of all.
        """
        last = missing[-1]
        if lines >= last.size or len(missing) == 1:
            self.problems.append(
                f"{_lines(0, lines)} of {last.size} written before {last.when}, of which "
                "the first was changed or removed"
            )
        else:
            self.notes.append(
                f"{_lines(0, lines)} not confirmed: the events before them are in an older file"
            )

    def _compare(self, batch: ChainedBatch, start: int) -> None:
        self._has_found = True
        found = self._hashes[start : start + batch.size]
        self._is_damaged = hashlib.sha256("".join(found).encode()).hexdigest() != batch.sha256
        if self._is_damaged:
            self.problems.append(
                f"among the {batch.size} events from line {start + 1} on, written before {batch.when}, some "
                "were changed, removed, added or moved"
            )
            self._at = start + 1
        else:
            self.confirmed += batch.size
            self._at = start + batch.size

    def _check_end(self, *, may_go_on: bool) -> None:
        """Checks the lines after the last batch."""
        end = len(self._hashes)
        text = f"{_lines(self._at, end)} not in the chain"
        if self._at < end and may_go_on:
            self.notes.append(f"{text}: netmon runs and adds the last ones within seconds, or it crashed")
        elif self._at < end:
            self.problems.append(
                f"{text}, whose last run ended before: they were added, or written by a netmon without this "
                "evidence"
            )


def _lines(start: int, end: int) -> str:
    """From the line after `start` on; with the verb."""
    numbers = f"line {end}" if end == start + 1 else f"lines {start + 1:,} to {end:,}"
    return f"{numbers} of the events {'is' if end == start + 1 else 'are'}"
