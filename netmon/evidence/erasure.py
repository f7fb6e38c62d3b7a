"""Erases findings: the hash of its document takes the place of each, so that the chain stays verifiable."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path

from netmon.errors import OutputError, reason_of
from netmon.evidence.folder import DOCUMENT, ENDINGS

_ERASED = "erased"
_MOST_BYTES = 256
"""A document that was erased has less."""
_FLAGS = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NAMES = "such as 20260301T120000Z-acme-0123456789ab.json"


def erased_document(file: Path) -> str | None:
    """The hash of the document that stood there; None if it was not erased, or cannot be read."""
    try:
        is_small = file.is_file() and file.stat().st_size <= _MOST_BYTES
        document = json.loads(file.read_bytes()) if is_small else None
    except (OSError, ValueError, RecursionError):
        return None
    found = document.get(_ERASED) if isinstance(document, dict) and len(document) == 1 else None
    return found if isinstance(found, str) else None


def erase(file: Path) -> None:
    """Erases a finding, given by its document, and nothing else. Raises OutputError."""
    if DOCUMENT.fullmatch(file.name) is None:
        raise OutputError(f"{file}: not the document of a finding: name one of the files {_NAMES}")
    try:
        # In place, so that the file keeps its owner and its rights. No link leads to another one: root erases
        # in a folder that another user can write.
        if not stat.S_ISREG(file.lstat().st_mode):
            raise OutputError(f"{file}: no regular file")
        with os.fdopen(os.open(file, _FLAGS), "r+b") as stream:
            if erased_document(file) is not None:
                return
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            for ending in ENDINGS:
                if ending != file.suffix:
                    file.with_suffix(ending).unlink(missing_ok=True)
            stream.seek(0)
            stream.write(json.dumps({_ERASED: sha256}).encode() + b"\n")
            stream.truncate()
    except OSError as error:
        raise OutputError(f"{file}: {reason_of(error)}; it is not erased completely") from error
