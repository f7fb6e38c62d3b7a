"""The folders in which the sensor writes: whether its user can, and whether their disks have room."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from netmon.config.settings import Config, store_path
from netmon.errors import reason_of
from netmon.privileges.account import Account, can_write
from netmon.privileges.handover import would_hand_over
from netmon.privileges.written import Written, written


@dataclass(frozen=True, slots=True)
class WrittenFolder:
    """A folder of the configuration. What it needs is None if the configuration sets no limit to it."""

    key: str
    folder: Path
    problem: str | None  # why the sensor's user cannot write in it
    device: int | None = None  # that of its file system
    free_bytes: int | None = None  # of that, for users other than root
    needed_bytes: int | None = None  # by which it may still grow


def written_folders(
    config: Config, environment: Mapping[str, str], account: Account | None
) -> Iterator[WrittenFolder]:
    """All of them. `account`: the user that the sensor becomes; None if it stays the one of this process.

    Makes nothing. To be called while the process has one thread.
    """
    for one in written(config, environment):
        nearest = next((path for path in (one.folder, *one.folder.absolute().parents) if path.exists()), None)
        if nearest is None:
            continue
        device, free = _room(nearest)
        needed = _needed(one, config, environment)
        yield WrittenFolder(one.key, one.folder, _problem(one, nearest, account), device, free, needed)


def _problem(one: Written, nearest: Path, account: Account | None) -> str | None:
    if not nearest.is_dir():
        return "not a folder"
    is_made = nearest == one.folder
    if account is not None and is_made:
        return _problem_of(account, one)
    # What does not exist is made by the user that starts the sensor.
    if os.access(nearest, os.W_OK | os.X_OK, effective_ids=True):
        return None
    return f"this user cannot write in {nearest}"


def _problem_of(account: Account, one: Written) -> str | None:
    try:
        if can_write(account, one.folder) or would_hand_over(one.folder, one.own):
            return None
    except OSError as error:
        return reason_of(error)
    return f"the user {account.name} cannot write in {one.folder}"


def _room(folder: Path) -> tuple[int | None, int | None]:
    try:
        found = os.statvfs(folder)
        return folder.stat().st_dev, found.f_bavail * found.f_frsize
    except OSError:
        return None, None


def _needed(one: Written, config: Config, environment: Mapping[str, str]) -> int | None:
    limits = {
        "evidence.folder": config.evidence.max_mib << 20,
        "spool.folder": config.spool.max_bytes,
        "events.file": config.rotation.max_bytes * (config.rotation.keep + 1),
    }
    store = store_path(config, environment)
    limit = limits.get(one.key, 0)
    if store is not None and store.parent == one.folder:
        limit += config.store.max_mib << 20
        if not config.store.max_mib:
            return None
    return max(limit - _size(one.folder), 0) if limit else None


def _size(folder: Path) -> int:
    """The bytes of the files in a folder, as far as it can be read."""
    total = 0
    with suppress(OSError):
        for entry in os.scandir(folder):
            with suppress(OSError):
                total += entry.stat(follow_symlinks=False).st_size if entry.is_file() else 0
    return total
