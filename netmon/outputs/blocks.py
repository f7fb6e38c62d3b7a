"""Blocks of lines for people. A console of rich prints them, and so does a file, without rich.

To import rich takes longer than to read a small capture.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions
    from rich.text import Text


Styled = tuple[str, int, int]
"""A style, and the part of a line that has it: its start and its end."""


class Line(Struct, frozen=True):
    """A line as it is shown."""

    text: str
    styled: tuple[Styled, ...] = ()


class LineBlock(ABC):
    """Lines that depend on the width of what they are shown on. A console of rich prints them, too."""

    @abstractmethod
    def lines(self, width: int) -> Iterator[Line]:
        """The lines for so many columns."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        from rich.text import Text  # noqa: PLC0415  # only a terminal needs it

        for line in self.lines(options.max_width):
            text = Text(line.text, no_wrap=True, overflow="ignore")
            for one in line.styled:
                text.stylize(*one)
            yield text


class BlockPrinter(Protocol):
    """What blocks are printed on: a console of rich, or a file."""

    def print(self, *blocks: Any, soft_wrap: bool | None = None) -> None:
        """Prints blocks, or an empty line. With `soft_wrap`, lines may be longer than the page is wide."""


class Unwrapped(LineBlock):
    """A line that is not wrapped, such as a command to copy."""

    def __init__(self, text: str) -> None:
        self._text = text

    def lines(self, width: int) -> Iterator[Line]:
        """The line."""
        yield Line(self._text)
