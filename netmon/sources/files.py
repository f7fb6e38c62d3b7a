"""Capture files, read by the engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from netmon._engine import CaptureError, CaptureFile, Engine, EventWriter, Matcher
from netmon.errors import SourceError
from netmon.sources import Batch, Stats, to_batch
from netmon.sources.bpf import ETHERNET, compile_filter
from netmon.sources.coverage import Coverage, coverage_of
from netmon.sources.following import Followed, Following
from netmon.sources.kept import KeptPackets
from netmon.sources.merging import Merging, beginning
from netmon.sources.stop_request import StopRequest

if TYPE_CHECKING:
    from netmon.sources.follow_mark import FollowMark

PACKETS_PER_STEP = 65_536
"""Packets between two batches: enough to make Python's share small, few enough for a smooth progress bar."""

FLOWS_AT_END = 512
"""Flows of a batch at the end, when all that are open end: the events of all of them need much memory."""
WAIT_S = 0.25
"""The longest time for which results wait while nothing comes from a pipe."""
CURRENT_S = 60
"""A pipe whose first packet is not older than this is from a capture that goes on."""


class FilePosition(Struct, frozen=True):
    """How far a file has been read."""

    path: str
    bytes: int
    size: int | None  # None: a pipe
    packets: int  # with those of files that were read before it, unless they are read side by side


ReportPosition = Callable[[FilePosition], None]


def in_order(paths: Sequence[str]) -> list[str]:
    """The files in the order in which they begin: a shell lists `cap10` before `cap2`.

    They keep the given order if one of them can be read only once. Those that cannot be read come first.
    """
    if len(paths) < 2 or not are_files(paths):
        return list(paths)
    return sorted(paths, key=beginning)


def are_files(paths: Sequence[str]) -> bool:
    """True if none of them is a pipe or the like, which can be read only once."""
    return all(path != "-" and (Path(path).is_file() or not Path(path).exists()) for path in paths)


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
        events: EventWriter | None = None,
        follow: bool = False,
        mark: FollowMark | None = None,
        workers: int = 1,
    ) -> None:
        """`stop`: what may ask for an end before that of the files.

        With more than one of the `workers`, the engine reads on in a thread while a batch is processed.
        `events` writes the events of flows that match no signature, and of DNS messages, into the batches.
        `follow`: the only path is a folder, whose files are read until then; `mark` keeps how far.
        """
        self.problems: list[str] = []
        self._paths = paths
        self._filter = filter_expression
        self._progress = progress
        self._stop = stop or StopRequest()
        self._wakeup = stop.wakeup if stop else None
        self._engine = Engine(matcher, every_flow=every_flow, **(limits or {}))
        if events is not None:
            self._engine.write_events(events)
        self.kept = KeptPackets(self._engine)
        self._failed = 0
        self._packets_before = 0  # in files that were read before this one
        self._follows = follow
        self._mark = mark
        self._reads_ahead = workers > 1
        self._merging = Merging(
            self._engine, self._try_to_open, PACKETS_PER_STEP, self.problems, ahead=self._reads_ahead
        )

    def batches(self) -> Iterator[Batch]:
        """The batches of all files. Flows that are still open end with the last file.

        A pipe gives a batch whenever it has nothing more for a moment. Raises SourceError if none of the
        files can be opened; otherwise those that cannot be are `problems`.
        """
        if self._follows:
            yield from self._follow(Path(self._paths[0]))
        elif len(self._paths) > 1 and are_files(self._paths):
            yield from self._merge()
        else:
            for path in self._paths:
                if not self._stop.is_asked:
                    yield from self._read(path)
        if self._stop.is_asked:
            packets = self._engine.stats()["packets"]
            self.problems.append(f"interrupted by {self._stop.name} after {packets:,} packets")
        elif self._failed == len(self._paths):
            raise SourceError(self.problems.pop())
        while any(rows := self._engine.finish(FLOWS_AT_END)):
            yield to_batch(rows)

    def coverage(self) -> Coverage:
        """Gaps between several files, and their overlaps."""
        return coverage_of(self._merging.spans)

    def stats(self) -> Stats:
        """The current counters."""
        return self._engine.stats()

    def _merge(self) -> Iterator[Batch]:
        for path, file in self._merging.steps(self._paths):
            self._report(path, file)
            yield to_batch(self._engine.drain())
            if self._stop.is_asked:
                break
        self._merging.end()

    def _follow(self, folder: Path) -> Iterator[Batch]:
        followed: Followed = self._mark.load() if self._mark else {}
        following = Following(self._engine, self._try_to_open, self._stop, PACKETS_PER_STEP, followed)
        self._engine.report_openings()
        latest: CaptureFile | None = None
        for path, file in following.steps(folder):
            if file is not None:
                if latest is not None and file is not latest:
                    self._packets_before += latest.packets
                latest = file
                self._report(path, file)
                if file.problem:
                    self.problems.append(file.problem)
            if self._mark:
                self._mark.save(followed)
            yield to_batch(self._engine.drain())

    def _read(self, path: str) -> Iterator[Batch]:
        file = self._try_to_open(path)
        if file is None:
            return
        is_pipe = file.size is None
        if is_pipe:
            yield from self._begin_pipe(file)
        # What is in a pipe is read after the signal: the writer may have got the same signal.
        ahead = self._reads_ahead
        while (is_pipe or not self._stop.is_asked) and self._step(file, PACKETS_PER_STEP, ahead=ahead):
            self._report(path, file)
            yield to_batch(self._engine.drain())
        self._report(path, file)
        self._packets_before += file.packets
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

    def _step(self, file: CaptureFile, packets: int, *, ahead: bool = False) -> bool:
        """Reads some packets; False at the end of the file."""
        return self._engine.read(file, packets, WAIT_S, ahead=ahead)

    def _report(self, path: str, file: CaptureFile) -> None:
        if self._progress:
            packets = self._packets_before + file.packets
            self._progress(FilePosition(path, file.position, file.size, packets))

    def _try_to_open(self, path: str) -> CaptureFile | None:
        try:
            return self._open(path)
        except CaptureError as error:
            if not self._stop.is_asked:  # else it waited for the header of a capture
                self._failed += 1
                self.problems.append(str(error))
            return None

    def _open(self, path: str) -> CaptureFile:
        file = CaptureFile(path, wakeup=self._wakeup)
        if self._filter:
            link = file.link  # None: there are no packets, but a wrong expression is still an error
            file.set_filter(compile_filter(self._filter, ETHERNET if link is None else link))
        return file
