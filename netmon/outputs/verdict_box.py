"""The box that a summary begins with: for each vendor the result in capitals, the worst first, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netmon.outputs.blocks import Line, LineBlock, Styled
from netmon.outputs.conclusions import Conclusion
from netmon.outputs.layout import Paragraph, cell_len

WIDEST = 100
"""The widest box, in columns: longer lines are hard to read."""


class VerdictBox(LineBlock):
    """The conclusions, each with its title and why."""

    def __init__(self, conclusions: Iterable[Conclusion]) -> None:
        self._conclusions = sorted(conclusions, key=lambda one: (one.rank, one.title))

    def lines(self, width: int) -> Iterator[Line]:
        """The box, in the colour of the first conclusion."""
        room = min(width, WIDEST) - 4
        rule = "─" * (room + 2)
        yield self._rule(f"┌{rule}┐")
        for line in self._inside(room):
            text = f"│ {line.text}{' ' * (room - cell_len(line.text))} │"
            left, right = self._border(0, 1), self._border(len(text) - 1, len(text))
            inside = ((style, start + 2, end + 2) for style, start, end in line.styled)
            yield Line(text, (*left, *inside, *right))
        yield self._rule(f"└{rule}┘")

    def _inside(self, width: int) -> Iterator[Line]:
        for number, one in enumerate(self._conclusions):
            if number:
                yield Line("")
            yield from Paragraph(one.title, one.colour).lines(width)
            yield from Paragraph(one.why).lines(width)

    def _rule(self, text: str) -> Line:
        return Line(text, self._border(0, len(text)))

    def _border(self, start: int, end: int) -> tuple[Styled, ...]:
        colour = self._conclusions[0].colour if self._conclusions else ""
        return ((colour, start, end),) if colour else ()
