"""A table with a rule below its headings; where its words do not fit, each of its rows is a paragraph."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType
from rich.measure import Measurement
from rich.table import Table

from netmon.outputs.layout import Paragraph


class Sheet:
    """Rows below headings. The first column names the row, and its words are never broken."""

    def __init__(
        self,
        headings: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        right: Collection[str] = (),
        title: str | None = None,
        pad_edge: bool = True,
    ) -> None:
        """`right`: the headings of columns of numbers."""
        self._headings = headings
        self._rows = rows
        self._right = right
        self._title = title
        self._pad_edge = pad_edge

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        table = self._table()
        unlimited = options.update(max_width=10_000)
        if Measurement.get(console, unlimited, table).minimum <= options.max_width:
            yield table
            return
        if self._title is not None:
            yield Paragraph(self._title, "bold")
        for first, *others in self._rows:
            yield Paragraph(first if self._title is not None else f"{self._headings[0]}: {first}")
            named = zip(self._headings[1:], others, strict=True)
            text = "; ".join(f"{heading}: {value}" for heading, value in named if value)
            if text:
                yield Paragraph(text, first="  ", others="    ")

    def _table(self) -> Table:
        table = Table(
            box=box.SIMPLE_HEAD,
            pad_edge=self._pad_edge,
            title=self._title,
            title_justify="left",
            title_style="bold",
        )
        for number, heading in enumerate(self._headings):
            is_right = heading in self._right
            table.add_column(heading, justify="right" if is_right else "left", no_wrap=number == 0)
        for row in self._rows:
            table.add_row(*row)
        return table
