"""Lines of a screen: texts in styles, cut to a width; and columns that share it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from rich.cells import cell_len, set_cell_size

Style = Literal["", "title", "bold", "bad", "warn", "good", "dim"]
"""What a text is; how that looks is the terminal's matter."""
_NARROW = 10
_NARROWEST = 6
"""Columns below which a text is not cut as long as others can be, and not at all."""


class StyledText(NamedTuple):
    """A text in a style."""

    text: str
    style: Style = ""


ScreenLine = tuple[StyledText, ...]


def cut(text: str, width: int) -> str:
    """The text in at most so many columns; one that is longer ends with a sign for it."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(width - 1, 0)).rstrip() + "…" * (width > 0)


def cut_line(line: ScreenLine, width: int) -> ScreenLine:
    """The line in at most so many columns."""
    found: list[StyledText] = []
    left = width
    for span in line:
        text = cut(span.text, left)
        found.append(StyledText(text, span.style))
        left -= cell_len(text)
        if text != span.text:
            break
    return tuple(found)


def padded(text: str, width: int) -> str:
    """The text in exactly so many columns."""
    return set_cell_size(cut(text, width), width)


def between(left: str, right: str, width: int) -> str:
    """Two texts at the ends of a line; where there is no room for both, the left one alone."""
    room = width - cell_len(left) - cell_len(right)
    return f"{left}{' ' * room}{right}" if room > 0 else padded(left, width)


def fitted(widths: Sequence[int], room: int) -> list[int]:
    """The widths of columns with a blank between them, made narrower until they fit: the last one last."""
    found = list(widths)
    others = range(len(found) - 1)
    for chosen, least in ((others, _NARROW), (range(len(found)), _NARROW), (range(len(found)), _NARROWEST)):
        while sum(found) + len(found) - 1 > room:
            widest = max(chosen, key=lambda at: found[at], default=None)
            if widest is None or found[widest] <= least:
                break
            found[widest] -= 1
    return found


def joined(parts: Sequence[StyledText], width: int, *, needed: int) -> ScreenLine:
    """Parts with a sign between them; those after the `needed` ones only if there is room for them."""
    line: list[StyledText] = []
    for number, part in enumerate(parts):
        more = [StyledText(" · "), part] if line else [part]
        size = sum(cell_len(span.text) for span in (*line, *more))
        if number < needed or size <= width:
            line += more
    return tuple(line)
