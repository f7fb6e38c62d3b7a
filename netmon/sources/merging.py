"""Several capture files as one capture, in the order of their packets' times."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from netmon._engine import CaptureError, CaptureFile, Engine
from netmon.sources.coverage import FileSpan

MOST_OPEN = 128
"""Files that are read at once. Further ones that overlap them begin when one of these has ended."""
_LONGEST_SILENCE_NS = 1800 * 10**9
"""A first packet that is further from the next ones does not open its file: it may have a wrong time."""


def beginning(path: str) -> int:
    """When a file begins, in nanoseconds since 1970; 0 if it has no packets or cannot be read.

    That is the middle one of its first times, one of which may be wrong.
    """
    return _middle(_first_times(path))


def _opening(path: str) -> int:
    """When a file has to be open: at the earliest of its first times, which may be long before the others."""
    times = _first_times(path)
    return min(one for one in times if _middle(times) - one <= _LONGEST_SILENCE_NS)


def _middle(sorted_times: list[int]) -> int:
    return sorted_times[(len(sorted_times) - 1) // 2]


def _first_times(path: str) -> list[int]:
    try:
        return CaptureFile.first_times_ns(path) or [0]
    except CaptureError:
        return [0]  # reported when it is read


class Merging:
    """Reads files with an engine. Those that overlap are open at once, others one after another."""

    def __init__(
        self,
        engine: Engine,
        open_file: Callable[[str], CaptureFile | None],
        packets: int,
        problems: list[str],
        *,
        ahead: bool = False,
    ) -> None:
        """`open_file` returns None for a file that cannot be read. `packets`: between two steps.

        `problems` gets the line of each file that could not be read completely, once it is closed.
        `ahead`: the engine takes the next step while the results of one are processed.
        """
        self.spans: list[FileSpan] = []
        self._engine = engine
        self._open_file = open_file
        self._packets = packets
        self._problems = problems
        self._ahead = ahead
        self._opened: list[tuple[str, CaptureFile]] = []

    def steps(self, paths: Sequence[str]) -> Iterator[tuple[str, CaptureFile]]:
        """Reads the files; after each step, one that was read, which has ended if its packets have."""
        waiting = deque(sorted(((_opening(path), path) for path in paths), key=lambda one: one[0]))
        while waiting or self._opened:
            if not self._opened:
                self._open(waiting.popleft()[1])
                continue
            is_full = len(self._opened) >= MOST_OPEN
            until_ns = waiting[0][0] if waiting and not is_full else None
            files = [file for _, file in self._opened]
            ended = self._engine.read_merged(files, self._packets, until_ns, ahead=self._ahead)
            path, file = self._opened[ended or 0]
            if ended is not None:
                self._close(ended)
            elif until_ns is not None and min(file.next_ns or 0 for file in files) >= until_ns:
                self._open(waiting.popleft()[1])
            yield path, file

    def end(self) -> None:
        """Closes the open files, and notes how far they were read."""
        while self._opened:
            self._close(0)

    def _open(self, path: str) -> None:
        file = self._open_file(path)
        if file is not None:
            self._opened.append((path, file))

    def _close(self, index: int) -> None:
        path, file = self._opened.pop(index)
        if file.problem:
            self._problems.append(file.problem)
        if file.first_ns is not None and file.last_ns is not None:
            self.spans.append(FileSpan(path, file.first_ns, file.last_ns))
