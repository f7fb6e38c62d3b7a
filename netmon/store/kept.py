"""A reading of capture files that a store keeps, and the import of events."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from netmon.errors import EventError, LevelError, SourceError, StoreError, TimeError
from netmon.store.doubles import ComparedFlows, Run, find_doubles, refusal
from netmon.store.intake import Intake
from netmon.store.levels import RunLevels
from netmon.store.opening import Store, opened_by_name
from netmon.store.read_before import (
    WAY_OUT,
    ReadFiles,
    is_stored,
    named_run,
    readings_of,
    replaced_readings,
)
from netmon.store.reading import Reading, ReadUnder
from netmon.store.rows import StoreRow
from netmon.store.sqlite import MEMORY
from netmon.store.staging import Stage, staged

_READ_AGAIN = f"nothing was stored; {WAY_OUT}"
_FOLLOWED = f"they are not stored, and what was read before them is; {WAY_OUT}"
_LEFT_OUT = "nothing was stored; leave these events out, or name another store"


class Kept(NamedTuple):
    """The store, what writes to it, and the output that does so."""

    store: Store
    intake: Intake
    reading: Reading
    notes: Sequence[str]  # earlier readings that it replaces
    replaces: bool  # these, or one of the same files
    commit: Callable[[], None]

    def finish(self, stats: Mapping[str, Any], problems: Sequence[str]) -> None:
        """Completes the record, and stores it.

        Raises StoreError, and stores nothing, if flows are there; or EventError if a store cannot hold an
        event.
        """
        self.reading.finish(stats, problems)
        self.commit()


@contextmanager
def kept_in(name: str | Path, under: ReadUnder, *, is_followed: bool = False) -> Iterator[Kept]:
    """Opens the store of this name for a reading, which replaces earlier ones of its files when it ends.

    What is followed for days is stored as it comes. Raises StoreError.
    """
    with opened_by_name(name) as store, staged(str(name)) as stage:
        files = _FilesReadBefore(store, str(name), under)
        if str(name) == MEMORY:
            intake: Intake = _ShownIntake(store, under.paths)
            commit = _do_nothing
        elif is_followed:
            followed = _Followed(store, str(name), files.replaced)
            intake, commit = _FollowedIntake(followed, str(name)), _do_nothing
        else:
            intake = whole = _WholeIntake(stage, str(name))

            def commit() -> None:
                whole.check()
                with store.changing():
                    files.check_again()
                    _commit(store, str(name), stage, files.replaced, _READ_AGAIN)

        replaces = commit is not _do_nothing and any(is_stored(store, one) for one in files.replaced)
        yield Kept(store, intake, Reading(intake, under), files.notes, replaces, commit)


@contextmanager
def imported_into(name: str | Path) -> Iterator[Intake]:
    """Takes events for the store of this name, which gets them at the end. Raises StoreError."""
    with opened_by_name(name) as store, staged(str(name)) as stage:
        try:
            yield Intake(stage, str(name), RunLevels(store))
            with store.changing():
                RunLevels(store).check_all(stage.store)  # another command may have stored the same run
                _commit(store, str(name), stage, (), _LEFT_OUT)
        except LevelError as error:
            raise StoreError(f"{name}: {error}: {_LEFT_OUT}") from error


def _do_nothing() -> None:
    """Everything is stored already."""


class _ShownIntake(Intake):
    """Takes the events of a reading that is only shown: without those of any time, it would be wrong."""

    def __init__(self, store: Store, paths: Sequence[str]) -> None:
        super().__init__(store, MEMORY)
        self._named = paths[0] if len(paths) == 1 else f"one of these {len(paths):,} files"

    def write(self, line: str) -> None:
        """Takes an event. Raises SourceError for one of a time for which there is no room."""
        try:
            super().write(line)
        except TimeError as error:
            raise SourceError(
                f"{self._named}: views and reports have room for times from 1677 to 2262 only: "
                "`netmon read` without --by shows the capture, and `editcap -t` corrects its times"
            ) from error


class _FollowedIntake(Intake):
    """Takes the events of captures that go on, until one comes that cannot be stored."""

    def write(self, line: str) -> None:
        """Takes an event. Raises StoreError, and has stored those before, for one of a time without room."""
        try:
            super().write(line)
        except TimeError as error:
            self.flush()
            raise StoreError(
                f"{self._name}: {error}: following has ended, and what was read before is stored; "
                "`editcap -t` corrects the times of captures"
            ) from error


class _WholeIntake(Intake):
    """Takes all events of a reading, which goes on if one cannot be stored."""

    _problem: EventError | None = None

    def write(self, line: str) -> None:
        """Takes an event."""
        if self._problem is None:
            try:
                super().write(line)
            except EventError as error:
                self._problem = error

    def check(self) -> None:
        """Raises EventError if an event cannot be stored."""
        if self._problem is not None:
            raise self._problem


def _commit(store: Store, name: str, stage: Stage, replaced: Collection[Run], then: str) -> None:
    """Moves what is staged into the store, unless it has some of the flows from another run.

    The store does not change in between: two commands at the same time would store the same flows.
    """
    doubles = find_doubles(store, stage.store, replaced)
    if doubles is not None:
        raise StoreError(f"{name}: {refusal(doubles, named_run(store, doubles.other), then)}")
    store.replace(replaced, stage.rows())


class _FilesReadBefore:
    """What a store has of the files of a reading: at its beginning, and when it is stored."""

    def __init__(self, store: Store, name: str, under: ReadUnder) -> None:
        """Raises StoreError if they cannot be stored."""
        self._store = store
        self._name = name
        self._under = under
        self._known = readings_of(store)
        earlier = self._find(self._known)
        self.notes = [f"{name}: this replaces what was read from {', '.join(one.names)}" for one in earlier]
        self.replaced = [self._own, *map(_run_of, earlier)]

    @property
    def _own(self) -> Run:
        return self._under.observer.sensor, self._under.observer.run or ""

    def check_again(self) -> None:
        """Raises StoreError if another reading of these files was stored in the meantime."""
        known = readings_of(self._store)
        if known == self._known:
            return
        for one in self._find(known):
            if _run_of(one) not in self.replaced:
                raise StoreError(
                    f"{self._name}: another command has stored {', '.join(one.names)} in the meantime: "
                    "nothing was stored; read these files again"
                )

    def _find(self, known: Sequence[ReadFiles]) -> list[ReadFiles]:
        try:
            return replaced_readings(known, *self._own, self._under.paths, self._under.expression)
        except StoreError as error:
            raise StoreError(f"{self._name}: {error}") from error


def _run_of(one: ReadFiles) -> Run:
    return one.sensor, one.run


class _Followed:
    """Writes what comes to a store, as long as no other run has the flows."""

    def __init__(self, store: Store, name: str, replaced: Collection[Run]) -> None:
        self._store = store
        self._name = name
        self._known = replaced  # the run itself, and those that it replaces
        self._replaced = replaced  # until the first rows come
        self._compared = ComparedFlows(store, replaced)
        self._changes = store.foreign_changes()

    def write(self, rows: Iterable[StoreRow]) -> None:
        """Writes rows. Raises StoreError, and stores none, if a flow is there from another run."""
        some = sorted(rows, key=lambda row: row.table.name)
        with self._store.changing():
            doubles = self._compare().find(some)
            if doubles is not None:
                where = named_run(self._store, doubles.other)
                raise StoreError(f"{self._name}: {refusal(doubles, where, _FOLLOWED)}")
            replaced, self._replaced = self._replaced, ()
            self._store.replace(replaced, some)
        self._store.ensure_in_place()

    def _compare(self) -> ComparedFlows:
        """Compares with what is stored now: others may have written to it."""
        changes = self._store.foreign_changes()
        if changes != self._changes:
            self._compared, self._changes = ComparedFlows(self._store, self._known), changes
        return self._compared
