"""Erases the events of clients from files, also from the one that the sensor appends to."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from netmon.privacy.tombstone import shows_client, tombstone
from netmon.state_file import keep_owner, make_anew

_GZ, _NEW = ".gz", ".new"


def event_files(file: Path) -> list[Path]:
    """The file of the events, and those that it was rotated to, by netmon or by logrotate."""
    old = sorted(path for path in file.parent.glob(f"{file.name}.*") if path.suffix != _NEW)
    return [path for path in (*old, file) if path.is_file()]


def erase_events(file: Path, clients: frozenset[str]) -> int:
    """Replaces the events of these clients by tombstones; returns their number. Raises OSError."""
    return _erase_compressed(file, clients) if file.suffix == _GZ else _erase_in_place(file, clients)


def _erase_in_place(file: Path, clients: frozenset[str]) -> int:
    """Each tombstone is as long as its line, so what the sensor appends meanwhile is not touched."""
    count = 0
    with file.open("rb") as lines, file.open("r+b", buffering=0) as stream:
        for at, line in _with_places(lines):
            if shows_client(line, clients):
                os.pwrite(stream.fileno(), tombstone(line), at)
                count += 1
        if count:
            os.fsync(stream.fileno())
    return count


def _with_places(lines: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """Whole lines, each with its place."""
    at = 0
    for line in lines:
        if line.endswith(b"\n"):
            yield at, line
        at += len(line)


def _erase_compressed(file: Path, clients: frozenset[str]) -> int:
    """A compressed file is not written to any more, so it is replaced, with the same rights and times."""
    new = file.with_name(file.name + _NEW)
    count = 0
    try:
        with (
            gzip.open(file, "rb") as lines,
            os.fdopen(make_anew(new), "wb") as raw,
            gzip.GzipFile(filename=file.name.removesuffix(_GZ), fileobj=raw, mode="wb") as stream,
        ):
            keep_owner(raw.fileno(), file.stat())
            for line in lines:
                is_erased = line.endswith(b"\n") and shows_client(line, clients)
                stream.write(tombstone(line) if is_erased else line)
                count += is_erased
        if count:
            shutil.copystat(file, new)
            new.replace(file)
    finally:
        new.unlink(missing_ok=True)
    return count
