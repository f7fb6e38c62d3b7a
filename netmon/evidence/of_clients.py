"""The findings of clients, as their documents show them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from netmon.evidence.folder import OWN_FILE


def documents_of(folder: Path, clients: frozenset[str]) -> Iterator[Path]:
    """The documents of the findings of these clients."""
    for path in sorted(folder.glob("*.json")):
        if OWN_FILE.fullmatch(path.name) and _client(path) in clients:
            yield path


def _client(path: Path) -> str | None:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    client = document.get("client") if isinstance(document, dict) else None
    return client if isinstance(client, str) else None
