"""Lines for people: on any terminal, with any text from captures and file names."""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import TextIO

_PLAIN = {"→": "->", "…": "...", "–": "-", "„": '"', "“": '"', "”": '"', "·": "|", "\u202f": " "}
_PLAIN |= {"─": "-", "│": "|"} | dict.fromkeys("┌┐└┘", "+")
"""Signs of netmon's own texts in ASCII."""
FILE_WIDTH = 120
"""The columns of a file, unless COLUMNS gives another number."""
_MOST_DIGITS = 9
"""Of COLUMNS: Python refuses to read thousands of them."""
_STREAMS = {"stdin": "r", "stdout": "w", "stderr": "w"}


def prepare() -> None:
    """Makes standard output and error accept any text: characters that their encoding lacks are escaped.

    Those of netmon's own texts that have a plain counterpart are replaced by it. A stream that the caller has
    closed is opened as /dev/null: else the next file or socket would get its number, and be read or written.
    """
    for number, (name, mode) in enumerate(_STREAMS.items()):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))
    codecs.register_error("plain", _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="plain")


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    """What stands for the first character that an encoding lacks."""
    if isinstance(error, UnicodeEncodeError):
        plain = _PLAIN.get(error.object[error.start])
        if plain is not None:
            return plain, error.start + 1
    return codecs.backslashreplace_errors(error)


def asked_columns() -> int | None:
    """What COLUMNS says; None if that is no width, as of a terminal whose size is not known."""
    columns = os.environ.get("COLUMNS", "")
    return int(columns) or None if columns.isdecimal() and len(columns) <= _MOST_DIGITS else None


def printable(text: str) -> str:
    """The text with all unprintable characters escaped, so that none can control the terminal.

    Names come from packets, and file names from anyone.
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def write_line(text: str) -> None:
    """One line on standard output."""
    print(printable(text), flush=True)


def json_stream() -> TextIO:
    """Standard output for JSON, which is UTF-8 whatever the terminal's encoding is (RFC 8259, 8.1)."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    return sys.stdout or io.StringIO()  # None if it was closed: the output is discarded


def log(text: str, *more: str) -> None:
    """One message on standard error, of one or more lines."""
    print("\n".join(printable(line) for line in (f"netmon: {text}", *more)), file=sys.stderr, flush=True)
