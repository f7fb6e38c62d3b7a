"""Erases findings: the hash of its document takes the place of each, so that the chain stays verifiable."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from netmon.errors import OutputError, reason_of
from netmon.evidence.folder import ENDINGS

_ERASED = "erased"


def erased_document(file: Path) -> str | None:
    """The hash of the document that stood there; None if it was not erased, or cannot be read."""
    try:
        document = json.loads(file.read_bytes()) if file.is_file() else None
    except (OSError, ValueError, RecursionError):
        return None
    found = document.get(_ERASED) if isinstance(document, dict) and len(document) == 1 else None
    return found if isinstance(found, str) else None


def erase(file: Path) -> None:
    """Erases a finding, given by its document. Raises OutputError."""
    try:
        if erased_document(file) is not None:
            return
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        for ending in ENDINGS:
            if ending != file.suffix:
                file.with_suffix(ending).unlink(missing_ok=True)
        # In place, so that the file keeps its owner and its rights.
        with file.open("r+b") as stream:
            stream.write(json.dumps({_ERASED: sha256}).encode() + b"\n")
            stream.truncate()
    except OSError as error:
        raise OutputError(f"{file}: {reason_of(error)}; it is not erased completely") from error
