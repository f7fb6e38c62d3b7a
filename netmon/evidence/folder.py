"""The folder of the evidence: private files, written completely or not at all, and removed after a while."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from netmon.config.settings import EvidenceFiles
from netmon.days import DAY_S
from netmon.errors import OutputError, reason_of

ENDINGS = (".pcapng", ".yaml", ".json")
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
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


class Stored(NamedTuple):
    """The files of one finding."""

    stem: str
    time_s: float
    size: int


class EvidenceFolder:
    """Writes private files. The constructor makes the folder; it raises OutputError."""

    def __init__(self, path: Path, settings: EvidenceFiles) -> None:
        self.path = path
        self._max_bytes = settings.max_mib << 20
        self._keep_s = settings.keep_days * DAY_S
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for left in path.glob("*.new"):
                if OWN_FILE.fullmatch(left.name):
                    left.unlink()
            self.write(_PROBE, b"")
            (path / _PROBE).unlink()
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
            (self.path / f"{stem}{ending}").unlink(missing_ok=True)

    def expired(self, now_s: float) -> list[str]:
        """The findings whose files are too old, or too many; oldest first. Raises OSError."""
        found = self._stored()
        left = sum(one.size for one in found)
        expired = []
        for one in found:
            if now_s - one.time_s <= self._keep_s and left <= self._max_bytes:
                break
            left -= one.size
            expired.append(one.stem)
        return expired

    def _stored(self) -> list[Stored]:
        """All findings, oldest first."""
        times: dict[str, float] = {}
        sizes: dict[str, int] = {}
        for entry in os.scandir(self.path):
            if re.fullmatch(_FINDING, entry.name):
                stem, status = entry.name.split(".")[0], entry.stat(follow_symlinks=False)
                times[stem] = max(times.get(stem, 0.0), status.st_mtime)
                sizes[stem] = sizes.get(stem, 0) + status.st_size
        return sorted((Stored(stem, times[stem], sizes[stem]) for stem in times), key=lambda one: one[1::-1])
