"""Small charts as SVG: lines over sizes by powers of ten, costs from zero; and bars."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 60, 130, 40, 45
BAR, BAR_LEFT = 26, 150
COLOURS = ("#1f6f8b", "#b5541c", "#4b7f3a")


@dataclass(frozen=True)
class Curve:
    """A line: its name, and its points (size, cost)."""

    name: str
    points: list[tuple[float, float]]


def text(left: float, below: float, content: str, anchor: str = "middle") -> str:
    """A line of text."""
    return f'<text x="{left:.0f}" y="{below:.0f}" text-anchor="{anchor}">{escape(content)}</text>'


def _head(title: str, height: int, left: int) -> tuple[str, ...]:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        f' aria-label="{escape(title)}" font-family="sans-serif" font-size="12" fill="#333">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        text(left, TOP - 18, title, "start"),
    )


def plot_bars(title: str, bars: list[tuple[str, float]]) -> str:
    """A bar for each name, from zero, with its number."""
    most = max(value for _name, value in bars)
    height = TOP + BAR * len(bars) + 12
    parts = list(_head(title, height, 16))
    for number, (name, value) in enumerate(bars):
        above = TOP + BAR * number
        width = value / most * (WIDTH - BAR_LEFT - 80)
        colour = COLOURS[0] if name.startswith("netmon") else COLOURS[1]
        parts += [
            text(BAR_LEFT - 8, above + 17, name, "end"),
            f'<rect x="{BAR_LEFT}" y="{above + 4}" width="{width:.1f}" height="{BAR - 8}" fill="{colour}"/>',
            text(BAR_LEFT + width + 8, above + 17, f"{value:,.0f}", "start"),
        ]
    return "\n".join([*parts, "</svg>", ""])


def plot(title: str, sizes: str, curves: list[Curve]) -> str:
    """The chart of some curves."""
    powers = [math.log10(size) for curve in curves for size, _cost in curve.points]
    first, last = math.floor(min(powers)), math.ceil(max(powers))
    most = max(cost for curve in curves for _size, cost in curve.points)
    step = 10 ** math.floor(math.log10(most))
    top = step * math.ceil(1.2 * most / step)

    def x(size: float) -> float:
        return LEFT + (math.log10(size) - first) / (last - first) * (WIDTH - LEFT - RIGHT)

    def y(cost: float) -> float:
        return HEIGHT - BOTTOM - cost / top * (HEIGHT - TOP - BOTTOM)

    parts = [
        *_head(title, HEIGHT, LEFT),
        text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, sizes),
    ]
    for power in range(first, last + 1):
        parts.append(text(x(10**power), HEIGHT - BOTTOM + 18, f"{10**power:,}"))
    for number in range(5):
        cost = top * number / 4
        parts.append(
            f'<path d="M{LEFT} {y(cost):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
            + text(LEFT - 8, y(cost) + 4, f"{cost:,.0f}", "end")
        )
    ends = sorted(range(len(curves)), key=lambda number: -curves[number].points[-1][1])
    for number, curve in enumerate(curves):
        colour = COLOURS[number % len(COLOURS)]
        line = " ".join(f"{x(size):.1f},{y(cost):.1f}" for size, cost in curve.points)
        label = TOP + 10 + 18 * ends.index(number)
        parts += [
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>',
            *(
                f'<circle cx="{x(size):.1f}" cy="{y(cost):.1f}" r="3" fill="{colour}"/>'
                for size, cost in curve.points
            ),
            f'<path d="M{WIDTH - RIGHT + 14} {label - 4}h14" stroke="{colour}" stroke-width="2"/>',
            text(WIDTH - RIGHT + 34, label, curve.name, "start"),
        ]
    return "\n".join([*parts, "</svg>", ""])
