"""Tables and paragraphs for people, as wide as the terminal."""

from __future__ import annotations

import os
from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderableType, RenderHook
from rich.segment import Segment

from netmon.cli.terminal import printable, write_line
from netmon.outputs.layout import wrapped


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
    return console.width if console.is_terminal or _asked_columns() is not None else None


def _asked_columns() -> str | None:
    """What COLUMNS says; None if that is no width, as of a terminal whose size is not known."""
    columns = os.environ.get("COLUMNS", "")
    return columns if columns.isdecimal() and int(columns) > 0 else None


def make_console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal; 120 columns if the output goes to a file.

    rich honours NO_COLOR. Text is not interpreted as markup or emoji codes.
    """
    columns = _asked_columns()
    environment = {name: text for name, text in os.environ.items() if name != "COLUMNS" or columns}
    console = _PipedConsole(stderr=stderr, highlight=False, markup=False, emoji=False, _environ=environment)
    if not console.is_terminal and columns is None:
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
