"""The log of identifications: who asked for the address of which pseudonym, when and why."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from netmon.errors import ConfigError, reason_of

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


def log_file(key_file: Path) -> Path:
    """The log beside a key."""
    return key_file.with_name(f"{key_file.name}.log")


def append(key_file: Path, now: datetime, action: str, **fields: Any) -> None:
    """Adds a line, and waits until it is on the disk.

    Raises ConfigError: what is not logged must not happen.
    """
    file = log_file(key_file)
    entry = {"time": f"{now:%Y-%m-%dT%H:%M:%SZ}", "user": user(os.environ), "action": action, **fields}
    line = json.dumps(entry, ensure_ascii=True) + "\n"
    try:
        with os.fdopen(os.open(file, _FLAGS, 0o600), "wb", buffering=0) as stream:
            stream.write(line.encode())
            os.fsync(stream.fileno())
    except OSError as error:
        raise ConfigError(f"{file}: {reason_of(error)}; nothing is done that cannot be logged") from error


def user(environment: Mapping[str, str]) -> str:
    """Who runs the command; with sudo, who called it."""
    own = _own_name()
    before = environment.get("SUDO_USER")
    return f"{before} as {own}" if before and before != own else own


def _own_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.geteuid())
