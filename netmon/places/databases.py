"""The location databases of this machine, opened again when their files are replaced."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from netmon.errors import DatabaseError
from netmon.file_version import FileVersion, file_version
from netmon.places.database import Database, open_database
from netmon.places.labels import DatabaseLabel
from netmon.places.prefixes import Address
from netmon.places.provider import UNKNOWN_PROVIDER
from netmon.records import Vote

_SYSTEM_FOLDERS = ("/usr/share/GeoIP", "/usr/local/share/GeoIP", "/var/lib/GeoIP")


def default_folders(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Where databases are looked for when none are configured: the system's folders and the user's."""
    home = environment.get("HOME", "/")
    own = Path(environment.get("XDG_DATA_HOME") or Path(home, ".local", "share"))
    return (*map(Path, _SYSTEM_FOLDERS), own / "netmon")


class _File(Struct):
    """One file, and the database last opened from it."""

    version: FileVersion | None = None  # the one last tried; None: there was no file
    database: Database | None = None  # from the last version that could be opened


class DatabaseState(Struct, frozen=True):
    """The state of a database, for the metrics: `built_s` is None if it could never be opened."""

    name: str
    built_s: int | None
    is_current: bool  # False: the file as it is now cannot be read, and an older version is in use


class Databases:
    """The databases in a list of files and folders (`*.mmdb`, without subfolders).

    With `required`, each path must exist and contain a database: these are paths that the user configured,
    with `labels` for some of them; the label of a file takes precedence over that of its folder.
    Nothing is opened before `refresh`. All files are used, except other names of one file, and older builds:
    those with the provider and type of one that is used. One thread may look up addresses while another
    refreshes.
    """

    def __init__(
        self,
        paths: Sequence[Path] = (),
        *,
        required: bool = False,
        labels: Mapping[Path, DatabaseLabel] | None = None,
    ) -> None:
        self._paths = paths
        self._required = required
        self._labels = labels or {}
        self._files: dict[Path, _File] = {}
        self._problems: dict[Path, str] = {}  # those that persist
        self._unreported: list[str] = []
        self.current: tuple[Database, ...] = ()
        """The databases in use, sorted by name; a new tuple whenever one of them changes."""
        self.unused: tuple[tuple[Path, str], ...] = ()
        """The files that are not used, each with the reason."""
        self.states: tuple[DatabaseState, ...] = ()

    def refresh(self) -> bool:
        """Opens files that are new or have changed; True when the databases in use are different ones now.

        When a file cannot be opened or no longer exists, its last good version stays in use.
        """
        found = list(dict.fromkeys(self._find()))
        for path in found:
            self._open_if_changed(path)
        for path in self._files.keys() - set(found):
            self._drop_if_replaced(path)
        current = self._select()
        if self._distinguish_names(current):
            current = self._select()
        is_changed = current != self.current
        if is_changed:
            self.current = current
        self._update_states()
        return is_changed

    def take_problems(self) -> list[str]:
        """Problems found since the last call, one line each. A problem is reported once while it persists."""
        unreported, self._unreported = self._unreported, []
        return unreported

    def votes(self, databases: Iterable[Database], address: Address) -> Iterator[Vote]:
        """The votes of `databases`, taken from `current`, on an address; a damaged record gives none."""
        for database in databases:
            try:
                yield from database.votes(address)
            except DatabaseError as error:
                self._add_problem(database.path, str(error))
                self._update_states()

    def _find(self) -> Iterator[Path]:
        for path in self._paths:
            if not os.path.isdir(path):  # noqa: PTH112 (Path.is_dir raises PermissionError)
                if self._required:
                    yield path
                continue
            found = sorted(path.glob("*.[mM][mM][dD][bB]"))  # IP2Location writes its names in capitals
            yield from found
            if found:
                self._problems.pop(path, None)
            elif self._required:
                self._add_problem(path, f"{path}: contains no location database (*.mmdb)")

    def _open_if_changed(self, path: Path) -> None:
        """Opens a file unless this version of it has been tried before."""
        file = self._files.setdefault(path, _File())
        version = file_version(path)
        if version is not None and version == file.version:
            return
        file.version = version
        try:
            file.database = open_database(path, self._labels.get(path, self._labels.get(path.parent)))
        except DatabaseError as error:
            consequence = "; its last good version stays in use" if file.database else ""
            self._add_problem(path, f"{error}{consequence}")
        else:
            self._problems.pop(path, None)

    def _drop_if_replaced(self, path: Path) -> None:
        """Drops a missing file if it never opened, or if another file has a build of the same database."""
        file = self._files[path]
        file.version = None
        others = (other for other in self._files.values() if other is not file and other.version)
        editions = {_edition(other.database) for other in others if other.database}
        if file.database is None or _edition(file.database) in editions:
            del self._files[path]
            self._problems.pop(path, None)
        else:
            self._add_problem(path, f"{path}: no longer exists; its last good version stays in use")

    def _select(self) -> tuple[Database, ...]:
        """The databases to use. Other names of one file, and older builds, go to `unused`."""
        unused: list[tuple[Path, str]] = []
        opened = sorted(self._without_other_names(unused), key=lambda one: (one.name, one.path))
        newest: dict[tuple[object, ...], Database] = {}
        for one in opened:
            known = newest.setdefault(_edition(one), one)
            if known.built_s < one.built_s:
                newest[_edition(one)] = one
        for one in opened:
            newer = newest[_edition(one)]
            if one.built_s < newer.built_s:
                unused.append((one.path, f"{newer.path} is a newer build of the same database"))
        self.unused = tuple(sorted(unused))
        return tuple(one for one in opened if one.built_s == newest[_edition(one)].built_s)

    def _without_other_names(self, unused: list[tuple[Path, str]]) -> Iterator[Database]:
        """Each open file once, by a name that tells its provider if there is one."""
        found: dict[FileVersion | Path, Database] = {}
        for path, file in sorted(self._files.items(), key=_unknown_last):
            if file.database is None:
                continue
            known = found.setdefault(file.version or path, file.database)
            if known is file.database:
                yield known
            else:
                unused.append((path, f"{known.path} is the same file"))

    def _distinguish_names(self, current: Sequence[Database]) -> bool:
        """Adds the path to each name that several databases have; True if there are any."""
        common = Counter(map(_plain_name, current))
        are_changed = False
        for file in self._files.values():
            one = file.database
            if one and common[one.name] > 1:
                file.database = replace(one, name=f"{one.name} ({one.path})")
                are_changed = True
        return are_changed

    def _add_problem(self, path: Path, problem: str) -> None:
        if self._problems.get(path) != problem:
            self._problems[path] = problem
            self._unreported.append(problem)

    def _update_states(self) -> None:
        opened = [
            DatabaseState(one.name, one.built_s, one.path not in self._problems) for one in self.current
        ]
        failed = [path for path, file in sorted(self._files.items()) if file.database is None]
        names = Counter([one.name for one in opened] + [path.stem for path in failed])
        for path in failed:
            name = path.stem if names[path.stem] == 1 else f"{path.stem} ({path})"
            opened.append(DatabaseState(name, None, is_current=False))
        self.states = tuple(opened)


def _edition(database: Database) -> tuple[object, ...]:
    """What all builds of one database have in common. Without a known provider, each file is its own."""
    if database.provider == UNKNOWN_PROVIDER:
        return (database.path,)
    return database.provider, database.type, database.ip_version


def _plain_name(database: Database) -> str:
    return database.name.removesuffix(f" ({database.path})")


def _unknown_last(item: tuple[Path, _File]) -> tuple[bool, Path]:
    path, file = item
    return file.database is None or file.database.provider == UNKNOWN_PROVIDER, path
