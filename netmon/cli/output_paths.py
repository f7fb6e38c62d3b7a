"""Where a sensor writes: paths that exclude each other, and folders that cannot be written to."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path

from netmon.config.settings import Config, state_folder, store_path
from netmon.errors import ConfigError, reason_of

_DATABASE = b"SQLite format 3\0"


def check_shared_paths(settings: Config, environment: Mapping[str, str]) -> None:
    """Raises ConfigError if two outputs have one path: one would destroy what the other has written."""
    store = store_path(settings, environment)
    files = {"events.file": settings.events, "store.path": store, "privacy.key_file": settings.privacy_key}
    if store is not None:
        files |= {f"store.path (its {end})": Path(f"{store}-{end}") for end in ("wal", "shm")}
    folders = {"evidence.folder": settings.evidence.folder, "spool.folder": settings.spool.folder}
    for (one, path), (other, same) in combinations([*files.items(), *folders.items()], 2):
        if path is not None and same is not None and _is_same(path, same):
            raise ConfigError(f"{_where(settings)}{one} and {other} are both {path}: give each its own path")


def check_kinds(settings: Config, environment: Mapping[str, str]) -> None:
    """Raises ConfigError if something else stands where a file or folder is to be."""
    where, events, store = _where(settings), settings.events, store_path(settings, environment)
    for key, file in (("events.file", events), ("store.path", store)):
        if file is not None and file.is_dir():
            raise ConfigError(f"{where}{key}: {file} is a folder: name a file in it")
    if events is not None and not events.parent.is_dir():
        raise ConfigError(f"{where}events.file: there is no folder {events.parent}")
    if events is not None and _head(events) == _DATABASE:
        raise ConfigError(f"{where}events.file: {events} is a database: name another file")
    if store is not None and _head(store) not in (b"", _DATABASE):
        raise ConfigError(
            f"{where}store.path: {store} is a file of another program, or a store whose beginning is "
            "damaged: name another file, or move this one away"
        )
    for key, folder in _folders(settings, environment):
        there = _nearest(folder)
        if not there.is_dir():
            what = "is not a folder" if there == folder else f"cannot be made: {there} is not a folder"
            raise ConfigError(f"{where}{key}: {folder} {what}")


def unwritable(settings: Config, environment: Mapping[str, str]) -> Iterator[str]:
    """A line for each folder that this user cannot write to. The sensor's user may be another one."""
    for key, folder in _folders(settings, environment):
        there = _nearest(folder)
        if not os.access(there, os.W_OK | os.X_OK, effective_ids=True):
            what = "cannot write there" if there == folder else f"cannot make it in {there}"
            yield f"{key}: {folder}: this user {what}; the user of the sensor has to be able to"


def _folders(settings: Config, environment: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    """The folders in which a sensor makes files, each with the key that names it."""
    store = store_path(settings, environment)
    folders = {
        "state.folder": state_folder(settings, environment),
        "store.path": store and store.parent,
        "events.file": settings.events and settings.events.parent,
        "evidence.folder": settings.evidence.folder,
        "spool.folder": settings.spool.folder,
    }
    known: set[Path] = set()
    for key, folder in folders.items():
        if folder is not None and folder not in known:
            known.add(folder)
            yield key, folder


def _nearest(path: Path) -> Path:
    """The path, or what there is of those above it."""
    return next(one for one in (path, *path.parents) if os.path.lexists(one))


def _is_same(one: Path, other: Path) -> bool:
    try:
        return os.path.realpath(one) == os.path.realpath(other) or one.samefile(other)
    except OSError:  # one of them does not exist yet
        return False


def _head(file: Path) -> bytes:
    """The beginning of a file; nothing if it does not exist, or cannot be read."""
    try:
        if not file.is_file():
            return b""
        with file.open("rb") as stream:
            return stream.read(len(_DATABASE))
    except PermissionError:
        return b""
    except OSError as error:
        raise ConfigError(f"{file}: {reason_of(error)}") from error


def _where(settings: Config) -> str:
    return f"{settings.file}: " if settings.file else ""
