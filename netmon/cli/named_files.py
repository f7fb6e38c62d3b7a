"""The words of `netmon read`: files, folders and patterns, then a filter."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from netmon.cli.late import LateModule
from netmon.cli.terminal import log
from netmon.errors import SourceError
from netmon.sources.bpf import ETHERNET, compile_filter
from netmon.sources.files import in_order
from netmon.sources.find_files import check_exists, find_files, names_files
from netmon.store.address import is_address

if TYPE_CHECKING:
    from netmon.sources import follow_mark
else:
    follow_mark = LateModule("netmon.sources.follow_mark")

_ENDINGS = (".pcap", ".pcapng", ".cap", ".dmp", ".mcap")
_COMPRESSED = (".gz", ".zst", ".xz", ".bz2", ".lz4")


class NamedFiles(Struct, frozen=True):
    """What the words of a command name."""

    paths: list[str]  # in the order of their beginnings
    expression: str  # the filter
    problems: list[str]  # files that cannot be read
    mark: follow_mark.FollowMark | None = None  # how far a store has a folder that is followed


def named_files(words: Sequence[str], store: str | None, *, is_followed: bool) -> NamedFiles:
    """The files, or the folder that is followed, and the filter. Raises SourceError."""
    given, filter_words = split_words(words)
    if is_followed:
        return NamedFiles(given, check_filter(filter_words), [], _mark_of(given, store))
    found = find_files(given)
    paths = in_order(found.paths)
    if paths != found.paths:
        log(f"the files are read in the order of their first packets, from {paths[0]} to {paths[-1]}")
    for note in found.notes:
        log(note)
    return NamedFiles(paths, check_filter(filter_words), found.problems)


def _mark_of(given: list[str], store: str | None) -> follow_mark.FollowMark | None:
    if len(given) != 1 or not Path(given[0]).is_dir():
        raise SourceError(f"{', '.join(given)}: --follow takes one folder, in which captures are rotated")
    if store is not None and is_address(store):
        raise SourceError("--follow keeps how far was read beside the store, which has to be a file")
    return follow_mark.FollowMark(Path(store), Path(given[0])) if store is not None else None


def split_words(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The files and the words of the filter, which starts with the first word that is not a file.

    A word that looks like a capture file counts as one even if it does not exist, so that a typing error does
    not become a filter. Raises SourceError for a file that does not exist, and if there is no file.
    """
    count = next((at for at, word in enumerate(words) if not _is_file(word)), len(words))
    paths, filter_words = list(words[:count]), list(words[count:])
    for path in paths or words[:1]:
        check_exists(path)
    if "-" in paths and sys.stdin is not None and sys.stdin.isatty():
        raise SourceError(
            "standard input is a terminal: pipe a capture to it, such as: tcpdump -U -w - | netmon read -"
        )
    return paths, filter_words


def check_filter(words: Sequence[str]) -> str:
    """The filter as one text. Raises SourceError if it is invalid; its first word may be a misspelt file."""
    expression = " ".join(words)
    try:
        compile_filter(expression, ETHERNET)
    except SourceError as error:
        if len(words) > 1 and words[0].strip("(").isalpha():
            raise
        raise SourceError(f"{error}; there is no file '{words[0]}' either") from error
    return expression


def _is_file(word: str) -> bool:
    return word == "-" or Path(word).exists() or names_files(word) or _looks_like_a_capture(word)


def _looks_like_a_capture(word: str) -> bool:
    name = word.lower()
    for ending in _COMPRESSED:
        name = name.removesuffix(ending)
    return name != word.lower() or name.endswith(_ENDINGS) or os.sep in word.rstrip("0123456789")
