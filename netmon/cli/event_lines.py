"""Files of events as lines of text: compressed or not, from a file, a pipe or standard input."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TextIO

from netmon.cli.terminal import printable
from netmon.errors import SourceError
from netmon.store.intake import MAX_LINE

_COMPRESSED: tuple[tuple[bytes, str, Callable[[IO[bytes]], Any]], ...] = (
    (b"\x1f\x8b", "gzip", lambda raw: gzip.GzipFile(fileobj=raw)),
    (b"BZh", "bzip2", bz2.BZ2File),
    (b"\xfd7zXZ\x00", "xz", lzma.LZMAFile),
)
"""How a compressed file begins, and the program that reads it; its name may say anything."""
_ZSTANDARD = b"\x28\xb5\x2f\xfd"


def event_lines(stream: TextIO) -> Iterator[str]:
    """The lines; one that is longer than any event is cut, which makes it none."""
    while line := stream.readline(MAX_LINE + 1):
        yield line
        while not line.endswith("\n") and (line := stream.readline(MAX_LINE)):
            pass  # the rest of a line that is too long


@contextmanager
def opened_events(name: str) -> Iterator[TextIO]:
    """A file of events, or standard input for "-", decompressed. Raises SourceError and OSError."""
    if name == "-":
        with _decompressed(name, sys.stdin.buffer) as stream:
            yield stream
        return
    with Path(name).open("rb") as raw, _decompressed(name, raw) as stream:
        yield stream


@contextmanager
def _decompressed(name: str, raw: IO[bytes]) -> Iterator[TextIO]:
    buffered = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(raw)  # type: ignore[type-var]
    head = buffered.peek(8)
    if head.startswith(_ZSTANDARD):
        raise SourceError(
            f"{printable(name)}: compressed by zstd: use `zstd -dc FILE | netmon store import -`"
        )
    kind, decompress = next(
        ((kind, how) for magic, kind, how in _COMPRESSED if head.startswith(magic)), ("", _as_it_is)
    )
    try:
        # Programs of Windows begin a file with a byte order mark.
        yield io.TextIOWrapper(decompress(buffered), encoding="utf-8-sig", errors="replace")
    except (EOFError, zlib.error, lzma.LZMAError, OSError) as error:
        if not kind or (isinstance(error, OSError) and error.errno is not None):
            raise
        raise SourceError(
            f"{printable(name)}: not a complete {kind} file: nothing was stored; get it again, or import "
            f"what is left of it: {kind} -dc FILE | netmon store import -"
        ) from error


def _as_it_is(raw: IO[bytes]) -> IO[bytes]:
    return raw
