"""Passwords that were verified, remembered until the machine restarts, and never on a disk.

bcrypt is slow by design, so a password is hashed once, and compared by a fast hash afterwards. Passwords are
easy to guess from a fast hash, so it must be as hard to get as the memory of the process: it is kept in a
file system in memory, in a folder that only the user of the sensor may enter, under a random key.
"""

from __future__ import annotations

import errno
import hashlib
import hmac
import json
import os
import secrets
import stat
import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path

from netmon.errors import reason_of


def memory_folder(environment: Mapping[str, str]) -> Path:
    """The folder in memory: that of the service by systemd, or else one of the user's in shared memory."""
    if environment.get("RUNTIME_DIRECTORY"):
        return Path(environment["RUNTIME_DIRECTORY"].split(":")[0])
    return Path(f"/dev/shm/netmon-{os.geteuid()}")


class VerifiedPasswords:
    """Which password was verified for which bcrypt hash; without a file, only as long as the process runs."""

    def __init__(self, file: Path | None, log: Callable[[str], None]) -> None:
        """Reads what an earlier process remembered. A file that others could have written is not used."""
        self._file = file
        self._log = log
        self._lock = threading.Lock()
        self._key = secrets.token_bytes(32)
        self._tags: dict[str, str] = {}
        """Tag of a bcrypt hash → tag of that hash with its password."""
        if file is not None:
            self._attempt(self._load, file)

    def is_correct(self, stored: bytes, password: bytes) -> bool:
        """True if this password was verified for this hash."""
        with self._lock:
            known = self._tags.get(self._tag(stored), "")
        return hmac.compare_digest(known, self._tag(stored, password))

    def add(self, stored: bytes, password: bytes, in_use: Collection[bytes]) -> None:
        """Remembers a verified password, and forgets those of hashes that are no longer in use."""
        with self._lock:
            kept = {self._tag(one) for one in in_use}
            self._tags = {one: tag for one, tag in self._tags.items() if one in kept}
            self._tags[self._tag(stored)] = self._tag(stored, password)
            if self._file is not None:
                self._attempt(self._save, self._file)

    def _tag(self, *parts: bytes) -> str:
        lengths = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        return hmac.new(self._key, lengths, hashlib.sha256).hexdigest()

    def _attempt(self, use: Callable[[Path], None], file: Path) -> None:
        """Uses the file; if that is not possible, the log says so once, and there is no file any more."""
        try:
            use(file)
        except OSError as error:
            reason = reason_of(error)
            self._log(f"{file}: verified passwords are remembered only until the sensor ends: {reason}")
            self._file = None

    def _load(self, file: Path) -> None:
        if not os.path.lexists(file):
            return
        _check_private(file.parent, stat.S_ISDIR)
        _check_private(file, stat.S_ISREG)
        with suppress(ValueError, KeyError, TypeError, AttributeError):  # damaged: replaced later
            content = json.loads(file.read_text(encoding="ascii"))
            self._key = bytes.fromhex(content["key"])
            self._tags = {str(one): str(tag) for one, tag in content["verified"].items()}

    def _save(self, file: Path) -> None:
        file.parent.mkdir(mode=0o700, exist_ok=True)
        _check_private(file.parent, stat.S_ISDIR)
        content = json.dumps({"key": self._key.hex(), "verified": self._tags})
        new = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as out:
                out.write(content)
            new.replace(file)
        except OSError:
            new.unlink(missing_ok=True)
            raise


def _check_private(path: Path, is_kind: Callable[[int], bool]) -> None:
    """Raises OSError unless the path is of this kind, no link, and this user's alone."""
    found = path.lstat()
    if not is_kind(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise PermissionError(errno.EACCES, f"other users have access to {path}, or it is a link")
