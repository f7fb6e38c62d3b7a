"""Work that takes too long for a loop, done in a thread beside it, and how far it has come."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Result = TypeVar("Result")

_EVERY_S = 1.0


class PacedCount:
    """Logs a number that grows, about once a second, and not before a second has passed."""

    def __init__(
        self, log: Callable[[str], None], text: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`text` has a place for the number. `clock`: seconds."""
        self._log = log
        self._text = text
        self._clock = clock
        self._next_s = clock() + _EVERY_S

    def __call__(self, count: int) -> None:
        """The number has grown."""
        now_s = self._clock()
        if now_s >= self._next_s:
            self._next_s = now_s + _EVERY_S
            self._log(self._text.format(count))


class Loading(Generic[Result]):
    """Calls a function in a thread of its own; the loop takes the result once `is_done`.

    What earlier results left in circles of objects is freed first. Python alone would do that late, because
    few new objects come into being.
    """

    def __init__(self, load: Callable[[], Result]) -> None:
        self._load = load
        self._results: list[Result] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="loading", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        gc.collect()
        try:
            self._results.append(self._load())
        except BaseException as error:  # noqa: BLE001  # raised again by `result`, in the loop's thread
            self._error = error

    def is_done(self) -> bool:
        """True once `result` does not wait."""
        return not self._thread.is_alive()

    def result(self) -> Result:
        """The function's result, waited for; what the function raised is raised here."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._results.pop()


class ReloadRequest:
    """A request to reload the signatures, and its result once `done` is set."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.problem: str | None = None
