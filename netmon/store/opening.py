"""Opens a store by its name: a file of SQLite, or the address of a ClickHouse server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from netmon.store.address import is_address
from netmon.store.clickhouse import ClickHouseStore
from netmon.store.clickhouse_wire import PASSWORD, HttpConnection
from netmon.store.erasure import ErasableStore
from netmon.store.reading import RunStore, opened


class Store(RunStore, ErasableStore, Protocol):
    """What every store can do."""

    def keep_days(self) -> int | None:
        """The days for which the database itself keeps rows; None: for ever."""
        ...


@contextmanager
def opened_by_name(
    name: str | Path, *, is_read_only: bool = False, tell: Callable[[str], None] | None = None
) -> Iterator[Store]:
    """A store that a command uses. Raises StoreError. `tell`: as in `SqliteStore`."""
    if not is_address(str(name)):
        with opened(Path(name), is_read_only=is_read_only, tell=tell) as store:
            yield store
        return
    connection = HttpConnection(str(name), os.environ.get(PASSWORD, ""))
    try:
        yield ClickHouseStore(connection, str(name))
    finally:
        connection.close()
