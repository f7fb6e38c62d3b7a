"""The capture files that the words of a command name: files, folders, and patterns of the shell in quotes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from netmon._engine import CaptureError, CaptureFile
from netmon.errors import SourceError, reason_of
from netmon.sources.files import in_order

_PATTERN = frozenset("*?[")
_NAMED = 3
"""Names in a line about files."""


class FoundFiles(Struct, frozen=True):
    """Files to be read, and what is said about the others."""

    paths: list[str]
    problems: list[str]  # files that cannot be read: the result lacks them
    notes: list[str]  # files that are left out


def is_pattern(word: str) -> bool:
    """True for a pattern of the shell, unless there is a file of that name."""
    return not _PATTERN.isdisjoint(word) and not Path(word).exists()


def matching(pattern: str) -> list[str]:
    """The files and folders that match, in order; `**` also matches folders of any depth."""
    import glob  # noqa: PLC0415  # few readings need it

    return sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207  # the pattern may be absolute


def captures_of(words: Sequence[str]) -> FoundFiles:
    """The captures that these words name, in the order in which they begin. Raises SourceError."""
    for word in words:
        check_exists(word)
    found = find_files(words)
    return replace(found, paths=in_order(found.paths))


def check_exists(word: str) -> None:
    """Raises SourceError if a word names no file, no folder, and no pattern that matches one."""
    if not word or (word != "-" and not Path(word).exists() and not names_files(word)):
        raise SourceError(f"{word or 'empty file name'}: no such file")


def names_files(word: str) -> bool:
    """True for a pattern that matches a file; expressions such as tcp[13] look like patterns, too."""
    return is_pattern(word) and bool(matching(word))


def find_files(words: Sequence[str]) -> FoundFiles:
    """The files that these words name, each once; of a folder, and of a pattern, those that are captures.

    A folder is searched with all folders below it, but not through links to folders. A single file is not
    looked at. Raises SourceError if there is nothing to read.
    """
    if len(words) == 1 and not is_pattern(words[0]) and not Path(words[0]).is_dir():
        return FoundFiles(list(words), [], [])
    search = _Search()
    for word in words:
        search.add(word)
    return search.result(words)


class _Search:
    def __init__(self) -> None:
        self._paths: list[str] = []
        self._problems: list[str] = []
        self._known: dict[tuple[int, int], str] = {}
        self._repeated: list[str] = []
        self._others: list[str] = []

    def add(self, word: str) -> None:
        """Adds what a word names."""
        if word == "-" or (not is_pattern(word) and not Path(word).is_dir()):
            self._add_file(word, is_named=True)
            return
        named = matching(word) if is_pattern(word) else [word]
        for name in named:
            for path in self._walk(name) if Path(name).is_dir() else [name]:
                self._add_file(path, is_named=False)

    def result(self, words: Sequence[str]) -> FoundFiles:
        """What was found. Raises SourceError if there is nothing to read."""
        notes = [*self._lines(self._others, "a file that is not a capture", "files that are not captures")]
        notes += self._lines(self._repeated, "a file that was named before", "files that were named before")
        if self._paths:
            return FoundFiles(self._paths, self._problems, notes)
        if len(self._problems) == 1:
            raise SourceError(self._problems[0])
        if self._problems:
            raise SourceError(f"none of {len(self._problems):,} files can be read; {self._problems[0]}")
        folders = sum(Path(word).is_dir() for word in words)
        where = ("", " in this folder", " in these folders")[min(folders, 2) if folders == len(words) else 0]
        raise SourceError(
            f"{', '.join(words)}: no capture file{where}{''.join(f'; {note}' for note in notes)}"
        )

    def _walk(self, folder: str) -> Iterator[str]:
        def note(error: OSError) -> None:
            self._problems.append(f"{error.filename}: {reason_of(error)}")

        for where, folders, files in os.walk(folder, onerror=note):
            folders.sort()
            yield from (str(Path(where, name)) for name in sorted(files))

    def _add_file(self, path: str, *, is_named: bool) -> None:
        try:
            if path != "-" and self._is_left_out(path, is_named=is_named):
                return
        except OSError as error:
            self._problems.append(f"{path}: {reason_of(error)}")
        except CaptureError as error:
            self._problems.append(str(error))
        else:
            self._paths.append(path)

    def _is_left_out(self, path: str, *, is_named: bool) -> bool:
        """True for a file that is not read; raises the error of one that cannot be."""
        about = Path(path).stat()
        if not Path(path).is_file():
            if not is_named:  # a pipe or a device in a folder
                self._others.append(path)
            return not is_named
        identity = about.st_dev, about.st_ino
        if identity in self._known:
            self._repeated.append(path)
            return True
        self._known[identity] = path
        if is_named:
            CaptureFile.first_times_ns(path)
        elif not CaptureFile.is_capture(path):
            self._others.append(path)
            return True
        return False

    def _lines(self, paths: Sequence[str], one: str, several: str) -> Iterator[str]:
        if paths:
            named = ", ".join(paths[:_NAMED])
            more = f" and {len(paths) - _NAMED:,} more" if len(paths) > _NAMED else ""
            yield f"left out {one if len(paths) == 1 else f'{len(paths):,} {several}'}: {named}{more}"
