"""Checks a chain, the evidence files that it names, and the events whose hashes it has."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from netmon.errors import OutputError, reason_of
from netmon.evidence.chain import SEGMENT, START, Head, line_hash, read_lines, segments
from netmon.evidence.erasure import erased_document
from netmon.evidence.erasure_record import KIND, waiting
from netmon.evidence.events_check import BatchCollector, EventsCheck, is_batch
from netmon.evidence.folder import OWN_FILE
from netmon.evidence.pruning import KIND as PRUNED
from netmon.privacy.tombstone import erased_hash, hash_of


@dataclass
class Check:
    """The result: what is wrong, what else is to be known, and what the chain names."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    head: Head = field(default_factory=lambda: Head(0, START))
    before: Head = field(default_factory=lambda: Head(0, START))  # before the first record that is there
    files: list[str] = field(default_factory=list)  # documents that are there and unchanged
    events: int = 0  # in the batches of the chain
    confirmed: int = 0  # of them, events that were found unchanged, or erased
    erased: int = 0  # events, by their tombstones
    recorded: int = 0  # events, by the records of erasures
    unknown: set[str] = field(default_factory=set)  # findings whose files are in no record
    erasable: set[str] = field(default_factory=set)  # documents, by the records of erasures


def check_chain(folder: Path, head: Head | None, events: Sequence[Path] = ()) -> Check:
    """Checks what is in the folder; `events`: the files of the events, oldest first. Raises OutputError."""
    check, collector = Check(), BatchCollector()
    pruned: dict[int, dict[str, Any]] = {}
    evidence: dict[str, str] = {}
    removed: set[str] = set()
    is_head_there = head is None or head.number == 0
    for where, record in _records(folder, check):
        kind = record.get("kind")
        if check.before.number and check.before.number + 1 == record.get("n"):
            collector.begins_late()
        if not _is_whole(record):
            check.problems.append(f"{where}: changed: it is no record of netmon")
        elif kind == "evidence":
            evidence[record["file"]] = record["sha256"]
            removed.discard(record["file"])
        elif kind == "removed":
            removed.update(record["files"])
        elif kind == KIND:
            _note_erasure(check, f"{where}, {record.get('time')}", record)
        elif kind == PRUNED:
            pruned[record["through"]] = record
        elif kind in ("recovered", "lost"):
            lost = "cut by a crash" if kind == "recovered" else "not written: the disk was full"
            check.notes.append(f"{where}: records were {lost} before {record.get('time')}")
        collector.add(record)
        is_head_there = is_head_there or check.head == head
    _check_begin(check, pruned)
    if head is not None and not is_head_there and check.before != head:
        check.problems.append(
            f"the head {head} is older than the records that are left, and confirms none of them"
            if head.number < check.before.number
            else f"the head {head} is not in the chain: records were removed at its end, or all were changed"
        )
    for path, record in waiting(folder):
        _note_erasure(check, f"{path.name}, not in the chain yet", record)
    _check_files(folder, check, evidence, removed)
    check.events = sum(batch.size for batch in collector.batches)
    if events:
        hashes = _read_events(events, check)
        found = EventsCheck(collector.batches, hashes, may_go_on=collector.may_go_on)
        check.problems += found.problems
        check.notes += found.notes
        check.confirmed = found.confirmed
        _compare_erased(check)
    return check


