"""What a store has of capture files that are read again: nothing is counted twice.

A reading of more files replaces one of some of them, as does one of a file that has grown. Readings that
have only some files in common are refused, because flows may span files.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any, NamedTuple

from netmon.errors import StoreError, reason_of
from netmon.store import queries
from netmon.store.doubles import Run
from netmon.store.queries import Reader, Scope

_PIECE = 1 << 20
_LEAST_BYTES = 1024
"""Shorter files may be equal because there is nothing in them; their flows are compared anyway."""
WAY_OUT = "read the same files as then, or all files together, or name another store"
_Content = tuple[int, str, str]
"""Size and SHA-256 of a file; of the beginning of one, also its name."""


class ReadFiles(NamedTuple):
    """An earlier reading: its files by size and SHA-256, with their names."""

    sensor: str
    run: str
    expression: str
    names: Sequence[str]
    contents: Mapping[tuple[int, str], str]

    @property
    def is_known(self) -> bool:
        """The contents of all files are known."""
        return len(self.names) == len(self.contents)


def replaced_readings(
    known: Sequence[ReadFiles], sensor: str, run: str, paths: Sequence[str], expression: str
) -> list[ReadFiles]:
    """The readings that this one replaces. Raises StoreError if others have a part of it."""
    earlier = [one for one in known if (one.sensor, one.run) != (sensor, run)]
    sizes = {size for one in earlier for size, _ in one.contents}
    found: set[_Content] = set()
    for path in paths:
        if sizes and Path(path).is_file():
            found.update(_contents(Path(path), sizes))
    return [one for one in earlier if _is_replaced(one, sensor, found, expression)]


def _is_replaced(one: ReadFiles, sensor: str, found: Set[_Content], expression: str) -> bool:
    """True if all files are there again; False if none is. Raises StoreError if some are."""
    shared = {
        content: name
        for content, name in one.contents.items()
        if (*content, "") in found or (*content, Path(name).name) in found
    }
    is_whole = one.is_known and len(shared) == len(one.contents)
    if is_whole and one.sensor == sensor and expression in ("", one.expression):
        return bool(shared)
    name = next((name for (size, _), name in shared.items() if size >= _LEAST_BYTES), None)
    if name is None:
        return False
    if one.sensor != sensor:
        how = f"as read by the sensor {one.sensor}"
    elif expression not in ("", one.expression):
        how = f"read with the filter '{one.expression}'" if one.expression else "read without a filter"
    else:
        how = f"read together with {', '.join(other for other in one.names if other not in shared.values())}"
    raise StoreError(f"{name} is in the store already, {how}: {WAY_OUT}")


def readings_of(reader: Reader) -> list[ReadFiles]:
    """The readings that a store has."""
    return list(_readings(reader))


def _readings(reader: Reader) -> Iterator[ReadFiles]:
    for row in queries.rows(reader, "runs", Scope()):
        if row["source"] == "files":
            about: Mapping[str, Any] = row["document"]["netmon"]
            files = about.get("files", ())
            contents = {(one["size"], one["sha256"]): str(one["name"]) for one in files if one.get("sha256")}
            names = [str(one["name"]) for one in files]
            yield ReadFiles(row["sensor"], row["run"], about.get("filter") or "", names, contents)


def _contents(path: Path, sizes: Set[int]) -> Iterator[_Content]:
    """The SHA-256 of the file and of its beginnings that are so long: it may have been shorter."""
    digest, position = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            whole = os.fstat(file.fileno()).st_size
            for size in sorted(sizes):
                while position < size and (piece := file.read(min(_PIECE, size - position))):
                    digest.update(piece)
                    position += len(piece)
                if position < size:
                    return
                yield size, digest.hexdigest(), "" if size == whole else path.name
    except OSError as error:
        raise StoreError(f"{path}: {reason_of(error)}") from error


def is_stored(reader: Reader, one: Run) -> bool:
    """True if there is a record of a run."""
    query = "SELECT count(*) FROM runs WHERE sensor = :sensor AND run = :run"
    [(count,)] = reader.select(query, dict(zip(("sensor", "run"), one, strict=True)))
    return bool(count)


def named_run(reader: Reader, one: Run) -> str:
    """What a run read, by the names of its files; or which run it is."""
    names = next((", ".join(it.names) for it in _readings(reader) if (it.sensor, it.run) == one), None)
    return names or f"run {one[1]} of the sensor {one[0]}"
