"""Why a store could not be written or read, and what to do about it."""

from __future__ import annotations

import sqlite3
from typing import Literal

StoreProblem = Literal["full", "locked", "read_only", "damaged", "other"]
"""Why the store could not be written: a closed set, used as a metric label."""
WAYS_OUT: dict[StoreProblem, str] = {
    "full": "make room on its disk",
    "locked": "another program is using it: try again when that has ended",
    "read_only": "name a file that this user can write to",
    "damaged": "restore a copy of it",
    "other": "try again, or name a file that can be used as a store",
}
_CODES: dict[int, StoreProblem] = {
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_PERM: "read_only",
    sqlite3.SQLITE_CANTOPEN: "read_only",
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_NOTADB: "damaged",
}


def find_problem(error: Exception) -> StoreProblem:
    """What kind of problem an error is."""
    if isinstance(error, OSError):
        return "read_only"
    code = getattr(error, "sqlite_errorcode", None)
    return "other" if code is None else _CODES.get(code & 0xFF, "other")
