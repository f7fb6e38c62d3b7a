"""Text for terminals of any width: it wraps between words, and numbers go below their texts where need be.

A word that is longer than a line is continued in the next one, with a sign at the break, so that it cannot be
taken for a shorter one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions
from rich.text import Text

CONTINUED = "\\"
"""The sign at the end of a line whose last word goes on in the next one, as in a shell."""
NARROW = 80
"""Below so many columns, what belongs together stands below each other."""
_GOOD_ENDS = ".-:/_"
"""After these characters, a long word is broken rather than elsewhere."""
_QUANTITY = re.compile(r"(?<=\d) (?=(?:[kMGT]?B|[mµ]?s|min|h|%)(?!\w))")
"""The space between a number and its unit."""
_SMALLEST_TEXT = 28
"""Columns that a text needs beside its numbers."""
_SMALLEST = 8
"""The smallest number of columns that text is wrapped to, whatever the terminal says."""


def wrapped(
    text: str, width: int, first: str = "", others: str = "", *, is_breaking: bool = True
) -> list[str]:
    """The lines of a text, at most so wide, with these indents. A number stays with its unit.

    Without `is_breaking`, a word that is longer than a line stays in one piece, such as an address to open.
    """
    lines: list[str] = []
    line, space = first, ""
    for word in filter(None, _QUANTITY.sub("\N{NO-BREAK SPACE}", text).split(" ")):
        rest = word.replace("\N{NO-BREAK SPACE}", " ")
        if space and cell_len(line) + 1 + cell_len(rest) > width:
            lines.append(line)
            line, space = others, ""
        while is_breaking and cell_len(rest) > (room := max(width - cell_len(line), _SMALLEST)):
            end = _find_break(rest, room - cell_len(CONTINUED))
            lines.append(f"{line}{rest[:end]}{CONTINUED}")
            line, rest = others, rest[end:]
        line, space = f"{line}{space}{rest}", " "
    return [*lines, line]


def _find_break(word: str, room: int) -> int:
    """Where a word that is too long is broken: so that its beginning fits, after a good end if possible."""
    end = 1
    while end < len(word) and cell_len(word[: end + 1]) <= room:
        end += 1
    good = max(word.rfind(one, 0, end) + 1 for one in _GOOD_ENDS)
    return good if good > end // 2 else end


class Paragraph:
    """Text that is wrapped to the width of the terminal, in a style, or with a beginning in that style."""

    def __init__(
        self, text: str, style: str = "", others: str = "", first: str = "", styled: int | None = None
    ) -> None:
        """`first`, `others`: the indents of the lines; `styled`: the length of the beginning."""
        self._text = text
        self._style = style
        self._indents = (first, others)
        self._styled = len(text) if styled is None else styled

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        left = self._styled
        for line in wrapped(self._text, options.max_width, *self._indents):
            text = _line(line, "")
            if self._style:
                text.stylize(self._style, 0, left)
            left = max(left - len(line) - 1, 0)
            yield text


class GridRow(NamedTuple):
    """A line of a grid."""

    texts: Sequence[str]
    numbers: Sequence[str]
    style: str = ""  # of the first text
    indent: int = 0  # of the first text


class Grid:
    """Rows of texts and numbers in columns of these widths, those of the numbers aligned at their end.

    Where the terminal is too narrow for a single text beside its numbers, or for all texts, the numbers of a
    row stand below its texts, and also where a word of a single text would be broken; where the columns of
    numbers do not fit either, each with its heading, which is that of the first row.
    """

    def __init__(self, rows: Iterable[GridRow], texts: Sequence[int], numbers: Sequence[int]) -> None:
        self._rows = list(rows)
        self._texts = texts
        self._numbers = numbers

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        width = options.max_width
        numbers = sum(self._numbers) + len(self._numbers)
        texts = list(self._texts)
        if len(texts) == 1:
            texts[0] = min(texts[0], max(width - numbers, _SMALLEST_TEXT))
        fits = sum(texts) + len(texts) - 1 + numbers <= width
        if not fits and numbers > width:
            yield from self._apart(width)
            return
        for row in self._rows:
            is_whole = len(texts) > 1 or not any(map(_is_broken, self._cells(row, texts)[0]))
            yield from self._beside(row, texts) if fits and is_whole else self._below(row, width)

    def _cells(self, row: GridRow, widths: Sequence[int]) -> list[list[str]]:
        """The lines of each text; where those of the first go on, they are indented."""
        first, *others = zip(row.texts, widths, strict=True)
        indent = " " * row.indent
        return [wrapped(*first, indent, f"{indent}  "), *(wrapped(*one) for one in others)]

    def _beside(self, row: GridRow, widths: Sequence[int]) -> Iterator[Text]:
        cells = self._cells(row, widths)
        for number in range(max(map(len, cells))):
            parts = [
                _padded(cell[number] if number < len(cell) else "", width)
                for cell, width in zip(cells, widths, strict=True)
            ]
            line = Text(" ".join(parts))
            if row.style:
                line.stylize(row.style, 0, len(parts[0]))
            if number == 0:
                line.append(self._aligned(row))
            line.rstrip()
            yield line

    def _below(self, row: GridRow, width: int) -> Iterator[Text]:
        """The texts, and the numbers at the end of their last line if there is room, else below it."""
        indent, numbers = " " * row.indent, self._aligned(row)
        *lines, last = wrapped(": ".join(filter(None, row.texts)), width, indent, f"{indent}  ")
        yield from (_line(one, row.style) for one in lines)
        if cell_len(last) + cell_len(numbers) > width:
            yield _line(last, row.style)
            last = ""
        text = Text(last, row.style)
        if any(row.numbers):
            text.append(numbers.rjust(width - cell_len(last)), "not bold")
        text.rstrip()
        yield text

    def _apart(self, width: int) -> Iterator[Text]:
        headings, *rows = self._rows
        for row in rows:
            yield from (_line(one, row.style) for one in wrapped(": ".join(row.texts), width, "", "  "))
            named = zip(headings.numbers, row.numbers, strict=True)
            text = "; ".join(f"{heading}: {number}" for heading, number in named)
            yield from (_line(one, "") for one in wrapped(text, width, "  ", "    "))

    def _aligned(self, row: GridRow) -> str:
        return "".join(
            f" {number:>{width}}" for number, width in zip(row.numbers, self._numbers, strict=True)
        )


def _is_broken(line: str) -> bool:
    return line.endswith(CONTINUED)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))


def _line(text: str, style: str) -> Text:
    return Text(text, style, no_wrap=True, overflow="ignore")
