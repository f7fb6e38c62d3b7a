"""Turns at something expensive: one at a time, fair to addresses, with a bounded number that wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

MAX_WAITING = 64
"""For each address."""
MAX_WAITING_IN_ALL = 128
"""Fewer than the connections, so that clients whose passwords are known are still served."""
_MAX_SERVED = 1_000


class _Ticket:
    __slots__ = ("is_granted", "settled")

    def __init__(self) -> None:
        self.settled = threading.Event()
        self.is_granted = False

    def settle(self, *, is_granted: bool) -> None:
        self.is_granted = is_granted
        self.settled.set()


class Turns:
    """One caller at a time. Addresses take turns; of one address, the latest caller is the next.

    The latest goes first because a client that has waited for long has probably given up, and because a burst
    of guesses then delays only those who came before it. For the same reason, an address that has not had a
    turn yet goes before all that have.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_taken = False
        self._waiting: dict[str, list[_Ticket]] = {}
        """The address whose turn is next comes first; no list is empty."""
        self._served: dict[str, None] = {}
        """Addresses that have had a turn, the latest last."""

    @contextmanager
    def turn(self, who: str) -> Iterator[bool]:
        """Waits for a turn: True while it is the caller's; False if too many are waiting."""
        is_granted = self._take(who)
        try:
            yield is_granted
        finally:
            if is_granted:
                self._leave()

    def _take(self, who: str) -> bool:
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                self._note(who)
                return True
            ticket = _Ticket()
            if who in self._waiting:
                self._waiting[who].append(ticket)
            elif who in self._served:
                self._waiting[who] = [ticket]
            else:
                self._waiting = {who: [ticket], **self._waiting}
            self._make_room(who)
        ticket.settled.wait()
        return ticket.is_granted

    def _make_room(self, who: str) -> None:
        """If too many wait, the first caller of this address gives up, or of the address with the most."""
        if len(self._waiting[who]) <= MAX_WAITING:
            if sum(map(len, self._waiting.values())) <= MAX_WAITING_IN_ALL:
                return
            who = max(self._waiting, key=lambda one: len(self._waiting[one]))
        self._waiting[who].pop(0).settle(is_granted=False)
        if not self._waiting[who]:
            del self._waiting[who]

    def _leave(self) -> None:
        with self._lock:
            if not self._waiting:
                self._is_taken = False
                return
            who = next(iter(self._waiting))
            tickets = self._waiting.pop(who)
            tickets.pop().settle(is_granted=True)
            self._note(who)
            if tickets:
                self._waiting[who] = tickets  # behind all others

    def _note(self, who: str) -> None:
        """The address has a turn."""
        self._served.pop(who, None)
        self._served[who] = None
        if len(self._served) > _MAX_SERVED:
            del self._served[next(iter(self._served))]
