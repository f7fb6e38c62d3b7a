"""What a person sees: lines and tables, on any terminal, whatever a capture or the name of a file holds."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from typing import TextIO

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderableType, RenderHook
from rich.segment import Segment

NARROWEST = 80
"""Columns that the tables need. A narrower terminal wraps their lines by itself, and no digit gets lost."""


def prepare() -> None:
    """Makes standard output and error take every text: what their encoding lacks is written as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def printable(text: str) -> str:
    """The text with each character that is not visible as an escape, so that none can steer a terminal.

    Names come from packets, and files are named by whoever wrote them.
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def say(text: str) -> None:
    """One line on standard output."""
    print(printable(text), flush=True)


def json_stream() -> TextIO:
    """Standard output for JSON, which is UTF-8 whatever the terminal speaks (RFC 8259, 8.1)."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    return sys.stdout or io.StringIO()  # none where it was closed: nobody wants to read it


def tell(text: str, *more: str) -> None:
    """One line on standard error, or several that belong together."""
    print("\n".join(printable(line) for line in (f"netmon: {text}", *more)), file=sys.stderr, flush=True)


def make_console(*, stderr: bool = False) -> Console:
    """A terminal as it is, but not too narrow; 120 columns where the output goes to a file.

    rich honours NO_COLOR. Brackets and colons in a text are brackets and colons.
    """
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = 120
    if not stderr:
        console.width = max(console.width, NARROWEST)
        console.push_render_hook(_Trim())
    return console


class _Trim(RenderHook):
    """Takes the blanks away that end a table's lines."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Trimmed(one) for one in renderables]


class _Trimmed:
    """A renderable whose lines end with what is visible."""

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
