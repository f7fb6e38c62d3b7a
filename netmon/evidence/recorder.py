"""Writes evidence for each finding as soon as it is judged, and again if it is judged otherwise later."""

from __future__ import annotations

import errno
import os
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress

from netmon.errors import reason_of
from netmon.evidence.announcement import evidence_event
from netmon.evidence.chain import Chain
from netmon.evidence.document import Files, Writer
from netmon.evidence.erasure_record import adopt
from netmon.evidence.folder import ENDINGS, EvidenceFolder
from netmon.evidence.judged import Decision, is_finding, judged
from netmon.evidence.pruning import prune
from netmon.outputs.ecs import Stream
from netmon.outputs.json_line import json_line
from netmon.outputs.observer import Observer
from netmon.places.databases import Databases
from netmon.records import ClassifiedFlow, DnsRecord
from netmon.sources.kept import KeptPackets
from netmon.timer import SteadyClock, has_passed

_EXPIRE_EVERY_S = 60.0
_ADOPT_EVERY_S = 5.0
_MAX_OPEN = 100_000
"""Findings of flows that go on, which are remembered so that they are not written again."""


class Recorder:
    """An output that writes evidence. A folder that cannot be written stops nothing: it is counted."""

    def __init__(
        self,
        folder: EvidenceFolder,
        chain: Chain,
        writer: Writer,
        kept: KeptPackets,
        databases: Databases,
        log: Callable[[str], None],
        clock: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        """`clock`: seconds since 1970."""
        self.written = 0
        self.failed = 0
        self.without_packets = 0
        self.writer = writer
        self._chain = chain
        self._folder = folder
        self._kept = kept
        self._databases = databases
        self._log = log
        self._clock = clock
        self._steady = SteadyClock(clock, monotonic, lambda line: log(f"{folder.path}: {line}"))
        self._known: OrderedDict[int, tuple[Decision, int | None]] = OrderedDict()
        self._announced: list[tuple[Observer, Stream]] = []
        self._released: list[int] = []
        self._is_failing = False  # findings cannot be written
        self._is_stuck = False  # old ones cannot be removed
        self._expiring: frozenset[str] = frozenset()  # the chain says already that they are removed
        self._expire_at_s = clock()
        self._adopt_at_s = 0.0

    def flow(self, classified: ClassifiedFlow) -> None:
        """Writes the evidence of a finding, unless it was written with the same result and look-up."""
        flow = classified.flow
        is_over = flow.phase == "end"
        if is_finding(classified):
            result = judged(classified), flow.answer_ns
            if self._known.get(flow.flow_id) != result:
                self._write(classified)
            self._known[flow.flow_id] = result
        elif is_over:
            self._released.append(flow.flow_id)
        if is_over:
            self._known.pop(flow.flow_id, None)
        while len(self._known) > _MAX_OPEN:
            self._known.popitem(last=False)

    def dns(self, record: DnsRecord) -> None:
        """Does nothing: DNS messages are no findings."""

    def flush(self) -> None:
        """Releases the packets of flows that are no findings, and writes what waits."""
        if self._released:
            self._kept.release(self._released)
            self._released.clear()
        now_s = self._clock()
        is_due = has_passed(self._expire_at_s, now_s, _EXPIRE_EVERY_S)
        if is_due or not self._folder.has_room(0, self._chain.grown):
            self._expire_at_s = now_s + _EXPIRE_EVERY_S
            self._expire()
        if has_passed(self._adopt_at_s, now_s, _ADOPT_EVERY_S):
            self._adopt_at_s = now_s + _ADOPT_EVERY_S
            with suppress(OSError):  # the record stays where it is
                adopt(self._folder.path, self._chain)
        self._chain.flush()

    def announce(self, observer: Observer, stream: Stream) -> None:
        """From now on writes an event for each finding to a stream."""
        self._announced.append((observer, stream))

    def counts(self) -> dict[str, int]:
        """What became of findings, for the metrics."""
        return {"written": self.written, "failed": self.failed, "without_packets": self.without_packets}

    def _write(self, classified: ClassifiedFlow) -> None:
        flow = classified.flow
        kept = self._kept.of(flow.flow_id)
        if flow.continues is not None:
            kept = self._kept.of(flow.continues) + kept
        self.without_packets += not kept
        try:
            files = self.writer.files(classified, kept, self._databases.current)
            if not self._folder.has(files.stem):
                self._store(files)
        except OSError as error:
            self.failed += 1
            if not self._is_failing:
                self._log(
                    f"{self._folder.path}: {reason_of(error)}; findings have no evidence until it can be "
                    "written"
                )
            self._is_failing = True
            return
        if self._is_failing:
            self._log(f"{self._folder.path}: can be written again; {self.failed:,} findings have no evidence")
        self._is_failing = False
        self.written += 1
        for observer, stream in self._announced:
            event = evidence_event(observer, flow, f"{files.stem}.json", files.sha256)
            stream.write(json_line(event))

    def _store(self, files: Files) -> None:
        size = self._folder.space_for(files.contents.values())
        if not self._folder.has_room(size, self._chain.grown):
            self._expire(size)
        if not self._folder.has_room(size, self._chain.grown):
            raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))
        try:
            for ending in ENDINGS:
                self._folder.write(f"{files.stem}{ending}", files.contents[ending])
        except OSError:
            with suppress(OSError):
                self._folder.remove(files.stem)  # without its document, nobody knows whose packets these are
            raise
        self._chain.add("evidence", file=f"{files.stem}.json", sha256=files.sha256)

    def _expire(self, size: int = 0) -> None:
        """Removes what is too old or in the way. The chain says so before: a check meanwhile misses none."""
        try:
            self._chain.flush()  # what waits takes space as well
            expired = self._folder.expired(self._steady.time_s(), size, self._chain.grown)
            told = [f"{stem}.json" for stem in expired if stem not in self._expiring]
            if told:
                self._chain.add("removed", files=told, why="retention")
                self._chain.flush()
            self._expiring = frozenset(expired)
            for stem in expired:
                self._folder.remove(stem)
            self._expiring = frozenset()
            prune(self._folder, self._chain)
        except OSError as error:
            if not self._is_stuck:
                self._log(f"{self._folder.path}: old evidence cannot be removed: {reason_of(error)}")
            self._is_stuck = True
        else:
            self._is_stuck = False
