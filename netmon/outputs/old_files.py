"""Rotated files beside the one that is written: named by their time, compressed, and limited in number."""

from __future__ import annotations

import calendar
import gzip
import os
import re
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from netmon.config.settings import Rotation
from netmon.errors import reason_of

_TIME = "%Y%m%dT%H%M%SZ"
_GZ = ".gz"
_NEW = ".gz.new"


class OldFiles:
    """The rotated files of a file. `events.jsonl` becomes `events.jsonl.20261128T140000Z`, and later `….gz`.

    The newest is not compressed, so that a program that follows the file can read it to its end.
    """

    def __init__(self, path: Path, rotation: Rotation, log: Callable[[str], None]) -> None:
        self._path = path
        self._keep = rotation.keep
        self._is_compressing = rotation.compress
        self._log = log
        self._is_failing = False
        self._thread = threading.Thread()

    def add(self, now_s: float) -> bool:
        """Renames the file; False if there is a rotated one of this second already. Raises OSError.

        After a clock was set back, its name is a second after the latest one: the oldest names go first.
        """
        file = self._file()
        old = self._name_at(now_s)
        latest = next(reversed(self._find()), "")
        if latest > old:
            old = self._name_at(_time_of(latest) + 1)
        if latest == old or os.path.lexists(file.with_name(old)):
            return False
        file.rename(file.with_name(old))
        return True

    def can_be_made(self) -> bool:
        """True if the folder can be written to."""
        return os.access(self._file().parent, os.W_OK | os.X_OK, effective_ids=True)

    def tidy(self) -> None:
        """Removes those that are too many, and compresses the others in a thread, one at a time."""
        with suppress(OSError):
            found = self._find()
            for name in found[: -self._keep]:
                for suffix in ("", _GZ):
                    self._file().with_name(name + suffix).unlink(missing_ok=True)
        if self._is_compressing and not self._thread.is_alive():
            self._thread = threading.Thread(target=self._compress_all, name="compress", daemon=True)
            self._thread.start()

    def wait(self) -> None:
        """Waits until all are compressed."""
        if self._thread.is_alive():
            self._thread.join()

    def _file(self) -> Path:
        """The file itself, where its name is a link."""
        return Path(os.path.realpath(self._path))

    def _name_at(self, time_s: float) -> str:
        return f"{self._file().name}.{time.strftime(_TIME, time.gmtime(time_s))}"

    def _find(self) -> list[str]:
        """The names of rotated files, oldest first, without the suffix of compressed ones."""
        file = self._file()
        pattern = re.compile(rf"({re.escape(file.name)}\.\d{{8}}T\d{{6}}Z)({re.escape(_GZ)})?")
        matches = (pattern.fullmatch(one.name) for one in file.parent.iterdir())
        return sorted({match[1] for match in matches if match and _time_of(match[1])})

    def _compress_all(self) -> None:
        try:
            for name in self._find()[:-1]:
                file = self._file().with_name(name)
                if file.exists():
                    _compress(file)
        except OSError as error:
            if not self._is_failing:
                self._log(f"{self._path}: rotated files cannot be compressed: {reason_of(error)}")
            self._is_failing = True
        else:
            self._is_failing = False


def _time_of(name: str) -> int:
    """The time in the name of a rotated file; 0 if it is none, and the file not one of netmon's."""
    try:
        return calendar.timegm(time.strptime(name.rpartition(".")[2], _TIME))
    except ValueError:
        return 0


def _compress(file: Path) -> None:
    new = file.with_name(file.name + _NEW)  # one that a crash left is overwritten
    try:
        with file.open("rb") as source, new.open("wb") as raw:
            with gzip.GzipFile(filename=file.name, fileobj=raw, mode="wb", compresslevel=6) as packed:
                shutil.copyfileobj(source, packed, 1 << 20)
            raw.flush()
            os.fsync(raw.fileno())
        new.replace(file.with_name(file.name + _GZ))
        file.unlink()
    except OSError:
        new.unlink(missing_ok=True)
        raise
