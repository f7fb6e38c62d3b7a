"""A reading of capture files that a store keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from netmon.errors import StoreError
from netmon.outputs.observer import Observer
from netmon.store.intake import Intake
from netmon.store.opening import Store, opened_by_name
from netmon.store.read_before import check_doubles, replaced_readings
from netmon.store.reading import Reading, ReadUnder


class Kept(NamedTuple):
    """The store, what writes to it, and the output that does so."""

    name: str
    store: Store
    intake: Intake
    reading: Reading
    observer: Observer
    is_followed: bool
    notes: Sequence[str]  # earlier readings that it replaces

    def finish(self, stats: Mapping[str, Any], problems: Sequence[str]) -> None:
        """Completes the record. Raises StoreError, and keeps nothing, if flows are there already.

        What was followed for days is kept in any case: its files are not read again.
        """
        self.reading.finish(stats, problems)
        run = self.observer.sensor, self.observer.run or ""
        if not self.is_followed:
            try:
                check_doubles(self.store, *run)
            except StoreError as error:
                self.store.forget_run(*run)
                raise StoreError(f"{self.name}: {error}") from error


@contextmanager
def kept_in(name: str | Path, under: ReadUnder, *, is_followed: bool = False) -> Iterator[Kept]:
    """Opens the store of this name for a reading, which replaces earlier ones of its files.

    Raises StoreError.
    """
    with opened_by_name(name) as store:
        observer = under.observer
        sensor, run = observer.sensor, observer.run or ""
        try:
            replaced = replaced_readings(store, sensor, run, under.paths, under.expression)
        except StoreError as error:
            raise StoreError(f"{name}: {error}") from error
        for one in replaced:
            store.forget_run(one.sensor, one.run)
        store.forget_run(sensor, run)
        notes = [f"{name}: this replaces what was read from {', '.join(one.names)}" for one in replaced]
        intake = Intake(store, str(name))
        yield Kept(str(name), store, intake, Reading(intake, under), observer, is_followed, notes)
