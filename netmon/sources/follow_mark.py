"""How far a folder was followed, so that a restart does not count again what a store has."""

from __future__ import annotations

import json
from pathlib import Path

from netmon.errors import SourceError, reason_of
from netmon.state_file import replace_file

ENDING = ".followed"


class FollowMark:
    """The time of the latest packet of a followed folder, in a file beside the store."""

    def __init__(self, store: Path, folder: Path) -> None:
        self._file = store.with_name(f"{store.name}{ENDING}")
        self._folder = str(folder.resolve())
        self._saved_ns = 0

    def load(self) -> int:
        """The time up to which packets were read; 0 at the first start. Raises SourceError."""
        self._saved_ns = self._read().get(self._folder, 0)
        return self._saved_ns

    def save(self, last_ns: int) -> None:
        """Keeps a later time. Raises SourceError."""
        if last_ns <= self._saved_ns:
            return
        times = self._read() | {self._folder: last_ns}
        try:
            replace_file(self._file, json.dumps(times))
        except OSError as error:
            raise SourceError(f"{self._file}: {reason_of(error)}: how far was read is kept there") from error
        self._saved_ns = last_ns

    def _read(self) -> dict[str, int]:
        try:
            times = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise SourceError(
                f"{self._file}: cannot be read ({error}); without the file, all is read again"
            ) from error
        if not isinstance(times, dict) or not all(type(one) is int for one in times.values()):
            raise SourceError(f"{self._file}: not a file that netmon writes; remove it to read all again")
        return times
