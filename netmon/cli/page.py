"""What people read: on a terminal in colours, by rich; in a file as plain lines, without it.

To import rich takes longer than to read a small capture.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, TextIO

from netmon.cli.late import LateModule
from netmon.cli.terminal import FILE_WIDTH, asked_columns, printable, write_line
from netmon.outputs.blocks import BlockPrinter
from netmon.outputs.layout import LEAST, wrapped

if TYPE_CHECKING:
    from rich.console import Console

    from netmon.cli import console as consoles
else:
    consoles = LateModule("netmon.cli.console")

_DECIDED_BY_RICH = ("FORCE_COLOR", "TTY_COMPATIBLE")
"""With these variables, rich may take a file for a terminal."""
_LEFT_OUT = dict.fromkeys(map(ord, "\a\b\v\f\r"))
"""What rich leaves out of texts."""


def make_page() -> BlockPrinter:
    """Standard output, as wide as the terminal."""
    if _is_file(sys.stdout):
        return _PlainFile(sys.stdout, max(asked_columns() or FILE_WIDTH, LEAST))
    return consoles.make_console()


def progress_console() -> Console | None:
    """Standard error, for progress bars; None unless it is a terminal."""
    if _is_file(sys.stderr):
        return None
    console = consoles.make_console(stderr=True)
    return console if console.is_terminal else None


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
    if _is_file(sys.stdout):
        return asked_columns()
    console = consoles.make_console()
    return console.width if console.is_terminal else asked_columns()


def _is_file(stream: TextIO) -> bool:
    """True if a stream is no terminal, whatever rich is told."""
    return not stream.isatty() and not any(name in os.environ for name in _DECIDED_BY_RICH)


class _PlainFile:
    """Plain lines in a file, without blanks at their ends."""

    def __init__(self, stream: TextIO, width: int) -> None:
        self._stream = stream
        self._width = width

    def print(self, *blocks: Any, soft_wrap: bool | None = None) -> None:
        """Writes the lines of blocks, or an empty one."""
        texts = (line.text for one in blocks for line in one.lines(self._width))
        lines = [text.translate(_LEFT_OUT).rstrip(" ") + "\n" for text in texts] if blocks else ["\n"]
        print(*lines, sep="", end="", file=self._stream, flush=True)
