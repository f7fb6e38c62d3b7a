"""A reading of capture files that a store keeps, and the import of events."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from netmon.errors import StoreError
from netmon.store.doubles import ComparedFlows, Run, find_doubles, refusal
from netmon.store.intake import Intake
from netmon.store.opening import Store, opened_by_name
from netmon.store.read_before import WAY_OUT, is_stored, named_run, replaced_readings
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
        """Completes the record, and stores it. Raises StoreError, and stores nothing, if flows are there."""
        self.reading.finish(stats, problems)
        self.commit()


@contextmanager
def kept_in(name: str | Path, under: ReadUnder, *, is_followed: bool = False) -> Iterator[Kept]:
    """Opens the store of this name for a reading, which replaces earlier ones of its files when it ends.

    What is followed for days is stored as it comes. Raises StoreError.
    """
    with opened_by_name(name) as store, staged(str(name)) as stage:
        observer = under.observer
        own = observer.sensor, observer.run or ""
        try:
            earlier = replaced_readings(store, *own, under.paths, under.expression)
        except StoreError as error:
            raise StoreError(f"{name}: {error}") from error
        replaced = [own, *((one.sensor, one.run) for one in earlier)]
        notes = [f"{name}: this replaces what was read from {', '.join(one.names)}" for one in earlier]
        if str(name) == MEMORY:
            intake, commit = Intake(store, str(name)), _do_nothing
        elif is_followed:
            intake, commit = Intake(_Followed(store, str(name), replaced), str(name)), _do_nothing
        else:
            intake = Intake(stage, str(name))

            def commit() -> None:
                _commit(store, str(name), stage, replaced, _READ_AGAIN)

        replaces = commit is not _do_nothing and any(is_stored(store, one) for one in replaced)
        yield Kept(store, intake, Reading(intake, under), notes, replaces, commit)


@contextmanager
def imported_into(name: str | Path) -> Iterator[Intake]:
    """Takes events for the store of this name, which gets them at the end. Raises StoreError."""
    with opened_by_name(name) as store, staged(str(name)) as stage:
        yield Intake(stage, str(name))
        _commit(store, str(name), stage, (), _LEFT_OUT)


def _do_nothing() -> None:
    """Everything is stored already."""


def _commit(store: Store, name: str, stage: Stage, replaced: Collection[Run], then: str) -> None:
    """Moves what is staged into the store, unless it has some of the flows from another run."""
    doubles = find_doubles(store, stage.store, replaced)
    if doubles is not None:
        raise StoreError(f"{name}: {refusal(doubles, named_run(store, doubles.other), then)}")
    store.replace(replaced, stage.rows())


class _Followed:
    """Writes what comes to a store, as long as no other run has the flows."""

    def __init__(self, store: Store, name: str, replaced: Collection[Run]) -> None:
        self._store = store
        self._name = name
        self._replaced = replaced  # until the first rows come
        self._compared = ComparedFlows(store, replaced)

    def write(self, rows: Iterable[StoreRow]) -> None:
        """Writes rows. Raises StoreError, and stores none, if a flow is there from another run."""
        some = list(rows)
        doubles = self._compared.find(some)
        if doubles is not None:
            where = named_run(self._store, doubles.other)
            raise StoreError(f"{self._name}: {refusal(doubles, where, _FOLLOWED)}")
        replaced, self._replaced = self._replaced, ()
        if replaced:
            some.sort(key=lambda row: row.table.name)
            self._store.replace(replaced, some)
        else:
            self._store.write(some)
