"""Text for terminals of any width: it wraps between words, and numbers go below their texts where need be.

A word that is longer than a line is continued in the next one, with a sign at the break, so that it cannot be
taken for a shorter one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from netmon.outputs.blocks import Line, LineBlock

CONTINUED = "\\"
"""The sign at the end of a line whose last word goes on in the next one, as in a shell."""
NARROW = 80
"""Below so many columns, what belongs together stands below each other."""
LEAST = 12
"""For so many columns a page is drawn on narrower terminals, too: a box with the narrowest text."""
_GOOD_ENDS = ".-:/_"
"""After these characters, a long word is broken rather than elsewhere."""
_QUANTITY = r"(?<=\d) (?=(?:[kMGT]?B|[mµ]?s|min|h|%)(?!\w))"
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
    whole = first + " ".join(filter(None, text.split(" "))).replace("\N{NO-BREAK SPACE}", " ")
    if cell_len(whole) <= width:
        return [whole]
    lines: list[str] = []
    line, space = first, ""
    for word in filter(None, re.sub(_QUANTITY, "\N{NO-BREAK SPACE}", text).split(" ")):
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


def cell_len(text: str) -> int:
    """The columns that a text takes."""
    if text.isascii() and text.isprintable():
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415  # has the widths of all scripts

    return cell_len(text)


class Paragraph(LineBlock):
    """Text that is wrapped to the width of the terminal, in a style, or with a beginning in that style."""

    def __init__(
        self, text: str, style: str = "", others: str = "", first: str = "", styled: int | None = None
    ) -> None:
        """`first`, `others`: the indents of the lines; `styled`: the length of the beginning."""
        self._text = text
        self._style = style
        self._indents = (first, others)
        self._styled = len(text) if styled is None else styled

    def lines(self, width: int) -> Iterator[Line]:
        """The lines, and what of them is in the style."""
        left = self._styled
        for line in wrapped(self._text, width, *self._indents):
            yield _line(line, self._style, left)
            left = max(left - len(line) - 1, 0)


class GridRow(Struct, frozen=True):
    """A line of a grid."""

    texts: Sequence[str]
    numbers: Sequence[str]
    style: str = ""  # of the first text
    indent: int = 0  # of the first text


class Grid(LineBlock):
    """Rows of texts and numbers in columns of these widths, those of the numbers aligned at their end.

    Where the terminal is too narrow for a single text beside its numbers, or for all texts, the numbers of a
    row stand below its texts, and also where a word of a single text would be broken; where the columns of
    numbers do not fit either, each with its heading, which is that of the first row.
    """

    def __init__(self, rows: Iterable[GridRow], texts: Sequence[int], numbers: Sequence[int]) -> None:
        self._rows = list(rows)
        self._texts = texts
        self._numbers = numbers

    def lines(self, width: int) -> Iterator[Line]:
        """The rows."""
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

    def _beside(self, row: GridRow, widths: Sequence[int]) -> Iterator[Line]:
        cells = self._cells(row, widths)
        for number in range(max(map(len, cells))):
            parts = [
                _padded(cell[number] if number < len(cell) else "", width)
                for cell, width in zip(cells, widths, strict=True)
            ]
            numbers = self._aligned(row) if number == 0 else ""
            yield _line((" ".join(parts) + numbers).rstrip(), row.style, len(parts[0]))

    def _below(self, row: GridRow, width: int) -> Iterator[Line]:
        """The texts, and the numbers at the end of their last line if there is room, else below it."""
        indent, numbers = " " * row.indent, self._aligned(row)
        *lines, last = wrapped(": ".join(filter(None, row.texts)), width, indent, f"{indent}  ")
        yield from (_line(one, row.style) for one in lines)
        if cell_len(last) + cell_len(numbers) > width:
            yield _line(last, row.style)
            last = ""
        right = numbers.rjust(width - cell_len(last)) if any(row.numbers) else ""
        yield _line((last + right).rstrip(), row.style, len(last))

    def _apart(self, width: int) -> Iterator[Line]:
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


def _line(text: str, style: str, styled: int | None = None) -> Line:
    """A line whose beginning, or all of it, is in a style."""
    length = len(text) if styled is None else min(styled, len(text))
    return Line(text, ((style, 0, length),) if style and length else ())
