"""How far a folder was followed, so that a restart does not count again what a store has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from netmon.errors import SourceError, reason_of
from netmon.sources.following import Followed
from netmon.state_file import replace_file

ENDING = ".followed"
_Folders = dict[str, dict[str, Annotated[int, msgspec.Meta(ge=0, le=2**62)] | None]]


class FollowMark:
    """What was read of a followed folder, in a file beside the store."""

    def __init__(self, store: Path, folder: Path) -> None:
        self._file = store.with_name(f"{store.name}{ENDING}")
        self._folder = str(folder.resolve()).encode(errors="backslashreplace").decode()
        self._saved: Followed = {}

    def load(self) -> Followed:
        """What was read; nothing at the first start. Raises SourceError."""
        self._saved = self._read().get(self._folder, {})
        return dict(self._saved)

    def save(self, followed: Followed) -> None:
        """Keeps what was read, if that has changed. Raises SourceError."""
        if followed == self._saved:
            return
        folders = self._read() | {self._folder: followed}
        try:
            replace_file(self._file, msgspec.json.encode(folders).decode())
        except OSError as error:
            raise SourceError(f"{self._file}: {reason_of(error)}: how far was read is kept there") from error
        self._saved = dict(followed)

    def _read(self) -> dict[str, Followed]:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=_Folders)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise SourceError(
                f"{self._file}: cannot be read ({reason_of(error)}); without the file, all is read again"
            ) from error
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise SourceError(
                f"{self._file}: not a file that netmon writes; remove it to read all again"
            ) from error
