"""Types of options; the text of a ValueError says what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import click

Name = TypeVar("Name", bound=StrEnum)


class _Named(click.Path):
    """A name, which is not empty: the value of a variable that is not set would be."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuses "", which would name the current folder."""
        if value == "":
            self.fail("the value is empty; is a variable not set?", param, ctx)
        return super().convert(value, param, ctx)


FILE = _Named(path_type=Path)
"""The name of a file or a folder, which shells complete."""
WORD = _Named(readable=False)
"""The same, as text: it may be something else, such as a filter, or "-"."""
_UNITS_S: Mapping[str, int] = {"": 1, "s": 1, "m": 60, "h": 3600}


class OneOf(click.Choice[Name]):
    """A member of an enum, by its value."""

    def normalize_choice(self, choice: object, ctx: click.Context | None) -> str:
        """How a member is written."""
        return str(choice)


def whole_number(least: int, most: int | None = None) -> Callable[[object], int]:
    """A parser of whole numbers in this range."""
    wanted = f"a whole number of {least} or more" if most is None else f"a number from {least} to {most:,}"

    def parse(value: object) -> int:
        text = str(value)
        number = int(text) if text.isdecimal() and text.isascii() else -1
        if number < least or (most is not None and number > most):
            raise ValueError(f"'{text}': write {wanted}")
        return number

    return parse


def milliseconds(value: object) -> float:
    """A time span above zero. Raises ValueError."""
    try:
        span_ms = float(str(value))
    except ValueError:
        span_ms = 0.0
    if not 0.001 <= span_ms < 1e6:
        raise ValueError(f"'{value}': write milliseconds, such as 3.2; at least 0.001")
    return span_ms


def duration(value: object) -> float:
    """A time span in seconds: "90", "90s", "2m" or "1h", up to a day. Raises ValueError."""
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(s|m|h|)", str(value))
    span_s = float(found[1]) * _UNITS_S[found[2]] if found else 0.0
    if not 1 <= span_s <= 86_400:
        raise ValueError(f"'{value}': write a time from one second to a day, such as 30s, 2m or 1h")
    return span_s


def day(value: object) -> date:
    """A day, as in 2026-06-30. Raises ValueError."""
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise ValueError(f"'{value}' is no date: write one such as 2026-06-30") from error
