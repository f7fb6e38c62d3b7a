"""Passwords that were verified, remembered until the machine restarts, and never on a disk.

bcrypt is slow by design, so a password is hashed once, and compared by a fast hash afterwards. Passwords are
easy to guess from a fast hash, so it must be as hard to get as the memory of the process: it is kept in a
file system in memory, in a folder that only the user of the sensor may enter, under a random key.
"""

from __future__ import annotations

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


class Remembered:
    """Which password was verified for which bcrypt hash; without a file, only as long as the process runs."""

    def __init__(self, file: Path | None, log: Callable[[str], None]) -> None:
        """Reads what an earlier process remembered. A file that others could have written is not used."""
        self._file = file
        self._lock = threading.Lock()
        self._key = secrets.token_bytes(32)
        self._tags: dict[str, str] = {}
        """Tag of a bcrypt hash → tag of that hash with its password."""
        if file is not None:
            problem = self._load(file)
            if problem is not None:
                log(f"{file}: verified passwords are remembered only until the sensor ends: {problem}")
                self._file = None

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
                with suppress(OSError):  # the password is verified again after a restart
                    self._save(self._file)

    def _tag(self, *parts: bytes) -> str:
        lengths = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        return hmac.new(self._key, lengths, hashlib.sha256).hexdigest()

    def _load(self, file: Path) -> str | None:
        """Reads the file if there is one; the reason if it or its folder cannot be used."""
        try:
            with suppress(FileExistsError):
                file.parent.mkdir(mode=0o700)
            if not _is_private(file.parent, stat.S_ISDIR):
                return f"{file.parent} must be a folder that only the user of the sensor can enter"
            if not os.path.lexists(file):
                return None
            if not _is_private(file, stat.S_ISREG):
                return "it must be a file that only the user of the sensor can read"
            content = json.loads(file.read_text(encoding="ascii"))
            self._key = bytes.fromhex(content["key"])
            self._tags = {str(one): str(tag) for one, tag in content["verified"].items()}
        except OSError as error:
            return reason_of(error)
        except (ValueError, KeyError, TypeError, AttributeError):
            return None  # damaged: replaced by the next password that is verified
        return None

    def _save(self, file: Path) -> None:
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


def _is_private(path: Path, is_kind: Callable[[int], bool]) -> bool:
    """True if the path itself, not where a link leads, is of this kind, and this user's alone."""
    found = path.lstat()
    return is_kind(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077
