"""Folders and files that root made, and that the sensor writes as another user.

A path may lead through folders of other users, who could put a link in place of a file. So only what is
certainly netmon's own changes its owner: new files and folders, and regular files of root, without other
names, in folders of root to which no one else may write.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from netmon.privileges.account import Account

STATE_FILE = re.compile(r"[\w-]+\.(?:json|db)(?:[.-]\w+)*|\d+\.jsonl")
"""Files of the state, and segments of a spool."""
_MODE = 0o700
_SYSTEM_DEPTH = 2
"""Parts of the path of a folder that is nobody's own, even if it is empty, such as /srv."""
_FLAGS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def hand_over_folder(folder: Path, account: Account, *, own: re.Pattern[str] = STATE_FILE) -> None:
    """Makes a folder, or gives one of root that holds only netmon's files, and these, to the user.

    `own`: the names of these files. Any other folder stays as it is. Raises OSError if it cannot be made.
    """
    folder.mkdir(mode=_MODE, parents=True, exist_ok=True)
    with _opened(folder, os.O_DIRECTORY) as opened:
        names = os.listdir(opened)  # noqa: PTH208  # of the folder that is open, whatever has its name now
        if _is_own(folder, opened, names, own):
            for name in names:
                with suppress(OSError), _opened(Path(name), os.O_RDONLY, opened) as file:
                    _give(file, account)
            os.chown(opened, account.user, account.group)


def would_hand_over(folder: Path, own: re.Pattern[str] = STATE_FILE) -> bool:
    """True if `hand_over_folder` would give this folder, which exists, to the user. Raises OSError."""
    with _opened(folder, os.O_DIRECTORY) as opened:
        return _is_own(folder, opened, os.listdir(opened), own)  # noqa: PTH208  # as above


def hand_over_events(file: Path, account: Account) -> None:
    """Makes the file of the events for the user, or hands it over; also the folder if it is netmon's own."""
    if file.parent.is_dir():
        hand_over_folder(file.parent, account, own=names_beside(file))
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, 0o666)
    except FileExistsError:
        with suppress(OSError), _opened(file.parent, os.O_DIRECTORY) as folder:
            if _is_roots_alone(folder):
                with _opened(Path(file.name), os.O_WRONLY, folder) as existing:
                    _give(existing, account)
        return
    try:
        os.chown(descriptor, account.user, account.group)
    finally:
        os.close(descriptor)


def names_beside(*others: Path | None) -> re.Pattern[str]:
    """The names of the files of the state, and of these and the files that they are rotated to."""
    names = (rf"|{re.escape(path.name)}.*" for path in others if path is not None)
    return re.compile("".join([STATE_FILE.pattern, *names]), re.DOTALL)


def _is_own(folder: Path, opened: int, names: list[str], own: re.Pattern[str]) -> bool:
    is_of_the_system = len(folder.resolve().parts) <= _SYSTEM_DEPTH
    return not is_of_the_system and _is_roots_alone(opened) and all(map(own.fullmatch, names))


def _is_roots_alone(descriptor: int) -> bool:
    found = os.fstat(descriptor)
    return found.st_uid == 0 and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _give(descriptor: int, account: Account) -> None:
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_uid == 0 and found.st_nlink == 1:
        os.chown(descriptor, account.user, account.group)


@contextmanager
def _opened(path: Path, flags: int, folder: int | None = None) -> Iterator[int]:
    follow = os.O_NOFOLLOW if flags & os.O_DIRECTORY else 0  # a folder may be a link, such as systemd's
    descriptor = os.open(path, flags | _FLAGS & ~follow, dir_fd=folder)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
