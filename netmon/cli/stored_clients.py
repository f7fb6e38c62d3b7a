"""Whether the clients of a store may be shown as they are stored."""

from __future__ import annotations

from netmon.errors import StoreError
from netmon.privacy.levels import ADDRESS
from netmon.store.levels import STORED, lowest_level
from netmon.store.queries import Reader, Scope


def require_level(reader: Reader, scope: Scope, level: int) -> None:
    """Raises StoreError if clients of a period are hidden less than this level asks for."""
    if level > ADDRESS and (stored := lowest_level(reader, scope)) < level:
        raise StoreError(
            f"the store holds clients of the period as {STORED[stored]} (level {stored}), but level {level} "
            f"is asked for: show them as stored with --privacy {stored}, choose another period, or read the "
            f"files into another store with --privacy {level}"
        )
