"""Capture files, read by the engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from netmon._engine import CaptureError, CaptureFile, Engine, Matcher
from netmon.errors import SourceError
from netmon.sources import Batch, Stats, to_batch
from netmon.sources.bpf import ETHERNET, compile_filter
from netmon.sources.kept import KeptPackets
from netmon.sources.stop_request import StopRequest

PACKETS_PER_STEP = 65_536
"""Packets between two batches: enough to make Python's share small, few enough for a smooth progress bar."""

WAIT_S = 0.25
"""The longest time for which results wait while nothing comes from a pipe."""
CURRENT_S = 60
"""A pipe whose first packet is not older than this is from a capture that goes on."""


class FilePosition(NamedTuple):
    """How far a file has been read."""

    path: str
    bytes: int
    size: int | None  # None: a pipe
    packets: int


ReportPosition = Callable[[FilePosition], None]


def in_order(paths: Sequence[str]) -> list[str]:
    """The files in the order in which they begin: a shell lists `cap10` before `cap2`.

    They keep the given order if one of them can be read only once, or not at all.
    """
    if len(paths) < 2 or not all(path != "-" and Path(path).is_file() for path in paths):
        return list(paths)
    try:
        return sorted(paths, key=lambda path: CaptureFile.begins_ns(path) or 0)
    except CaptureError:
        return list(paths)  # reported when it is read


class FileSource:
    """Reads capture files as one run; "-" is standard input.

    `problems` has a line for each file that could not be read completely, once it has been read.
    """

    def __init__(
        self,
        paths: Sequence[str],
        matcher: Matcher,
        *,
        filter_expression: str = "",
        every_flow: bool = False,
        limits: Mapping[str, Any] | None = None,
        progress: ReportPosition | None = None,
        stop: StopRequest | None = None,
    ) -> None:
        """`stop`: what may ask for an end before that of the files."""
        self.problems: list[str] = []
        self._paths = paths
        self._filter = filter_expression
        self._progress = progress
        self._stop = stop or StopRequest()
        self._wakeup = stop.wakeup if stop else None
        self._engine = Engine(matcher, every_flow=every_flow, **(limits or {}))
        self.kept = KeptPackets(self._engine)

    def batches(self) -> Iterator[Batch]:
        """The batches of all files. Flows that are still open end with the last file.

        A pipe gives a batch whenever it has nothing more for a moment. Raises SourceError if a file cannot be
        opened or is not a capture.
        """
        for path in self._paths:
            if not self._stop.is_asked:
                yield from self._read(path)
        if self._stop.is_asked:
            packets = self._engine.stats()["packets"]
            self.problems.append(f"interrupted by {self._stop.name} after {packets:,} packets")
        yield to_batch(self._engine.finish())

    def stats(self) -> Stats:
        """The current counters."""
        return self._engine.stats()

    def _read(self, path: str) -> Iterator[Batch]:
        try:
            file = self._open(path)
        except SourceError:
            if self._stop.is_asked:  # while it waited for the header of a capture
                return
            raise
        is_pipe = file.size is None
        if is_pipe:
            yield from self._begin_pipe(file)
        # What is in a pipe is read after the signal: the writer may have got the same signal.
        while (is_pipe or not self._stop.is_asked) and self._step(file, PACKETS_PER_STEP):
            self._report(path, file)
            yield to_batch(self._engine.drain())
        self._report(path, file)
        yield to_batch(self._engine.drain())
        if file.problem:
            self.problems.append(file.problem)

    def _begin_pipe(self, file: CaptureFile) -> Iterator[Batch]:
        """Waits for the first packet: if it is from now, flows are reported as those of a live capture."""
        while file.packets == 0 and self._step(file, 1):
            yield to_batch(self._engine.drain())
        first_ns = self._engine.stats()["first_ns"]
        if first_ns is not None and abs(time.time_ns() - first_ns) < CURRENT_S * 10**9:
            self._engine.report_openings()

    def _step(self, file: CaptureFile, packets: int) -> bool:
        """Reads some packets; False at the end of the file."""
        return self._engine.read(file, packets, WAIT_S)

    def _report(self, path: str, file: CaptureFile) -> None:
        if self._progress:
            self._progress(FilePosition(path, file.position, file.size, file.packets))

    def _open(self, path: str) -> CaptureFile:
        try:
            file = CaptureFile(path, wakeup=self._wakeup)
            if self._filter:
                link = file.link  # None: there are no packets, but a wrong expression is still an error
                file.set_filter(compile_filter(self._filter, ETHERNET if link is None else link))
        except CaptureError as error:
            raise SourceError(str(error)) from error
        return file
