"""Records of erasures in the chain: when, by whom, why and how much, but not whom.

A sensor that runs has the chain to itself: it gets the record in a file of the folder, and adds it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from netmon.errors import OutputError, reason_of
from netmon.evidence.chain import Chain, segments
from netmon.evidence.folder import OWN_FILE

KIND = "erased"
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MOST_BYTES = 1 << 20
_KEYS = frozenset(("by", "reason", "events", "findings", "flows", "files"))


def record_erasure(folder: Path, fields: dict[str, Any]) -> None:
    """Adds a record to the chain in a folder, or leaves it for the sensor that writes the chain.

    `fields`: of `_KEYS`. Raises OutputError.
    """
    if not segments(folder):
        return
    owner = folder.stat()
    try:
        _leave(folder, fields, owner)
        chain = Chain(folder, lambda _line: None, time.time)
    except OSError as error:
        raise OutputError(f"{folder}: {reason_of(error)}: the erasure is not in the chain") from error
    except OutputError:
        return  # in use, or not to be continued: the record waits
    try:
        adopt(folder, chain)
    finally:
        chain.release()
    for path in segments(folder)[-1:]:
        with suppress(OSError):
            os.chown(path, owner.st_uid, owner.st_gid)


def adopt(folder: Path, chain: Chain) -> None:
    """Adds the records that wait in the folder; one that is not on the disk yet waits on. Raises OSError."""
    for path, fields in waiting(folder) if chain.is_written else ():
        chain.add(KIND, **fields)
        chain.flush()
        if chain.is_written:
            path.unlink()


def waiting(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The records that wait for the sensor, oldest first; others are left alone."""
    for path in sorted(folder.glob("erasure-*.json")):
        if not OWN_FILE.fullmatch(path.name) or path.is_symlink() or not path.is_file():
            continue
        try:
            with path.open("rb") as stream:
                fields = json.loads(stream.read(_MOST_BYTES))
        except (OSError, ValueError, RecursionError):
            continue
        if isinstance(fields, dict) and fields.keys() <= _KEYS:
            yield path, fields


def _leave(folder: Path, fields: dict[str, Any], owner: os.stat_result) -> None:
    path = folder / f"erasure-{time.time_ns():020d}.json"
    with os.fdopen(os.open(path, _FLAGS, 0o600), "wb") as stream:
        stream.write(json.dumps(fields).encode() + b"\n")
        if os.geteuid() == 0:
            os.fchown(stream.fileno(), owner.st_uid, owner.st_gid)
        stream.flush()
        os.fsync(stream.fileno())
