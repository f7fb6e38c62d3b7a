"""A file that keeps state across restarts: JSON, bounded, with a version, replaced atomically."""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from netmon.errors import reason_of

MAX_BYTES = 16 * 1024 * 1024
MAX_DAMAGED = 9
"""Damaged files that are kept of each file."""
RETRY_S = 60.0
"""Time between attempts to write the file after a failure."""
_NEW_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
State = TypeVar("State")


class HeldLog:
    """Holds lines about files until a start has succeeded: if it fails, its reason matters more."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._held: list[str] | None = []

    def __call__(self, line: str) -> None:
        """Logs a line, or holds it."""
        if self._held is None:
            self._log(line)
        else:
            self._held.append(line)

    def release(self) -> None:
        """Logs what was held; later lines are logged at once."""
        held, self._held = self._held or [], None
        for line in held:
            self._log(line)


class StateFile:
    """Loads state at startup, and saves it when it has changed.

    A file that cannot be read or parsed is renamed; one that cannot be written is tried again later. Either
    is logged in one line, and the sensor continues with the state in memory.
    """

    def __init__(
        self, path: Path, version: int, log: Callable[[str], None], *, if_damaged: str, if_unsaved: str
    ) -> None:
        """`if_damaged` and `if_unsaved` say in the log what the loss means for the user."""
        self.is_saved = True  # the last attempt to save succeeded
        self.is_failing = False  # the last access to the file failed
        self._file = path
        self._version = version
        self._log = log
        self._if_damaged = if_damaged
        self._if_unsaved = if_unsaved
        self._saved = 0
        self._retry_at_s = 0.0

    def load(self, parse: Callable[[dict[str, Any]], State], empty: State) -> State:
        """The state in the file; `empty` if there is no file, or no usable one.

        `parse` raises ValueError or TypeError for content that is not valid.
        """
        try:
            return parse(self._read())
        except FileNotFoundError:
            pass
        except OSError as error:
            self.is_failing = True
            self._set_aside(reason_of(error))
        except (ValueError, TypeError, RecursionError):
            self._set_aside("damaged, or written by another version of netmon")
        return empty

    def probe(self) -> None:
        """Tries whether the file can be written; if not, it is reported as when it is first saved."""
        new = self._new_file()
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with new.open("wb") as stream:
                stream.write(b"\n")
            new.unlink()
        except OSError as error:
            self._report(error)

    def saved(self, changes: int) -> None:
        """The state with this number of changes is what the file holds."""
        self._saved = changes

    def save(self, changes: int, content: Callable[[], dict[str, str]], now_s: float) -> None:
        """Writes the file if the number of `changes` is another than when it was last written.

        `content`: the JSON of each key. `now_s`: the time of a monotonic clock.
        """
        if changes == self._saved or now_s < self._retry_at_s:
            return
        try:
            self._write(content())
        except OSError as error:
            self._retry_at_s = now_s + RETRY_S
            self._report(error)
            return
        if not self.is_saved:
            self._log(f"{self._file}: can be written again")
        self.is_saved, self.is_failing = True, False
        self._saved = changes

    def _report(self, error: OSError) -> None:
        if self.is_saved:
            self._log(f"{self._file}: {reason_of(error)}; until it can be written, {self._if_unsaved}")
        self.is_saved, self.is_failing = False, True

    def _new_file(self) -> Path:
        return self._file.with_name(f"{self._file.name}.new")

    def _read(self) -> dict[str, Any]:
        with self._file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ValueError
        content = json.loads(data)
        if not isinstance(content, dict) or content.get("version") != self._version:
            raise ValueError
        return content

    def _set_aside(self, why: str) -> None:
        try:
            kept = f"renamed to {set_aside(self._file)}"
        except OSError:
            kept = "left in place"
        self._log(f"{self._file}: {why}; {kept}; {self._if_damaged}")

    def _write(self, content: dict[str, str]) -> None:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(self._file, state_text(self._version, content))


def set_aside(file: Path, *suffixes: str) -> Path:
    """Renames a damaged file, and those beside it with these suffixes; returns its new name. Raises OSError.

    Earlier damaged ones stay. At most MAX_DAMAGED are kept, so that a failing disk does not fill up.
    """
    names = (f"{file.name}.damaged", *(f"{file.name}.damaged-{n}" for n in range(2, MAX_DAMAGED + 1)))
    for name in names:
        aside = file.with_name(name)
        if not os.path.lexists(aside):
            for suffix in ("", *suffixes):
                with suppress(FileNotFoundError):
                    Path(f"{file}{suffix}").rename(f"{aside}{suffix}")
            return aside
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(file.with_name(names[-1])))


def damaged_files(file: Path) -> list[Path]:
    """The files that were set aside."""
    form = re.compile(rf"{re.escape(file.name)}\.damaged(-\d)?")
    return sorted(one for one in file.parent.glob("*") if form.fullmatch(one.name))


def state_text(version: int, content: dict[str, str]) -> str:
    """What the file holds: the JSON of each key."""
    parts = {"version": str(version), **content}
    text = ", ".join(f'"{key}": {value}' for key, value in parts.items())
    return f"{{{text}}}\n"


def replace_file(file: Path, text: str, suffix: str = ".new") -> None:
    """Replaces a file in one step, or makes it: a crash leaves the old text or the new one. Raises OSError.

    A file that is there keeps its owner and rights; another one is its user's alone. It is made beside it.
    """
    new = file.with_name(f"{file.name}{suffix}")
    try:
        owner = file.stat()
    except FileNotFoundError:
        owner = None
    mode = 0o600 if owner is None else owner.st_mode & 0o777
    with os.fdopen(make_anew(new, mode), "w", encoding="utf-8") as stream:
        if owner is not None:
            keep_owner(stream.fileno(), owner)
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(file)


def make_anew(file: Path, mode: int = 0o600) -> int:
    """Makes a file with these rights in place of what has its name, and opens it. Raises OSError.

    A link is not followed: the folder may belong to a user with fewer rights, who could have made it.
    """
    file.unlink(missing_ok=True)
    return os.open(file, _NEW_FLAGS, mode)


def keep_owner(descriptor: int, owner: os.stat_result) -> None:
    """Gives an open file the rights and the owner of another one, as far as the process may do that.

    What is equal already is not asked for: the sensor's filter of system calls refuses both.
    """
    own = os.fstat(descriptor)
    with suppress(PermissionError):
        if (own.st_uid, own.st_gid) != (owner.st_uid, owner.st_gid):
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
    with suppress(PermissionError):
        if own.st_mode != owner.st_mode:
            os.fchmod(descriptor, owner.st_mode & 0o7777)


def json_rows(rows: list[Any]) -> str:
    """A JSON list with one element a line."""
    lines = ",\n".join(map(json.dumps, rows))
    return f"[\n{lines}\n]"


def list_of(value: Any) -> list[Any]:
    """A value that must be a list. Raises TypeError."""
    if not isinstance(value, list):
        raise TypeError
    return value
