"""A small line chart as SVG: sizes by powers of ten, costs from zero."""

from __future__ import annotations

import math
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 60, 130, 40, 45
COLOURS = ("#1f6f8b", "#b5541c", "#4b7f3a")


@dataclass(frozen=True)
class Curve:
    """A line: its name, and its points (size, cost)."""

    name: str
    points: list[tuple[float, float]]


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

    def text(left: float, below: float, content: str, anchor: str = "middle") -> str:
        return f'<text x="{left:.0f}" y="{below:.0f}" text-anchor="{anchor}">{content}</text>'

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-label="{title}" font-family="sans-serif" font-size="12" fill="#333">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        text(LEFT, TOP - 18, title, "start"),
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
