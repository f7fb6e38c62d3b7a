"""All location databases of this machine, kept up to date while they are replaced."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from netmon.errors import DatabaseError
from netmon.places.database import Database, open_database
from netmon.places.prefixes import Address
from netmon.records import Vote

_USUAL = ("/usr/share/GeoIP", "/usr/local/share/GeoIP", "/var/lib/GeoIP")

Stamp = tuple[int, ...]
"""Device, inode, time and size of a file: changes when it is replaced or written."""


def usual_folders(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Where location databases are found without being told: the system's folders and the user's own."""
    home = environment.get("HOME", "/")
    own = Path(environment.get("XDG_DATA_HOME") or Path(home, ".local", "share"))
    return (*map(Path, _USUAL), own / "netmon")


@dataclass(slots=True)
class _File:
    """One file, and what came of it."""

    stamp: Stamp | None = None  # when it was last tried; None: it was not there
    database: Database | None = None  # the last version that could be opened


@dataclass(frozen=True, slots=True)
class State:
    """How a database stands: `built_s` is None for one that could never be opened."""

    name: str
    built_s: int | None
    is_current: bool  # nothing went wrong with the file as it is now


class Databases:
    """The databases in some files and folders (`*.mmdb`, not deeper).

    With `required` each path must be there and hold one: these are those that the user named.
    Nothing is opened before `refresh`. Of several with the same name the newest build speaks alone.
    Look-ups may go on in one thread while another refreshes.
    """

    def __init__(self, paths: Sequence[Path] = (), *, required: bool = False) -> None:
        self._paths = paths
        self._required = required
        self._files: dict[Path, _File] = {}
        self._problems: dict[Path, str] = {}  # that there are
        self._untold: list[str] = []
        self.current: tuple[Database, ...] = ()
        """Those in use, by name; another tuple whenever one of them changes."""
        self.states: tuple[State, ...] = ()

    def refresh(self) -> bool:
        """Opens what is new or has changed since the last time; True when other databases are in use now.

        One that cannot be opened, or has gone, leaves its last good version in use.
        """
        found = list(dict.fromkeys(self._find()))
        for path in found:
            self._visit(path)
        for path in self._files.keys() - set(found):
            self._miss(path)
        newest = {}
        for database in sorted(self._opened(), key=lambda one: one.built_s):
            newest[database.name] = database
        current = tuple(newest[name] for name in sorted(newest))
        is_changed = current != self.current
        if is_changed:
            self.current = current
        self._update_states()
        return is_changed

    def take_problems(self) -> list[str]:
        """What went wrong since the last call, one line each. A problem is told once, while it lasts."""
        untold, self._untold = self._untold, []
        return untold

    def votes(self, databases: Iterable[Database], address: Address) -> Iterator[Vote]:
        """What some of `current` say about an address. One that is damaged there says nothing."""
        for database in databases:
            try:
                yield from database.votes(address)
            except DatabaseError as error:
                self._note(database.path, str(error))
                self._update_states()

    def _find(self) -> Iterator[Path]:
        for path in self._paths:
            if not os.path.isdir(path):  # noqa: PTH112 (Path.is_dir raises where it may not look)
                if self._required:
                    yield path
                continue
            found = sorted(path.glob("*.mmdb"))
            yield from found
            if found:
                self._problems.pop(path, None)
            elif self._required:
                self._note(path, f"{path}: holds no location database (*.mmdb)")

    def _visit(self, path: Path) -> None:
        """Open a file, if it is not the one that was tried last."""
        file = self._files.setdefault(path, _File())
        stamp = _stamp(path)
        if stamp is not None and stamp == file.stamp:
            return
        file.stamp = stamp
        try:
            file.database = open_database(path)
        except DatabaseError as error:
            stays = "; its last good version stays in use" if file.database else ""
            self._note(path, f"{error}{stays}")
        else:
            self._problems.pop(path, None)

    def _miss(self, path: Path) -> None:
        """A file has gone: forget it where it was of no use, or where another of its name has come."""
        file = self._files[path]
        file.stamp = None
        others = (other for other in self._files.values() if other is not file and other.stamp)
        names = {other.database.name for other in others if other.database}
        if file.database is None or file.database.name in names:
            del self._files[path]
            self._problems.pop(path, None)
        else:
            self._note(path, f"{path}: has gone; its last version stays in use")

    def _opened(self) -> list[Database]:
        return [file.database for _, file in sorted(self._files.items()) if file.database]

    def _note(self, path: Path, problem: str) -> None:
        if self._problems.get(path) != problem:
            self._problems[path] = problem
            self._untold.append(problem)

    def _update_states(self) -> None:
        states = [State(one.name, one.built_s, one.path not in self._problems) for one in self.current]
        never = [path for path, file in sorted(self._files.items()) if file.database is None]
        self.states = (*states, *(State(path.stem, None, is_current=False) for path in never))


def _stamp(path: Path) -> Stamp | None:
    """What tells one version of a file from another; None when there is no file to be seen."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size