class RemovedByNow:
    """What netmon has removed according to the chain: a sensor may run while its evidence is checked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._size = -1
        self._names: set[str] = set()

    def __contains__(self, name: str) -> bool:
        """Reads the chain again if it has grown."""
        size = sum(path.stat().st_size for path in segments(self._folder) if path.exists())
        if size != self._size:
            self._size, self._names = size, set(self._read())
        return name in self._names

    def _read(self) -> Iterator[str]:
        for _path, line in _lines(self._folder):
            record = _parse(line)
            if record.get("kind") == "removed" and _is_whole(record):
                yield from record["files"]


def _check_begin(check: Check, pruned: dict[int, dict[str, Any]]) -> None:
    """Notes what netmon pruned, and whether the first record that is there follows that."""
    check.recorded += sum(one["events"] for one in pruned.values() if one["through"] <= check.before.number)
    number, sha256 = check.before
    if number == 0:
        return
    record = pruned.get(number)
    if record is None or record["sha256"] != sha256:
        check.problems.append(f"the records up to {number} are missing, and not removed by netmon")
        return
    check.notes.append(
        f"the records up to {number:,} were removed by netmon to stay below evidence.max_mib, with the "
        "findings that they name"
    )


def _compare_erased(check: Check) -> None:
    """Whoever can write the files can make tombstones as well; records say how many there may be."""
    if check.erased:
        check.notes.append(f"{check.erased} events were erased; their hashes are in the chain")
    if check.erased > check.recorded:
        check.problems.append(
            f"{check.erased} events were erased, and the chain has records of {check.recorded}: compare with "
            "the log of erasures beside the key"
        )


def _note_erasure(check: Check, where: str, record: dict[str, Any]) -> None:
    """An erasure: what may be missing, and who says why."""
    events, files = record.get("events", 0), record.get("files", [])
    if type(events) is not int or events < 0 or not isinstance(files, list):
        check.problems.append(f"{where}: changed: it is no record of netmon")
        return
    check.recorded += events
    check.erasable.update(map(str, files))
    check.notes.append(
        f"{where}: {events} events and {len(files)} findings erased by {record.get('by')}: "
        f"{record.get('reason') or 'no reason given'}"
    )


def _is_whole(record: dict[str, Any]) -> bool:
    """True if a record has what the check of its kind needs."""
    kind = record.get("kind")
    if kind == "evidence":
        return _is_name(record.get("file")) and isinstance(record.get("sha256"), str)
    if kind == "removed":
        files = record.get("files")
        return isinstance(files, list) and all(map(_is_name, files))
    if kind == PRUNED:
        numbers = record.get("through"), record.get("events")
        return all(type(one) is int and one >= 0 for one in numbers) and isinstance(record.get("sha256"), str)
    return kind != "events" or is_batch(record)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and OWN_FILE.fullmatch(value) is not None


def _records(folder: Path, check: Check) -> Iterator[tuple[str, dict[str, Any]]]:
    """The records in order, each with its place; what is wrong with their order goes to `check`."""
    number, previous = 0, START
    newest = segments(folder)[-1:]
    for path, line in _lines(folder):
        number += 1
        where = f"{path.name}, record {number}"
        if not line.endswith(b"\n"):
            if path in newest:
                check.notes.append(
                    f"{where}: cut; netmon crashed or runs, or the end of the chain was removed"
                )
                return
            check.problems.append(f"{where}: cut, and another file of the chain follows: its end was removed")
        record = _parse(line)
        if not record:
            check.problems.append(f"{where}: changed: it is no record")
        found = record.get("n")
        if number == 1 and isinstance(found, int) and found > 1 and path.name != SEGMENT.format(1):
            number, previous = found, str(record.get("previous"))
            check.before = Head(found - 1, previous)
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
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _lines(folder: Path) -> Iterator[tuple[Path, bytes]]:
    try:
        yield from read_lines(folder)
    except OSError as error:
        raise OutputError(f"{error.filename or folder}: {reason_of(error)}") from error


def _check_files(folder: Path, check: Check, evidence: dict[str, str], removed: set[str]) -> None:
    """The documents that the chain names, and those that it does not name."""
    by_now = RemovedByNow(folder)
    for name, sha256 in evidence.items():
        if name in removed:
            continue
        problems = [_find_change(folder / name, sha256)]
        if problems == [None]:
            problems = list(_find_changes_beside(folder / name))
        if erased_document(folder / name) == sha256:
            check.notes.append(f"{name}: erased")
            if name not in check.erasable:
                check.problems.append(f"{name}: erased, and the chain has no record of that")
        elif any(problems) and not (folder / name).exists() and name in by_now:
            check.notes.append(f"{name}: removed by netmon meanwhile")
        elif any(problems):
            check.problems += filter(None, problems)
        else:
            check.files.append(name)
    if check.head.number == 0:
        is_evidence = any(folder.glob("*.json"))
        what = "there is evidence: the files of the chain were removed" if is_evidence else "no evidence"
        check.problems.append(f"there is no chain, {'but' if is_evidence else 'and'} {what}")
    known = {name.split(".")[0] for name in evidence}
    for path in sorted(folder.iterdir()):
        stem = path.name.split(".")[0]
        if OWN_FILE.fullmatch(path.name) and not stem.startswith(("chain", "erasure")) and stem not in known:
            check.notes.append(
                f"{path.name}: not in the chain: netmon crashed, the disk was full, or it was added"
            )
            check.unknown.add(stem)


def _find_change(path: Path, sha256: str) -> str | None:
    """What is wrong with a file that had this hash; None: nothing."""
    try:
        if not path.exists():
            return f"{path.name}: removed, and not by netmon"
        if not path.is_file():
            return f"{path.name}: replaced by something that is no regular file"
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        return f"{path.name}: {reason_of(error)}"
    return None if found == sha256 else f"{path.name}: changed: its sha256 is {found}, and was {sha256}"


def _find_changes_beside(document: Path) -> Iterator[str | None]:
    """What is wrong with the other files of a finding, whose hashes its unchanged document has."""
    try:
        content = json.loads(document.read_bytes())
        found = [(content[key]["file"], content[key]["sha256"]) for key in ("capture", "configuration")]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        found = []
    if not found or not all(_is_name(name) for name, _ in found):
        yield f"{document.name}: no document of netmon"
        return
    for name, sha256 in found:
        yield _find_change(document.with_name(name), sha256)


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
        except (OSError, EOFError, zlib.error) as error:
            reason = reason_of(error) if isinstance(error, OSError) else "it is cut, or damaged"
            raise OutputError(f"{path}: {reason}") from error
    return hashes
