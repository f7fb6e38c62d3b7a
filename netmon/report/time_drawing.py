"""The time line of the report: stacked bars of bytes, times without a watch, and findings."""

from __future__ import annotations

import math
from datetime import datetime
from typing import NamedTuple

from netmon.language.language import Language
from netmon.report.model import Report
from netmon.report.shares import SHARES, STACK, Share

WIDTH, HEIGHT = 720.0, 210.0
LEFT, RIGHT, TOP, BOTTOM = 88.0, 40.0, 12.0, 40.0
DAY_S = 86_400


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
    top = line.axis_bytes[-1]

    def x_of(when_s: float) -> float:
        return round(LEFT + (min(max(when_s, start), start + spans * line.span_s) - start) * across, 1)

    times = [_seconds(one) for one in line.axis_times]
    with_time = any(when % DAY_S for when in times)
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
        tuple(Tick(x_of(when), language.tick(when, with_time=with_time)) for when in times),
        tuple(
            Tick(round(base - size / top * (base - TOP), 1), language.bytes(size)) for size in line.axis_bytes
        ),
    )


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
