"""A reading of capture files that a store keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from netmon.config.settings import Config
from netmon.outputs.observer import Observer
from netmon.places.database import Database
from netmon.privacy import Privacy
from netmon.signatures.model import SignatureSet
from netmon.store.intake import Intake
from netmon.store.opening import Store, opened_by_name
from netmon.store.reading import Reading, intake_of


class Kept(NamedTuple):
    """The store, what writes to it, and the output that does so."""

    store: Store
    intake: Intake
    reading: Reading


@contextmanager
def kept_in(
    name: str | Path,
    config: Config,
    signatures: SignatureSet,
    databases: Sequence[Database],
    privacy: Privacy,
    observer: Observer,
    paths: Sequence[str],
    expression: str,
) -> Iterator[Kept]:
    """Opens the store of this name for a reading. Raises StoreError."""
    with opened_by_name(name) as store:
        intake = intake_of(store, str(name), observer)
        more = (signatures, databases, privacy, observer, paths, expression)
        yield Kept(store, intake, Reading(intake, config, *more))
