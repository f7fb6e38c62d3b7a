"""One command at a time changes a store in ClickHouse, which has neither transactions nor locks.

Who wants to change it adds a row to `changes`, and then looks for rows of others. Of two at the same time, at
least one sees the other, so never do both go on: who sees another steps back, and tries again after a while.
The row is renewed; that of a command that was killed is out of date after a time. All times are the server's.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

from netmon.errors import StoreError
from netmon.store.tables import Column, StoreTable

CHANGES = StoreTable(
    "changes",
    ("id",),
    (
        Column("id", "text", "what identifies the change"),
        Column("time_ns", "integer", "when it was last known to go on, or when it was over"),
        Column("is_over", "integer", "1: it is over"),
    ),
    "Commands that change the store: one after another.",
    version="time_ns",
    day_of="time_ns",
)
LEASE_S = 60.0
"""A command that has said nothing for so long was killed."""
_RENEW_S = LEASE_S / 6
_NOW_NS = "toUnixTimestamp64Nano(now64(9))"
_PAUSE_S = (0.05, 0.5)
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""A clock that goes on while the machine sleeps, if it has one."""

Select = Callable[[str, Mapping[str, Any]], Iterator[tuple[Any, ...]]]
Execute = Callable[[str, Mapping[str, Any]], None]


class StoreTurns:
    """The turns of one command."""

    wait_s = 2 * LEASE_S
    """How long another command is waited for; one that was killed never takes as long."""

    def __init__(self, select: Select, execute: Execute, name: str) -> None:
        """`select` and `execute` are those of the database; `name`: of the store, for messages."""
        self._select = select
        self._execute = execute
        self._name = name
        self._id = uuid4().hex
        self._said_s: float | None = None  # in a turn: when the row was renewed last
        self._before = 0  # in a turn: `foreign` at its beginning

    @contextmanager
    def taken(self) -> Iterator[None]:
        """A turn. Raises StoreError if another command goes on for too long."""
        end_s = _now_s() + self.wait_s
        while not self._take():
            if _now_s() >= end_s:
                raise StoreError(
                    f"{self._name}: another command is storing: nothing was stored; repeat this one when "
                    "that one has ended"
                )
            time.sleep(random.uniform(*_PAUSE_S))
        try:
            yield
        finally:
            self._said_s = None
            with suppress(StoreError):  # what was done is done; the row will be out of date
                self._say(is_over=True)

    def go_on(self) -> None:
        """Renews the row if it is time. Raises StoreError if another turn began because this was not done."""
        if self._said_s is None or _now_s() - self._said_s < _RENEW_S:
            return
        before_s, self._said_s = self._said_s, _now_s()
        self._say()
        if _now_s() - before_s >= LEASE_S and self.foreign() != self._before:
            raise StoreError(
                f"{self._name}: this command was held up for more than {LEASE_S:.0f} seconds, and another "
                "one has stored in the meantime: not everything was stored; repeat this one"
            )

    def foreign(self) -> int:
        """A number that is another one after others have changed the store."""
        [(latest,)] = self._select("SELECT max(time_ns) FROM changes WHERE id != :id", {"id": self._id})
        return int(latest or 0)

    def _take(self) -> bool:
        if self._are_there_others():
            return False
        said_s = _now_s()
        self._say()
        if self._are_there_others():
            self._say(is_over=True)
            return False
        self._before, self._said_s = self.foreign(), said_s
        return True

    def _are_there_others(self) -> bool:
        query = f"""SELECT count(*) FROM changes
WHERE id != :id AND is_over = 0 AND time_ns > {_NOW_NS} - :lease_ns"""
        [(count,)] = self._select(query, {"id": self._id, "lease_ns": int(LEASE_S * 1e9)})
        return bool(count)

    def _say(self, *, is_over: bool = False) -> None:
        row = {"id": self._id, "is_over": is_over}
        self._execute(f"INSERT INTO changes (id, time_ns, is_over) SELECT :id, {_NOW_NS}, :is_over", row)


def _now_s() -> float:
    return time.clock_gettime(_CLOCK)
