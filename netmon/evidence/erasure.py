"""Erases evidence of clients on request. The chain records it first, so that it stays verifiable."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from netmon.config.settings import EvidenceFiles
from netmon.errors import OutputError
from netmon.evidence.chain import Chain, ChainInUseError, segments
from netmon.evidence.folder import OWN_FILE, EvidenceFolder
from netmon.version import package_version

WHY = "erased on request"
_HASHES_AT_ONCE = 1000


def has_chain(folder: Path) -> bool:
    """True if there is a chain, in which an erasure must be recorded."""
    return bool(segments(folder))


def find_evidence(folder: Path, clients: frozenset[str]) -> Iterator[str]:
    """The findings of these clients, as the documents show them: what the names of their files begin with."""
    for path in sorted(folder.glob("*.json")):
        if OWN_FILE.fullmatch(path.name) and _client(path) in clients:
            yield path.name.removesuffix(".json")


def _client(path: Path) -> object:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return document.get("client") if isinstance(document, dict) else None


def erase_evidence(
    folder: Path, stems: Sequence[str], events: Sequence[str], log: Callable[[str], None]
) -> None:
    """Records in the chain which evidence and which events (by hash) are erased; removes the evidence.

    The caller erases the events afterwards. Raises OutputError; then nothing is to be erased.
    """
    try:
        chain = Chain(folder, log, time.time)
    except ChainInUseError as error:
        raise OutputError(
            f"{folder}: in use by netmon, so the chain cannot record what is erased: stop netmon, and try "
            "again"
        ) from error
    try:
        chain.add("begin", netmon=package_version(), command="privacy erase")
        for at in range(0, len(events), _HASHES_AT_ONCE):
            chain.add("erased", events=list(events[at : at + _HASHES_AT_ONCE]), why=WHY)
        if stems:
            chain.add("removed", files=[f"{stem}.json" for stem in stems], why=WHY)
        chain.flush(is_last=True)
        if not chain.is_flushed:
            raise OutputError(f"{folder}: the chain cannot be written, so nothing is erased")
        files = EvidenceFolder(folder, EvidenceFiles())
        for stem in stems:
            files.remove(stem)
    finally:
        chain.close()
