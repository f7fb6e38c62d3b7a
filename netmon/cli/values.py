"""Values of options, whose errors say what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date

import typer

_UNITS_S: Mapping[str, int] = {"": 1, "s": 1, "m": 60, "h": 3600}


def whole_number(least: int, most: int | None = None) -> Callable[[object], int]:
    """A parser of whole numbers in this range."""
    wanted = f"a whole number of {least} or more" if most is None else f"a number from {least} to {most:,}"

    def parse(value: object) -> int:
        text = str(value)
        number = int(text) if text.isdecimal() and text.isascii() else -1
        if number < least or (most is not None and number > most):
            raise typer.BadParameter(f"'{text}': write {wanted}")
        return number

    return parse


def milliseconds(value: object) -> float:
    """A time span above zero. Raises BadParameter."""
    try:
        span_ms = float(str(value))
    except ValueError:
        span_ms = 0.0
    if not 0.001 <= span_ms < 1e6:
        raise typer.BadParameter(f"'{value}': write milliseconds, such as 3.2; at least 0.001")
    return span_ms


def duration(value: object) -> float:
    """A time span in seconds: "90", "90s", "2m" or "1h", up to a day. Raises BadParameter."""
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(s|m|h|)", str(value))
    span_s = float(found[1]) * _UNITS_S[found[2]] if found else 0.0
    if not 1 <= span_s <= 86_400:
        raise typer.BadParameter(f"'{value}': write a time from one second to a day, such as 30s, 2m or 1h")
    return span_s


def day(value: object) -> date:
    """A day, as in 2026-06-30. Raises BadParameter."""
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise typer.BadParameter(f"'{value}' is no date: write one such as 2026-06-30") from error
