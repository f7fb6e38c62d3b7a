"""Capture files, read by the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from netmon._engine import CaptureError, CaptureFile, Engine, Matcher
from netmon.errors import SourceError
from netmon.sources import Batch, Stats, to_batch
from netmon.sources.bpf import ETHERNET, compile_filter
from netmon.sources.kept import KeptPackets

PACKETS_PER_STEP = 65_536
"""Packets between two batches: enough to make Python's share small, few enough for a smooth progress bar."""

ReportBytes = Callable[[str, int, int | None], None]
"""Called with the file, the number of bytes read from it, and its size (None if unknown)."""


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
        progress: ReportBytes | None = None,
    ) -> None:
        self.problems: list[str] = []
        self._paths = paths
        self._filter = filter_expression
        self._progress = progress
        self._engine = Engine(matcher, every_flow=every_flow, **(limits or {}))
        self.kept = KeptPackets(self._engine)

    def batches(self) -> Iterator[Batch]:
        """The batches of all files. Flows that are still open end with the last file.

        Raises SourceError if a file cannot be opened or is not a capture.
        """
        for path in self._paths:
            file = self._open(path)
            more = True
            while more:
                more = self._engine.read(file, PACKETS_PER_STEP)
                if self._progress:
                    self._progress(path, file.position, file.size)
                yield to_batch(self._engine.drain())
            if file.problem:
                self.problems.append(file.problem)
        yield to_batch(self._engine.finish())

    def stats(self) -> Stats:
        """The current counters."""
        return self._engine.stats()

    def _open(self, path: str) -> CaptureFile:
        try:
            file = CaptureFile(path)
            if self._filter:
                link = file.link  # None: there are no packets, but a wrong expression is still an error
                file.set_filter(compile_filter(self._filter, ETHERNET if link is None else link))
        except CaptureError as error:
            raise SourceError(str(error)) from error
        return file
