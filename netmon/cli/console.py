"""Consoles of rich: tables, paragraphs and progress for people, as wide as the terminal."""

from __future__ import annotations

import os
from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderableType, RenderHook
from rich.segment import Segment

from netmon.cli.terminal import FILE_WIDTH, asked_columns
from netmon.outputs.layout import LEAST


def make_console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal; FILE_WIDTH columns if the output goes to a file.

    rich honours NO_COLOR. Text is not interpreted as markup or emoji codes.
    """
    columns = asked_columns()
    environment = {name: text for name, text in os.environ.items() if name != "COLUMNS" or columns}
    console = _PipedConsole(stderr=stderr, highlight=False, markup=False, emoji=False, _environ=environment)
    if not console.is_terminal and columns is None:
        console.width = FILE_WIDTH
    if console.width < LEAST:  # noqa: PLR1730  # else it follows the terminal's
        console.width = LEAST
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
