"""A connection to SQLite all of whose errors are `sqlite3.Error`, whatever is in the file.

SQLite quotes a damaged schema in its message. Bytes that are no text make Python raise UnicodeDecodeError in
place of the error that the message is about.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class SqliteConnection(sqlite3.Connection):
    """The factory for `sqlite3.connect`."""

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        """Executes a statement."""
        with telling_damage():
            return super().execute(*arguments)

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:
        """Executes a statement for each of some values."""
        with telling_damage():
            return super().executemany(*arguments)


@contextmanager
def telling_damage() -> Iterator[None]:
    """Raises the error for a damaged file in place of one about the text of its message."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise damaged(bytes(error.object).decode(errors="replace")) from error


def damaged(message: str) -> sqlite3.DatabaseError:
    """An error as SQLite raises it for a damaged file."""
    error = sqlite3.DatabaseError(message)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error
