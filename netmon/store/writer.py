"""Writes events to a store in a thread of its own, off the path of packets.

Whatever is wrong with the file, capture and metrics go on: what cannot be written waits, in a bounded place,
and is written when it can be.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from netmon.days import DAY_S
from netmon.errors import EventError, StoreError, reason_of
from netmon.file_version import FileVersion, file_version
from netmon.state_file import MAX_DAMAGED, set_aside
from netmon.store.connection import MAGIC, NO_DATABASE
from netmon.store.held_file import INDEX, LOG
from netmon.store.intake import parse_line
from netmon.store.migrations import APPLICATION_ID
from netmon.store.pending import Pending
from netmon.store.problems import WAYS_OUT, StoreProblem, find_problem
from netmon.store.retention import Limit, Retention, used_bytes
from netmon.store.sqlite import SqliteStore
from netmon.timer import SteadyClock, has_passed

MAX_LINES = 100_000
"""Events that wait for the thread, which takes them twice a second."""
_EVERY_S = 0.5
_TIDY_EVERY_S = 60.0
_TIDY_FOR_S = 0.05
_END_WITHIN_S = 5.0
_HEAD_BYTES, _ID_AT = 100, 68
"""The header of a file of SQLite, and where the identifier of the program is in it."""
_SIDE_FILES = (LOG, INDEX)


class StoreWriter:
    """A stream of events for a store. Events that find no room are counted, and never waited for."""

    def __init__(
        self,
        path: Path,
        limit: Limit,
        log: Callable[[str], None],
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Opens the store and starts the thread. A file that cannot be used now is tried again.

        `log` is called with a line for the administrator, from the thread; `clock`: seconds since 1970.
        """
        self.errors: Counter[StoreProblem] = Counter()
        self.is_written = True
        self.size = 0
        self._path = path
        self._log = log
        self._clock = clock
        self._steady = SteadyClock(clock, monotonic, lambda line: log(f"{path}: {line}"))
        self._limit = limit
        self._retention = Retention(limit)
        self._tidy_at_s = 0.0
        self._lines: deque[str] = deque()
        self._pending = Pending()
        self._lost_lines = 0
        self._lost_parsed = 0  # of the thread
        self._lost_before = 0
        self._store: SqliteStore | None = None
        self._identity: FileVersion | None = None
        self._failure: Exception | None = None  # the latest one
        self._wake = threading.Event()
        self._is_ending = False
        self._turn()
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> int:
        """Records that were given up."""
        return self._lost_lines + self._lost_parsed + self._pending.lost

    @property
    def state(self) -> dict[str, Any]:
        """How the store is, for the metrics."""
        return {
            "is_written": self.is_written,
            "errors": {problem: self.errors[problem] for problem in WAYS_OUT},
            "lost": self.lost,
            "bytes": self.size,
        }

    def write(self, line: str) -> None:
        """Takes an event; never blocks."""
        if len(self._lines) >= MAX_LINES:
            self._lost_lines += 1
        else:
            self._lines.append(line)

    def flush(self) -> None:
        """Does nothing: the thread writes twice a second."""

    def close(self) -> None:
        """Writes what is left, for a few seconds at most, and ends the thread. Logs what was lost."""
        if self._is_ending:
            return
        self._is_ending = True
        self._wake.set()
        self._thread.join(_END_WITHIN_S)
        self._tell_lost()

    def _tell_lost(self) -> None:
        """Logs how many records never reached the store since it could last be written."""
        lost = len(self._pending) + len(self._lines) + self.lost - self._lost_before
        if not lost:
            return
        noun, are = ("record", "was") if lost == 1 else ("records", "were")
        if self._failure is None or self._thread.is_alive():
            reason, are, way_out = f"not written within {_END_WITHIN_S:g} s", "may be", WAYS_OUT["other"]
        else:
            reason, way_out = self._reason(self._failure), WAYS_OUT[find_problem(self._failure)]
        if reason == NO_DATABASE:
            reason, _, way_out = NO_DATABASE.partition(": ")
        self._log(
            f"{self._path}: {reason}; the last {lost:,} {noun} {are} lost; {way_out}; "
            "`netmon store import` adds what is in a file of events"
        )

    def _run(self) -> None:
        while not self._is_ending:
            self._wake.wait(_EVERY_S)
            self._turn()
        self._turn()
        self._close()

    def _turn(self) -> None:
        """Writes what has come since the last turn. Whatever happens, there is a next one."""
        try:
            self._parse()
            store = self._open()
            if len(self._pending):
                store.write(self._pending.rows())
                self._pending.clear()
                self.size = used_bytes(store)
            self._tidy(store)
            self._recover()
        except Exception as error:  # noqa: BLE001  # the thread must not end
            self._failure = error.with_traceback(None)  # which would keep a closed store
            with suppress(Exception):  # if the log fails as well, the metrics show what is counted
                self._fail(error)

    def _parse(self) -> None:
        for _ in range(len(self._lines)):
            line = self._lines.popleft()
            try:
                self._pending.add(parse_line(line))
            except EventError:
                pass
            except Exception:
                self._lost_parsed += 1
                raise

    def _open(self) -> SqliteStore:
        """The open store; opened again if its file was moved or removed. Raises the errors of opening it."""
        if self._store is not None:
            self._check_files(self._store)
        if self._store is None:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if file_version(self._path) is None:
                for suffix in _SIDE_FILES:  # of a file that is gone: they belong to no other
                    Path(f"{self._path}{suffix}").unlink(missing_ok=True)
            self._store = SqliteStore(self._path)
            self._identity = (file_version(self._path) or (0, 0))[:2]
        return self._store

    def _check_files(self, store: SqliteStore) -> None:
        """Closes the store if its file, or the log beside it, is no longer what it was.

        Raises sqlite3.Error while another program reads it: until then, only this process has all of it.
        """
        file = store.file
        if file is None:
            return
        if not file.is_in_place:
            store.complete_file()
            self._log(f"{self._path}: was moved or removed, and is made again")
            file.remove_log()
            self._close()
        elif not file.is_database:
            self.errors["damaged"] += 1
            self._close()
            self._set_aside()
        elif not file.has_log:
            store.complete_file(and_empty_log=True)
            self._log(f"{self._path}{LOG}: was moved or removed; what was in it is in the store")
            self._close()
        elif not file.is_log or (file.has_shrunk_log() and not store.has_whole_log()):
            self.errors["damaged"] += 1
            self._log(f"{self._path}{LOG}: was overwritten or emptied; what was only in it is lost")
            file.empty_log()
            self._close()
            file.remove_log()

    def _close(self) -> None:
        if self._store is not None:
            with suppress(sqlite3.Error):
                self._store.close()
        self._store = None

    def _tidy(self, store: SqliteStore) -> None:
        now_s = self._clock()
        if not has_passed(self._tidy_at_s, now_s, _TIDY_EVERY_S):
            return
        steady_s = self._steady.time_s() if self._limit.days else None
        today = int((now_s if steady_s is None else steady_s) // DAY_S)
        has_more = self._retention.tidy(store, today, _TIDY_FOR_S, by_age=steady_s is not None)
        self._tidy_at_s = 0.0 if has_more else now_s + _TIDY_EVERY_S
        self.size = used_bytes(store)

    def _fail(self, error: Exception) -> None:
        problem = find_problem(error)
        self.errors[problem] += 1
        if problem != "locked":
            self._close()
        if problem == "damaged" and self._was_store():
            self._set_aside()
            return
        was_written, self.is_written = self.is_written, False
        if was_written:
            self._log(f"{self._path}: {self._reason(error)}; until it can be written, records wait in memory")

    def _reason(self, error: Exception) -> str:
        if find_problem(error) == "damaged" and not self.is_written:  # else it was set aside
            return NO_DATABASE
        return _reason(error).removeprefix(f"{self._path}: ")

    def _recover(self) -> None:
        lost, self._lost_before = self.lost - self._lost_before, self.lost
        if self.is_written:
            return
        self.is_written = True
        noun = "record was" if lost == 1 else "records were"
        self._log(f"{self._path}: can be written again; {lost:,} {noun} lost")

    def _was_store(self) -> bool:
        """True if the damaged file was a store: it was opened before, or says so itself."""
        if (file_version(self._path) or (0, 0))[:2] == self._identity:
            return True
        try:
            if not self._path.is_file():  # opening a pipe would wait for its other end
                return False
            with self._path.open("rb") as stream:
                head = stream.read(_HEAD_BYTES)
        except OSError:
            return False
        return head.startswith(MAGIC) and head[_ID_AT:].startswith(APPLICATION_ID.to_bytes(4, "big"))

    def _set_aside(self) -> None:
        """Renames a damaged file, so that a new one takes its place."""
        try:
            aside = set_aside(self._path, *_SIDE_FILES)
        except OSError as error:
            was_written, self.is_written = self.is_written, False
            if was_written:
                self._log(
                    f"{self._path}: damaged, and cannot be renamed: {_why_not_renamed(error)}; until it is "
                    "moved, records wait in memory"
                )
            return
        self._log(f"{self._path}: damaged; renamed to {aside}; what it held is no longer in reports")


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return reason_of(error)
    if isinstance(error, sqlite3.Error | StoreError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def _why_not_renamed(error: OSError) -> str:
    if isinstance(error, FileExistsError):
        return f"{MAX_DAMAGED} damaged ones are there already"
    return reason_of(error)
