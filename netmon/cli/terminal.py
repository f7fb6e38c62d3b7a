"""Lines and tables for people: on any terminal, with any text from captures and file names."""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Iterator
from typing import TextIO

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderableType, RenderHook
from rich.segment import Segment

from netmon.outputs.layout import wrapped

_PLAIN = {"→": "->", "…": "...", "–": "-", "„": '"', "“": '"', "”": '"', "·": "|", "\u202f": " "}
"""Signs of netmon's own texts in ASCII."""


def prepare() -> None:
    """Makes standard output and error accept any text: characters that their encoding lacks are escaped.

    Those of netmon's own texts that have a plain counterpart are replaced by it.
    """
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


def write_wrapped(text: str) -> None:
    """A line on standard output, wrapped to the width of the terminal; what goes to a file is not wrapped."""
    width = terminal_width()
    if width is None:
        write_line(text)
        return
    indent = " " * (len(text) - len(text.lstrip()))
    for line in wrapped(printable(text), width, indent, f"{indent}    ", is_breaking=False):
        write_line(line)


def terminal_width() -> int | None:
    """The columns of the terminal, or those that COLUMNS gives; None if the output goes to a file."""
    console = make_console()
    return console.width if console.is_terminal or "COLUMNS" in os.environ else None


def json_stream() -> TextIO:
    """Standard output for JSON, which is UTF-8 whatever the terminal's encoding is (RFC 8259, 8.1)."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    return sys.stdout or io.StringIO()  # None if it was closed: the output is discarded


def log(text: str, *more: str) -> None:
    """One message on standard error, of one or more lines."""
    print("\n".join(printable(line) for line in (f"netmon: {text}", *more)), file=sys.stderr, flush=True)


def make_console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal; 120 columns if the output goes to a file.

    rich honours NO_COLOR. Text is not interpreted as markup or emoji codes.
    """
    console = _PipedConsole(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = 120
    if not stderr:
        console.push_render_hook(_Trim())
    return console


class _PipedConsole(Console):
    """A console that ends as every other output does when the reader of a pipe has gone."""

    def on_broken_pipe(self) -> None:
        """Raises BrokenPipeError; rich would exit with 1."""
        raise BrokenPipeError


class _Trim(RenderHook):
    """Removes trailing blanks from the lines of tables."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Trimmed(one) for one in renderables]


class _Trimmed:
    """A renderable without trailing blanks."""

    def __init__(self, inner: RenderableType) -> None:
        self._inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for line in Segment.split_lines(console.render(self._inner, options)):
            while line and not line[-1].text.strip(" "):
                line.pop()
            if line:
                line[-1] = Segment(line[-1].text.rstrip(" "), line[-1].style)
            yield from line
            yield Segment.line()
