"""The box that a summary begins with: for each vendor the result in capitals, the worst first, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich import box
from rich.console import Console, ConsoleOptions, Group
from rich.panel import Panel

from netmon.outputs.conclusions import Conclusion
from netmon.outputs.layout import Paragraph

WIDEST = 100
"""The widest box, in columns: longer lines are hard to read."""


class VerdictBox:
    """The conclusions, each with its title and why."""

    def __init__(self, conclusions: Iterable[Conclusion]) -> None:
        self._conclusions = sorted(conclusions, key=lambda one: (one.rank, one.title))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Panel]:
        parts: list[Paragraph] = []
        for one in self._conclusions:
            parts += [Paragraph("")] if parts else []
            parts += [Paragraph(one.title, one.colour), Paragraph(one.why)]
        colour = self._conclusions[0].colour if self._conclusions else ""
        width = min(options.max_width, WIDEST)
        yield Panel(Group(*parts), box=box.SQUARE, border_style=colour, width=width)
