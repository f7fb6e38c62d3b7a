"""A connection to SQLite all of whose errors are `sqlite3.Error`, whatever is in the file.

SQLite quotes a damaged schema in its message. Bytes that are no text make Python raise UnicodeDecodeError in
place of the error that the message is about.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

NO_DATABASE = (
    "a file of another program, or a store whose beginning is damaged: name another file, or move this one "
    "away and restore a copy"
)
MAGIC = b"SQLite format 3\0"


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


def no_database() -> sqlite3.DatabaseError:
    """An error as SQLite raises it for a file that is no database."""
    error = sqlite3.DatabaseError(NO_DATABASE)
    error.sqlite_errorcode = sqlite3.SQLITE_NOTADB
    return error


def read_by_another() -> sqlite3.OperationalError:
    """An error as SQLite raises it for a file that another program has locked."""
    error = sqlite3.OperationalError("another program still reads it as it was before")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return error
