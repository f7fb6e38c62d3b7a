"""A folder in which captures are rotated: files are written, renamed, compressed and removed meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from os import stat_result
from pathlib import Path

from msgspec import Struct

from netmon._engine import CaptureError, CaptureFile, Engine, sha256
from netmon.errors import SourceError
from netmon.sources.stop_request import StopRequest

POLL_S = 0.25
"""The time between two looks at the folder and at the file that is written."""
_MOST_ABSENT = 1000
"""Files that are recognised although the folder does not have them: they may come back, compressed."""
_IDENTITY_LENGTH = 32
Followed = dict[str, int | None]
"""The files of a folder by their first packets: None if read completely, else the number of packets read."""
_COMPRESSED = frozenset({".bz2", ".gz", ".lz4", ".xz", ".zst"})
_SETTLES_S = 2.0
"""A compressed file is complete if it was not written for so long."""
_LAST_CALL_S = 1.0
"""So long is read what is written already, after the end was asked for."""


class _LookedAt(Struct, frozen=True):
    """A file as it was at the latest look."""

    inode: int
    size: int
    mtime_ns: int
    begins_ns: int
    identity: str


class Following:
    """Reads the files of a folder one after another, in the order of their first packets.

    A file is recognised by its first packet, so that one that is renamed or compressed is not read again. The
    one that is written is read to its end, until a later one is there.
    """

    def __init__(
        self,
        engine: Engine,
        open_file: Callable[[str], CaptureFile | None],
        stop: StopRequest,
        packets: int,
        followed: Followed,
    ) -> None:
        """`packets`: between two steps. `followed`: how far the folder was read before, and is read now."""
        self._followed = followed
        self._parts = {identity: packets for identity, packets in followed.items() if packets is not None}
        self._engine = engine
        self._open_file = open_file
        self._stop = stop
        self._packets = packets
        self._seen: dict[str, _LookedAt] = {}
        self._before: CaptureFile | None = None

    def steps(self, folder: Path) -> Iterator[tuple[str, CaptureFile | None]]:
        """Reads until the end is asked for; after each step, what was read, and None if there is nothing."""
        while not self._stop.is_asked:
            new = self._look(folder)
            if not new:
                yield str(folder), None
                time.sleep(POLL_S)
                continue
            path, seen = new[0]
            file = self._open_file(path)
            if file is not None and _first_of(path) != (seen.begins_ns, seen.identity):
                continue  # another file has taken its name since the look
            packets = self._begin(seen.identity)
            if file is not None:
                yield from self._read(folder, path, seen, file, packets)

    def _read(
        self, folder: Path, path: str, seen: _LookedAt, file: CaptureFile, packets: int
    ) -> Iterator[tuple[str, CaptureFile]]:
        """Reads a file, of which an earlier run has read so many packets."""
        if self._before is not None:
            file.continues(self._before)
        self._before = file
        file.set_growing(True)
        file.skip_packets(packets)
        ends_at_s: float | None = None
        while not file.is_at_end:
            if self._stop.is_asked and ends_at_s is None:
                file.set_growing(False)
                ends_at_s = time.monotonic() + _LAST_CALL_S
            has_more = self._engine.read_merged([file], self._packets) is None
            is_complete = file.is_at_end and not self._stop.is_asked  # otherwise, it may still be written
            self._followed[seen.identity] = None if is_complete else file.packets
            yield path, file
            if ends_at_s is not None and time.monotonic() >= ends_at_s:
                return
            if has_more or file.is_at_end or ends_at_s is not None:
                continue  # the loop ends, or reads on
            if self._look(folder) or self._is_overwritten(path, seen, file):
                file.set_growing(False)  # what was written before the later file began is read now
            else:
                time.sleep(POLL_S)

    def _look(self, folder: Path) -> list[tuple[str, _LookedAt]]:
        """The files that were not read yet, in the order of their first packets."""
        try:
            paths = sorted(folder.iterdir())
        except OSError as error:
            raise SourceError(f"{folder}: {error.strerror or error}: it was followed") from error
        seen = {str(path): self._look_at(path) for path in paths}
        self._seen = {path: one for path, one in seen.items() if one is not None}
        new = [(path, one) for path, one in self._seen.items() if self._is_new(one.identity)]
        return sorted(new, key=lambda one: (one[1].begins_ns, one[0]))

    def _look_at(self, path: Path) -> _LookedAt | None:
        """The file, unless it is no capture or has no packet yet."""
        try:
            about = path.stat()
            if not path.is_file():
                return None
            is_new = time.time() - about.st_mtime < _SETTLES_S
            if is_new and path.suffix in _COMPRESSED:  # it is still written, and its original was read
                return None
            before = self._seen.get(str(path))
            if before is not None and _is_same(before, about):
                return before
        except OSError:  # it was removed
            return None
        first = _first_of(str(path))
        return first and _LookedAt(about.st_ino, about.st_size, about.st_mtime_ns, *first)

    def _is_overwritten(self, path: str, seen: _LookedAt, file: CaptureFile) -> bool:
        """True if the file was begun anew in place: what it had is gone."""
        try:
            about = Path(path).stat()
        except OSError:
            return False
        return about.st_ino == seen.inode and about.st_size < file.position

    def _is_new(self, identity: str) -> bool:
        return identity not in self._followed or identity in self._parts

    def _begin(self, identity: str) -> int:
        """Notes a file that is read now. Returns how many of its packets were read by an earlier run."""
        packets = self._parts.pop(identity, 0)
        self._followed[identity] = packets
        present = {one.identity for one in self._seen.values()}
        for absent in [one for one in self._followed if one not in present][:-_MOST_ABSENT]:
            del self._followed[absent]
            self._parts.pop(absent, None)
        return packets


def _first_of(path: str) -> tuple[int, str] | None:
    """The time of a capture's first packet, and its identity; None if it is not complete enough yet."""
    try:
        first = CaptureFile.first_packet(path)
    except CaptureError:
        return None
    if first is None:
        return None
    time_ns, data = first
    return time_ns, sha256(b"%d " % time_ns + data).hex()[:_IDENTITY_LENGTH]


def _is_same(before: _LookedAt, about: stat_result) -> bool:
    now = about.st_ino, about.st_size, about.st_mtime_ns
    return (before.inode, before.size, before.mtime_ns) == now
