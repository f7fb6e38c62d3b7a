"""The secret key of the pseudonyms: a file that only its owner may read, which can be replaced.

A key that was replaced is kept beside the new one, as `KEY.2026-11-28.until-2027-02-26`: its last day of
use, and the day until which it may identify clients. After that day it is removed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

from msgspec import Struct

from netmon.errors import ConfigError, reason_of

_MIN_KEY_BYTES = 32
_MAX_KEY_BYTES = 65_536
_OTHERS = 0o077
"""The rights of a file's group and of all users."""
_KEPT = r"\.(\d{4}-\d\d-\d\d)\.until-(\d{4}-\d\d-\d\d)"


class KeptKey(Struct, frozen=True):
    """A key that was replaced."""

    file: Path
    last_day: str  # on which it may have been in use
    until: str  # the last day on which it is kept


def read_key(file: Path | None, environment: Mapping[str, str] | None = None) -> bytes:
    """The secret key of the pseudonyms: the bytes of the file, or a random key for this process only.

    Raises ConfigError when the file cannot be read, is too short, or may be read by others than its owner.
    The rights of a credential of systemd are systemd's.
    """
    if file is None:
        return os.urandom(_MIN_KEY_BYTES)
    try:
        with file.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            key = stream.read(_MAX_KEY_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{file}: {reason_of(error)}{_how_to_make(file, error)}") from error
    if len(key) > _MAX_KEY_BYTES:
        raise ConfigError(
            f"{file}: larger than {_MAX_KEY_BYTES:,} bytes, so it is hardly a key: name another file"
        )
    if mode & _OTHERS and not _is_credential(file, os.environ if environment is None else environment):
        raise ConfigError(
            f"{file}: may be read by others than its owner, who could then identify clients; run: "
            f"chmod 600 {file}"
        )
    if len(key) < _MIN_KEY_BYTES:
        raise ConfigError(
            f"{file}: a key of {len(key)} bytes is too short (at least {_MIN_KEY_BYTES}); remove it, "
            f"and create "
            f"one with: netmon privacy key {file}"
        )
    return key


def _how_to_make(file: Path, error: OSError) -> str:
    missing = isinstance(error, FileNotFoundError)
    return f"; create it with: netmon privacy key {file}" if missing else ""


def _is_credential(file: Path, environment: Mapping[str, str]) -> bool:
    folder = environment.get("CREDENTIALS_DIRECTORY")
    return folder is not None and file.resolve().parent == Path(folder).resolve()


def make_key(file: Path) -> None:
    """Writes a new key to a file that does not exist yet. Raises ConfigError."""
    try:
        _write(file)
    except FileExistsError as error:
        raise ConfigError(
            f"{file}: exists already; to replace the key, run: netmon privacy rotate {file}"
        ) from error
    except OSError as error:
        raise ConfigError(f"{file}: {reason_of(error)}") from error


def rotate_key(file: Path, today: date, keep_days: int) -> KeptKey:
    """Replaces the key, and keeps the old one for some days. Raises ConfigError; the old key stays then."""
    read_key(file)
    until = today + timedelta(days=keep_days)
    kept = KeptKey(file.with_name(f"{file.name}.{today}.until-{until}"), today.isoformat(), until.isoformat())
    new = file.with_name(f"{file.name}.new")
    try:
        new.unlink(missing_ok=True)
        _write(new)
        _give_to_owner_of(file, new)
        os.link(file, kept.file)  # fails if the key was replaced today already
        new.replace(file)
    except FileExistsError as error:
        new.unlink(missing_ok=True)
        raise ConfigError(
            f"{kept.file}: exists already, so the key was replaced today: try tomorrow"
        ) from error
    except OSError as error:
        raise ConfigError(f"{file}: the key cannot be replaced: {reason_of(error)}") from error
    return kept


def kept_keys(file: Path) -> Iterator[KeptKey]:
    """The keys that were replaced, the oldest first."""
    for path in sorted(file.parent.glob(f"{file.name}.*")):
        found = re.fullmatch(_KEPT, path.name.removeprefix(file.name))
        if found is not None:
            yield KeptKey(path, found[1], found[2])


def remove_expired(file: Path, today: date) -> list[Path]:
    """Removes the keys whose time is over. Raises ConfigError."""
    expired = [kept.file for kept in kept_keys(file) if kept.until < today.isoformat()]
    for path in expired:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise ConfigError(
                f"{path}: its time is over, but it cannot be removed: {reason_of(error)}"
            ) from error
    return expired


def read_all_keys(file: Path) -> list[bytes]:
    """The key, and those that it replaced. Raises ConfigError.

    A sensor that was not restarted still uses an old one.
    """
    return [read_key(one) for one in (file, *(kept.file for kept in kept_keys(file)))]


def _write(file: Path) -> None:
    """Writes a new key to a new file."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(file, flags, 0o600), "wb") as stream:
        stream.write(os.urandom(_MIN_KEY_BYTES))
        stream.flush()
        os.fsync(stream.fileno())


def _give_to_owner_of(old: Path, new: Path) -> None:
    """A key keeps its owner, who need not be the one that replaces it."""
    owner = old.stat()
    if (owner.st_uid, owner.st_gid) != (os.geteuid(), os.getegid()):
        os.chown(new, owner.st_uid, owner.st_gid)
