"""Checks a chain, the evidence files that it names, and the events whose hashes it has."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from netmon.errors import OutputError, reason_of
from netmon.evidence.chain import PREFIX, START, Head, line_hash, read_lines
from netmon.evidence.erasure import erased_document
from netmon.evidence.folder import OWN_FILE
from netmon.privacy.tombstone import erased_hash, hash_of


@dataclass
class Check:
    """The result: what is wrong, what else is to be known, and what the chain names."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    head: Head = field(default_factory=lambda: Head(0, START))
    files: list[str] = field(default_factory=list)  # documents that are there and unchanged
    batches: list[dict[str, Any]] = field(default_factory=list)  # of events
    events: int = 0  # in the batches
    confirmed: int = 0  # of them, events that were found unchanged, or erased
    erased: int = 0


def check_chain(folder: Path, head: Head | None, events: Sequence[Path] = ()) -> Check:
    """Checks what is in the folder; `events`: the files of the events, oldest first. Raises OutputError."""
    check = Check()
    evidence: dict[str, str] = {}
    removed: set[str] = set()
    is_head_there = head is None or head.number == 0
    for where, record in _records(folder, check):
        kind = record.get("kind")
        if kind == "evidence":
            evidence[str(record.get("file"))] = str(record.get("sha256"))
            removed.discard(str(record.get("file")))
        elif kind == "removed":
            removed.update(map(str, record.get("files", ())))
        elif kind == "events":
            check.batches.append(record)
        elif kind in ("recovered", "lost"):
            lost = "cut by a crash" if kind == "recovered" else "not written: the disk was full"
            check.notes.append(f"{where}: records were {lost} before {record.get('time')}")
        is_head_there = is_head_there or check.head == head
    if not is_head_there and head is not None:
        check.problems.append(
            f"the head {head} is not in the chain: records were removed at its end, or all were changed"
        )
    _check_files(folder, check, evidence, removed)
    check.events = sum(int(batch["count"]) for batch in check.batches)
    if events:
        _check_events(check, _read_events(events, check))
        if check.erased:
            check.notes.append(f"{check.erased} events were erased; their hashes are in the chain")
    return check


def _records(folder: Path, check: Check) -> Iterator[tuple[str, dict[str, Any]]]:
    """The records in order, each with its place; what is wrong with their order goes to `check`."""
    number, previous = 0, START
    for path, line in _lines(folder):
        number += 1
        where = f"{path.name}, record {number}"
        if not line.endswith(b"\n"):
            check.notes.append(f"{where}: cut; netmon crashed or runs, or the end of the chain was removed")
            return
        record = _parse(line)
        if not record:
            check.problems.append(f"{where}: changed: it is no record")
        found = record.get("n")
        if record and found != number:
            between = f"record {number}" if found == number + 1 else f"records from {number} on"
            check.problems.append(f"{where}: {between} missing, or in another order: number {found} follows")
            number = found if isinstance(found, int) else number
        elif record and record.get("previous") != previous:
            check.problems.append(f"{where}: the record before it was changed, or replaced")
        previous = line_hash(line)
        check.head = Head(number, previous)
        yield where, record


def _parse(line: bytes) -> dict[str, Any]:
    """A record; empty if the line is none."""
    try:
        record = json.loads(line)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def _lines(folder: Path) -> Iterator[tuple[Path, bytes]]:
    try:
        yield from read_lines(folder)
    except OSError as error:
        raise OutputError(f"{error.filename or folder}: {reason_of(error)}") from error


def _check_files(folder: Path, check: Check, evidence: dict[str, str], removed: set[str]) -> None:
    """The documents that the chain names, and those that it does not name."""
    for name, sha256 in evidence.items():
        if name in removed:
            continue
        path = folder / Path(name).name
        try:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
        except FileNotFoundError:
            check.problems.append(f"{name}: removed, and not by netmon")
            continue
        except OSError as error:
            check.problems.append(f"{name}: {reason_of(error)}")
            continue
        if erased_document(path) == sha256:
            check.notes.append(f"{name}: erased")
        elif found == sha256:
            check.files.append(name)
        else:
            check.problems.append(f"{name}: changed: its sha256 is {found}, and was {sha256}")
    known = {name.split(".")[0] for name in evidence}
    for path in sorted(folder.iterdir()):
        stem = path.name.split(".")[0]
        if OWN_FILE.fullmatch(path.name) and not stem.startswith("chain") and stem not in known:
            check.notes.append(f"{path.name}: not in the chain: netmon crashed, or it was added")


def _read_events(files: Sequence[Path], check: Check) -> list[str]:
    """The hashes of all lines, in order; of a tombstone, that of the line that stood there.

    Raises OutputError.
    """
    hashes: list[str] = []
    for path in files:
        try:
            with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as stream:
                for line in stream:
                    hashes.append(hash_of(line))
                    check.erased += erased_hash(line) is not None
        except (OSError, EOFError) as error:
            reason = reason_of(error) if isinstance(error, OSError) else "it is cut"
            raise OutputError(f"{path}: {reason}") from error
    return hashes


def _check_events(check: Check, hashes: Sequence[str]) -> None:
    """Finds each batch of the chain among the lines, in order."""
    places: dict[str, list[int]] = {}
    for at, one in enumerate(hashes):
        places.setdefault(one[:PREFIX], []).append(at)
    at, has_found, is_damaged = 0, False, False
    for batch in check.batches:
        count, when = int(batch["count"]), batch.get("time")
        start = next((place for place in places.get(str(batch["first"]), ()) if place >= at), None)
        if start is None:
            text = (
                f"{count} events written before {when} are missing, or their first one was changed or moved"
            )
            if has_found:
                check.problems.append(text)
            else:
                check.notes.append(f"{text}: they may be in files that were not given")
            continue
        if start > at and not is_damaged:  # else they belong to the batch before
            check.notes.append(f"lines {at + 1} to {start} of the events are not in the chain before {when}")
        has_found = True
        found = hashes[start : start + count]
        if hashlib.sha256("".join(found).encode()).hexdigest() == batch["sha256"]:
            is_damaged = False
            check.confirmed += count
            at = start + count
        else:
            is_damaged = True
            check.problems.append(
                f"among the {count} events from line {start + 1} on, written before {when}, some were "
                "changed, removed, added or moved"
            )
            at = start + 1
    if at < len(hashes):
        check.notes.append(f"the last {len(hashes) - at} lines of the events are not in the chain")
