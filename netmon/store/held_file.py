"""The file of an open store, open once more, so that it can be looked at while SQLite has it open.

A process that closes any descriptor of a file loses all its locks on it, SQLite's among them. The next
program that closes the store would then take itself for its last user and remove the log beside it, into
which this process goes on writing. So the file is opened before SQLite opens it, and closed after SQLite has
closed it.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from netmon.file_version import FileVersion, file_version
from netmon.store.connection import MAGIC, no_database

LOG, INDEX = "-wal", "-shm"
"""What the names of the log and of its index end with."""
_LOG_MAGIC = b"\x37\x7f\x06"


class HeldFile:
    """Opens a file, or makes one that is its user's alone; close it after SQLite.

    Raises sqlite3.Error for a file of something else, of which SQLite would make a database if it is shorter
    than a header.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        target = os.path.realpath(path)  # SQLite follows links
        self._log_path, self._index_path = Path(f"{target}{LOG}"), Path(f"{target}{INDEX}")
        self._log: FileVersion | None = None
        self._log_size = 0
        self._descriptor: int | None = None
        with suppress(OSError):  # SQLite says what is wrong
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
        if self._descriptor is not None and self._head() not in (b"", MAGIC):
            self.close()
            raise no_database()

    def note_log(self) -> None:
        """Notes which log SQLite writes."""
        self._log = _identity(self._log_path)

    @property
    def is_in_place(self) -> bool:
        """False if the file was moved or removed."""
        if self._descriptor is None:
            return True
        status = os.fstat(self._descriptor)
        return _identity(self._path) == (status.st_dev, status.st_ino)

    @property
    def has_log(self) -> bool:
        """False if the log beside it was moved or removed."""
        return _identity(self._log_path) == self._log

    @property
    def is_database(self) -> bool:
        """False if the file was overwritten or emptied, which SQLite does not notice."""
        return self._descriptor is None or self._head() == MAGIC

    def has_shrunk_log(self) -> bool:
        """True if the log is smaller than when this was asked before."""
        before, self._log_size = self._log_size, _size(self._log_path)
        return self._log_size < before

    @property
    def is_log(self) -> bool:
        """False if the log was overwritten, which SQLite does not notice."""
        with self._log_path.open("rb") as stream:
            return stream.read(len(_LOG_MAGIC)) in (b"", _LOG_MAGIC)

    def empty_log(self) -> None:
        """Empties the log, so that nothing of it gets into the file."""
        os.truncate(self._log_path, 0)

    def remove_log(self) -> None:
        """Removes the log and its index, unless they are those of another file by now."""
        if self.has_log:
            self._log_path.unlink(missing_ok=True)
            self._index_path.unlink(missing_ok=True)

    def _head(self) -> bytes:
        if self._descriptor is None or not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            return b"other"
        return os.pread(self._descriptor, len(MAGIC), 0)

    def close(self) -> None:
        """Closes it."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def _size(path: Path) -> int:
    version = file_version(path)
    return version[-1] if version else 0


def _identity(path: Path) -> FileVersion | None:
    version = file_version(path)
    return version and version[:2]
