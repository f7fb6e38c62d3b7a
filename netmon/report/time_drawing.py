"""The time line of the report: stacked bars of bytes, times without a watch, and findings."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from netmon.language.language import Language
from netmon.report.model import Report
from netmon.report.shares import SHARES, STACK, Share

WIDTH, HEIGHT = 720.0, 210.0
LEFT, RIGHT, TOP, BOTTOM = 88.0, 40.0, 12.0, 40.0
MOST_TICKS = 7
_STEPS_S = (
    *(1, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200),
    *(86_400 * days for days in (1, 2, 7, 14, 28, 56, 112, 364, 728)),
)


class Bar(NamedTuple):
    """A part of a bar."""

    x: float
    y: float
    width: float
    height: float
    share: Share


class Tick(NamedTuple):
    """A tick of an axis."""

    at: float
    text: str


class TimeDrawing(NamedTuple):
    """Everything on the time line, in pixels."""

    width: float
    height: float
    left: float
    right: float
    base: float
    bars: tuple[Bar, ...]
    gaps: tuple[tuple[float, float], ...]  # x and width
    findings: tuple[float, ...]
    ticks_x: tuple[Tick, ...]
    ticks_y: tuple[Tick, ...]


def draw_time(report: Report, language: Language) -> TimeDrawing:
    """The time line."""
    line = report.time_line
    start, end = _seconds(line.start), _seconds(report.scope.until)
    spans = max(1, math.ceil((end - start) / line.span_s))
    base, across = HEIGHT - BOTTOM, (WIDTH - LEFT - RIGHT) / (spans * line.span_s)
    top = _round_up(max((sum(one.bytes_by_share) for one in line.spans), default=0))

    def x_of(when_s: float) -> float:
        return round(LEFT + (min(max(when_s, start), start + spans * line.span_s) - start) * across, 1)

    bars = []
    for span in line.spans:
        level = 0
        for share in STACK:
            size = span.bytes_by_share[SHARES.index(share)]
            if size:
                height = size / top * (base - TOP)
                y = base - (level + size) / top * (base - TOP)
                begin = x_of(_seconds(span.start))
                width = max(1.0, line.span_s * across - (1 if line.span_s * across > 4 else 0))
                bars.append(Bar(begin, round(y, 1), round(width, 1), round(height, 1), share))
                level += size
    return TimeDrawing(
        WIDTH,
        HEIGHT,
        LEFT,
        WIDTH - RIGHT,
        base,
        tuple(bars),
        tuple(
            (
                x_of(_seconds(gap.start)),
                round(max(1.0, x_of(_seconds(gap.end)) - x_of(_seconds(gap.start))), 1),
            )
            for gap in report.scope.gaps
        ),
        tuple(x_of(_seconds(one.start) + line.span_s / 2) for one in line.spans if one.findings),
        tuple(Tick(x_of(when), text) for when, text in _times(start, end, language)),
        tuple(
            Tick(round(base - part * (base - TOP), 1), language.bytes(round(part * top)))
            for part in (0, 0.5, 1)
        ),
    )


def _times(start: float, end: float, language: Language) -> Iterator[tuple[float, str]]:
    step = next((one for one in _STEPS_S if (end - start) / one <= MOST_TICKS), _STEPS_S[-1])
    when = math.ceil(start / step) * step
    while when <= end:
        yield when, language.tick(when, with_time=step < 86_400)
        when += step


def _round_up(value: int) -> int:
    """The next of 1, 2, 4, 6, 8 and 10 times a power of ten."""
    if value <= 0:
        return 1
    power = 10 ** int(math.log10(value))
    return int(next(one * power for one in (1, 2, 4, 6, 8, 10) if one * power >= value))


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
