"""The findings of clients, as their documents show them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from netmon.evidence.folder import DOCUMENT, OWN_FILE, PACKETS

_MOST_BYTES = 16 << 20
"""No document has more."""


def documents_of(folder: Path, clients: frozenset[str]) -> Iterator[Path]:
    """The documents of the findings of these clients."""
    for path in sorted(folder.glob("*.json")):
        if DOCUMENT.fullmatch(path.name) and _client(path) in clients:
            yield path


def without_document(folder: Path) -> Iterator[Path]:
    """The packets of findings whose document is missing, as a crash leaves them."""
    for path in sorted(folder.iterdir()):
        if OWN_FILE.fullmatch(path.name) and path.name.removesuffix(".new").endswith(PACKETS):
            stem = path.name.split(".")[0]
            if not (folder / f"{stem}.json").exists():
                yield path


def _client(path: Path) -> str | None:
    try:
        is_possible = path.is_file() and path.stat().st_size <= _MOST_BYTES
        document = json.loads(path.read_bytes()) if is_possible else None
    except (OSError, ValueError, RecursionError):
        return None
    client = document.get("client") if isinstance(document, dict) else None
    return client if isinstance(client, str) else None
