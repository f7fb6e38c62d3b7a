"""The table of flows: as many columns of numbers as there is room for, beside the texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.cells import cell_len

from netmon.language.language import Language
from netmon.language.marking import _
from netmon.language.words import OUTCOME, SEVERITY
from netmon.outputs.texts import bytes_text
from netmon.records import Severity
from netmon.top.lines import ScreenLine, Style, StyledText, fitted, padded
from netmon.top.rows import TopRow
from netmon.top.state import Grouping

_HEADINGS: Mapping[Grouping, tuple[str, ...]] = {
    "kind": (_("vendor"), _("component"), _("place")),
    "vendor": (_("vendor"),),
    "component": (_("vendor"), _("component")),
    "place": (_("place"),),
    "client": (_("client"),),
}
_NUMBERS = (_("flows"), _("sent"), _("sent/s"), _("received"))
"""In the order in which they find room."""
_LEAST_WIDTHS = (6, 8, 10, 8)
"""Columns of numbers; wider where a heading of the language or a number is."""
_SHORT = 10
"""A text that is cut to so many columns can still be recognised."""
_STYLES: Mapping[str, Style] = {"expected": "good", "undecided": "warn"}


def verdict_text(outcome: str, severity: Severity | None, language: Language) -> str:
    """The verdict, with the severity of a finding."""
    word = language.say(OUTCOME[outcome]) if outcome in OUTCOME else outcome
    return f"{word}, {language.say(SEVERITY[severity])}" if severity else word


def verdict_style(outcome: str, severity: str | None) -> Style:
    """How a verdict looks."""
    if severity is not None:
        return "warn" if severity == "notice" else "bad"
    return _STYLES.get(outcome, "bad")


class FlowTable:
    """Rows in columns that fit into a width."""

    def __init__(self, rows: Sequence[TopRow], grouping: Grouping, width: int, language: Language) -> None:
        self._rows = rows
        self._language = language
        self._headings = [language.say(one) for one in (*_HEADINGS[grouping], _("verdict"))]
        longest = [
            max(cell_len(text) for text in column)
            for column in zip(self._headings, *map(self._texts, rows), strict=True)
        ]
        self._number_headings = [language.say(one) for one in _NUMBERS]
        columns = zip(self._number_headings, *map(self._numbers, rows), strict=True)
        self._number_widths = [
            max(least, *map(cell_len, column)) for least, column in zip(_LEAST_WIDTHS, columns, strict=True)
        ]
        self._count = _numbers_beside(longest, self._number_widths, width)
        self._widths = fitted(longest, width - _width_of(self._number_widths[: self._count]))

    def heading(self) -> ScreenLine:
        """The headings of the columns."""
        texts = self._joined(self._headings)
        return (StyledText(texts + self._aligned(self._number_headings), "bold"),)

    def lines(self, first: int, count: int) -> Iterator[ScreenLine]:
        """Some of the rows."""
        for row in self._rows[first : first + count]:
            *texts, verdict = self._texts(row)
            before = "".join(
                f"{padded(text, width)} " for text, width in zip(texts, self._widths, strict=False)
            )
            numbers = self._aligned(self._numbers(row))
            style = verdict_style(row.outcome, row.severity)
            yield (
                StyledText(before),
                StyledText(padded(verdict, self._widths[-1]), style),
                StyledText(numbers),
            )

    def _texts(self, row: TopRow) -> tuple[str, ...]:
        return (*row.texts, verdict_text(row.outcome, row.severity, self._language))

    def _numbers(self, row: TopRow) -> list[str]:
        language, amount = self._language, row.amount
        rate = "–" if row.rate is None else f"{bytes_text(round(row.rate), language)}/s"
        sizes = [bytes_text(round(size), language) for size in (amount.sent, amount.received)]
        return [language.number(amount.flows), sizes[0], rate, sizes[1]]

    def _joined(self, texts: Sequence[str]) -> str:
        return " ".join(padded(text, width) for text, width in zip(texts, self._widths, strict=True))

    def _aligned(self, numbers: Sequence[str]) -> str:
        return "".join(
            f" {number:>{width}}"
            for number, width in zip(numbers[: self._count], self._number_widths, strict=False)
        )


def _numbers_beside(texts: Sequence[int], numbers: Sequence[int], width: int) -> int:
    """How many columns of numbers there are: the last one if no text is cut, the rate if verdicts are not."""
    longest = sum(texts) + len(texts) - 1
    if longest + _width_of(numbers) <= width:
        return len(numbers)
    least = sum(min(one, _SHORT) for one in texts[:-1]) + texts[-1] + len(texts) - 1
    return len(numbers) - (1 if least + _width_of(numbers[:-1]) <= width else 2)


def _width_of(numbers: Sequence[int]) -> int:
    """Columns of numbers, with a blank before each."""
    return sum(numbers) + len(numbers)
