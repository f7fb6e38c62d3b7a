"""The folder of the evidence: private files, written completely or not at all, and removed after a while."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from netmon.config.settings import EvidenceFiles
from netmon.days import DAY_S
from netmon.errors import OutputError, reason_of

PACKETS = ".pcapng"
ENDINGS = (PACKETS, ".yaml", ".json")
"""The files of one finding, in the order in which they are written."""
_STEM = r"\d{8}T\d{6}Z-[\w-]+-[0-9a-f]{12}"
_PROBE = "probe"
_FINDING = rf"{_STEM}(\.pcapng|\.yaml|\.json)(\.new)?"
OWN_FILE = re.compile(
    rf"({_FINDING}|chain-\d{{6}}\.jsonl|chain\.lock|erasure-\d{{20}}\.json|{_PROBE}(\.new)?)"
)
"""The names of all files that netmon writes there."""
DOCUMENT = re.compile(rf"{_STEM}\.json")
"""The names of the documents of findings."""
_BLOCK = 4096
_RESERVED = 32
"""One part of so many stays free for records of the chain. As much is freed at once: listing costs time."""
_CHAIN_SHARE = 4
_SEGMENTS = 16
"""The chain gets one of so many parts of the space, and a file of it the other."""
_LARGEST_SEGMENT = 16 << 20
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


class Stored(NamedTuple):
    """The files of one finding."""

    stem: str
    time_s: float
    size: int


class EvidenceFolder:
    """Writes private files, and knows the space that all of them take.

    The constructor makes the folder; it raises OutputError.
    """

    def __init__(self, path: Path, settings: EvidenceFiles) -> None:
        self.path = path
        self._max_bytes = settings.max_mib << 20
        self._keep_s = settings.keep_days * DAY_S
        self._limit = self._max_bytes - self._max_bytes // _RESERVED
        self._used, self._grown = 0, 0
        self.most_of_chain = self._max_bytes // _CHAIN_SHARE
        self.segment_bytes = min(_LARGEST_SEGMENT, self._max_bytes // _CHAIN_SHARE // _SEGMENTS)
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for left in path.glob("*.new"):
                if OWN_FILE.fullmatch(left.name):
                    left.unlink()
            self.write(_PROBE, b"")
            self.remove_file(path / _PROBE)
            self._measure(0)
        except OSError as error:
            raise OutputError(
                f"{path}: {reason_of(error)}: name a folder for the evidence that this user can write"
            ) from error

    def write(self, name: str, data: bytes) -> None:
        """Writes a file. Raises OSError, and leaves nothing then."""
        file, new = self.path / name, self.path / f"{name}.new"
        descriptor = os.open(new, _FLAGS, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
            new.replace(file)
            self._used += self.size_of(file)
        except OSError:
            with suppress(OSError):
                new.unlink()
            raise

    def has(self, stem: str) -> bool:
        """True if the files of this finding are there already."""
        return (self.path / f"{stem}.json").exists()

    def remove(self, stem: str) -> None:
        """Removes the files of a finding. Raises OSError."""
        for ending in reversed(ENDINGS):
            self.remove_file(self.path / f"{stem}{ending}")

    def remove_file(self, path: Path) -> None:
        """Removes a file, if it is there. Raises OSError."""
        with suppress(FileNotFoundError):
            size = self.size_of(path)
            path.unlink()
            self._used -= size

    @staticmethod
    def size_of(path: Path) -> int:
        """What a file takes on the disk. Raises OSError."""
        return _allocated(path.lstat())

    @staticmethod
    def space_for(contents: Iterable[bytes]) -> int:
        """What files with these contents take at least."""
        return sum(_in_blocks(len(one)) for one in contents)

    def has_room(self, size: int, grown: int) -> bool:
        """True if so much more fits. `grown`: the bytes that were added to the chain since the start."""
        return self._used + grown - self._grown + size <= self._limit

    def expired(self, now_s: float | None, size: int, grown: int) -> list[str]:
        """The findings that are too old, or in the way of so many bytes; oldest first. Raises OSError.

        `now_s`: None if no time is certain enough to say what is too old.
        """
        found = self._measure(grown)
        left = self._used + size
        most = self._limit if left <= self._limit else self._limit - self._max_bytes // _RESERVED
        expired = []
        for one in found:
            is_old = now_s is not None and now_s - one.time_s > self._keep_s
            if not is_old and left <= most:
                break
            left -= one.size
            expired.append(one.stem)
        return expired

    def _measure(self, grown: int) -> list[Stored]:
        """Adds up the sizes of all files, and returns the findings, oldest first."""
        times: dict[str, float] = {}
        sizes: dict[str, int] = {}
        used = 0
        for entry in os.scandir(self.path):
            if not OWN_FILE.fullmatch(entry.name):
                continue
            status = entry.stat(follow_symlinks=False)
            size = _allocated(status)
            used += size
            if re.fullmatch(_FINDING, entry.name):
                stem = entry.name.split(".")[0]
                times[stem] = max(times.get(stem, 0.0), status.st_mtime)
                sizes[stem] = sizes.get(stem, 0) + size
        self._used, self._grown = used, grown
        return sorted((Stored(stem, times[stem], sizes[stem]) for stem in times), key=lambda one: one[1::-1])


def _allocated(status: os.stat_result) -> int:
    """What a file takes: file systems that allocate later do not say it at once."""
    return max(status.st_blocks * 512, _in_blocks(status.st_size))


def _in_blocks(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK
