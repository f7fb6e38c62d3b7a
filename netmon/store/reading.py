"""The record of a reading of capture files: flows, what was to be seen, and under which conditions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from netmon.config.settings import Config
from netmon.errors import StoreError
from netmon.outputs.ecs import Stream
from netmon.outputs.events import Events
from netmon.outputs.machines import MachineEvents, MachineSets
from netmon.outputs.observer import Observer
from netmon.outputs.run_events import RunEvents, describe_conditions, file_sha256
from netmon.places.database import Database
from netmon.privacy import Privacy
from netmon.privacy.shown_filter import shown_filter
from netmon.records import ClassifiedFlow, DnsRecord
from netmon.signatures.model import SignatureSet
from netmon.store.connection import NO_DATABASE
from netmon.store.examination import WRONG_VALUE, examine
from netmon.store.intake import RowWriter
from netmon.store.problems import WAYS_OUT, find_problem
from netmon.store.rows import StoreRow
from netmon.store.sqlite import SqliteStore


class ReadUnder(NamedTuple):
    """What is read, and under which conditions."""

    config: Config
    signatures: SignatureSet
    databases: Sequence[Database]
    privacy: Privacy
    observer: Observer
    paths: Sequence[str]
    expression: str  # the filter


class ReadingRun:
    """The events about a reading of files: under which conditions it judged, and what was to be seen."""

    def __init__(self, stream: Stream, under: ReadUnder) -> None:
        level = under.privacy.level
        self._stream = stream
        self._run = RunEvents([stream], under.observer, is_live=False)
        self._conditions = describe_conditions(under.config, under.signatures, under.databases, level)
        self._paths = under.paths
        self._filter = shown_filter(under.expression, level)

    def finish(self, stats: Mapping[str, Any], problems: Sequence[str] = ()) -> None:
        """Writes them; `stats` are the engine's counters, `problems` those of files."""
        start_ns, end_ns = stats["first_ns"] or 0, stats["last_ns"] or 0
        files = [_describe_file(path) for path in self._paths]
        facts: dict[str, Any] = {"conditions": self._conditions, "files": files}
        facts |= {"filter": self._filter, "problems": list(problems) or None}
        self._run.run("start", start_ns, **facts)
        self._run.view(stats, start_ns, end_ns)
        self._run.run("end", end_ns, **facts)
        self._stream.flush()


class Reading:
    """An output for the flows of files, which also writes the events of the run: call `finish` at the end."""

    def __init__(self, stream: Stream, under: ReadUnder) -> None:
        privacy, observer = under.privacy, under.observer
        self._stream = stream
        self._events = Events(stream, privacy, under.signatures.locations, observer)
        self._machines = MachineEvents([stream], privacy, observer, MachineSets(), is_live=False)
        self._run = ReadingRun(stream, under)

    def flow(self, classified: ClassifiedFlow) -> None:
        """Writes the event of a flow."""
        self._events.flow(classified)
        self._machines.flow(classified)

    def dns(self, record: DnsRecord) -> None:
        """Does nothing: DNS messages are not stored."""

    def flush(self) -> None:
        """Writes what is buffered."""
        self._stream.flush()

    def finish(self, stats: Mapping[str, Any], problems: Sequence[str] = ()) -> None:
        """Writes the events of the run and of machines, as in `ReadingRun`."""
        self._run.finish(stats, problems)
        self._machines.finish()
        self.flush()


def _describe_file(path: str) -> dict[str, Any]:
    """Its name, size and SHA-256; of standard input, only that it was read."""
    if not Path(path).is_file():
        return {"name": path}
    return {"name": path, "size": Path(path).stat().st_size, "sha256": file_sha256(Path(path))}


@contextmanager
def opened(
    path: Path | str, *, is_read_only: bool = False, tell: Callable[[str], None] | None = None
) -> Iterator[SqliteStore]:
    """A store that a command uses. Raises StoreError in place of the errors of SQLite.

    If its values are damaged, that is said in place of any error that follows from them. `tell`: as in
    `SqliteStore`.
    """
    if _is_no_file(Path(path)):
        raise StoreError(f"{path}: is no file: name a store")
    try:
        store = SqliteStore(path, is_read_only=is_read_only, wait_s=10, tell=tell)
        try:
            yield store
            store.ensure_at_rest()
        except WRONG_VALUE as error:
            problem = examine(store)
            if problem is None:
                raise
            raise StoreError(f"{path}: damaged: {problem}: restore a copy of the store") from error
        finally:
            store.close()
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
            raise StoreError(f"{path}: {NO_DATABASE}") from error
        raise StoreError(f"{path}: {error}: {WAYS_OUT[find_problem(error)]}") from error


def _is_no_file(path: Path) -> bool:
    """True for a folder, for example."""
    with suppress(OSError):  # its folder is closed to this user
        return path.exists() and not path.is_file()
    return False


class RunStore(RowWriter, Protocol):
    """A store that takes the rows of a run anew."""

    def changing(self) -> AbstractContextManager[None]:
        """What happens in it happens at once, and completely or not at all, if the database can do that."""
        ...

    def foreign_changes(self) -> int:
        """A number that is another one after others have changed the store, if the database says so."""
        ...

    def replace(self, runs: Iterable[tuple[str, str]], rows: Iterable[StoreRow], /) -> None:
        """Removes what is stored of runs, by sensor and name, and writes rows; within `changing`."""
        ...

    def ensure_in_place(self) -> None:
        """Raises MovedStoreError if a file was moved or removed while it was open."""
        ...
