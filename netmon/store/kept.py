"""A reading of capture files that a store keeps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from netmon.store.intake import Intake
from netmon.store.opening import Store, opened_by_name
from netmon.store.reading import Reading, ReadUnder, intake_of


class Kept(NamedTuple):
    """The store, what writes to it, and the output that does so."""

    store: Store
    intake: Intake
    reading: Reading


@contextmanager
def kept_in(name: str | Path, under: ReadUnder) -> Iterator[Kept]:
    """Opens the store of this name for a reading. Raises StoreError."""
    with opened_by_name(name) as store:
        intake = intake_of(store, str(name), under.observer)
        yield Kept(store, intake, Reading(intake, under))
