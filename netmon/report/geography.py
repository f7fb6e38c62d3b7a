"""The map: which part of the world, the countries' outlines, and points on it, in pixels."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from netmon.report.outlines import Point, middle_of, outlines_of
from netmon.report.projection import Plane, Projection, equal_earth, lambert

WIDTH = 720.0
EUROPE = (-24.0, 34.0, 58.0, 71.0)
"""West, south, east and north of the points that the map of Europe can show."""
LEAST_WIDTH = 0.42  # of the part of Europe that is shown, in earth radii: 2,700 km
MARGIN = 0.22  # around the points, as a share of their extent
EUROPE_HEIGHT, WORLD_HEIGHT = 430.0, 330.0
TENTH = 10
"""Coordinates of outlines are tenths of a pixel."""
COARSENESS = 6
"""The smallest step of an outline, in tenths of a pixel."""


@dataclass(frozen=True)
class Geography:
    """A part of the world, in a frame of pixels."""

    name: str  # of the outlines: "europe" or "world"
    project: Projection
    left: float
    top: float
    scale: float
    height: float

    def at(self, point: Point) -> Plane:
        """Where a longitude and latitude are, in pixels."""
        x, y = self.project(*point)
        return (x - self.left) * self.scale, (y - self.top) * self.scale

    def middle(self, country: str) -> Point | None:
        """A point within a country; None if the map does not have it."""
        return middle_of(self.name, country)

    def land(self, countries: Collection[str], *, are_meant: bool) -> str:
        """The path of the outlines of these countries, or of all the others, in tenths of pixels."""
        return "".join(
            path
            for outline in outlines_of(self.name)
            if (outline.country in countries) == are_meant
            for path in self._paths(outline.ring)
        )

    def _paths(self, ring: Iterable[Point]) -> Iterator[str]:
        points: list[tuple[int, int]] = []
        for point in ring:
            x, y = self.at(point)
            pixel = round(x * TENTH), round(y * TENTH)
            if not points or abs(pixel[0] - points[-1][0]) + abs(pixel[1] - points[-1][1]) > COARSENESS:
                points.append(pixel)
        if len(points) > 2 and self._is_visible(points):
            (x, y), *rest = points
            steps = []
            for to_x, to_y in rest:
                steps.append(f"{to_x - x} {to_y - y}")
                x, y = to_x, to_y
            yield f"M{points[0][0]} {points[0][1]}l{' '.join(steps)}z".replace(" -", "-")

    def _is_visible(self, points: Collection[tuple[int, int]]) -> bool:
        across, down = zip(*points, strict=True)
        is_across: bool = max(across) >= 0 and min(across) <= WIDTH * TENTH
        return is_across and bool(max(down) >= 0 and min(down) <= self.height * TENTH)


def choose(points: Collection[Point]) -> Geography:
    """The smallest part of Europe that shows all points well; the world if one is elsewhere."""
    west, south, east, north = EUROPE
    if not all(west <= x <= east and south <= y <= north for x, y in points):
        left, top = equal_earth(-180, 0)[0], equal_earth(0, 80)[1]
        return Geography("world", equal_earth, left, top, WIDTH / (-2 * left), WORLD_HEIGHT)
    places = [lambert(*point) for point in points] or [lambert(10, 50)]
    across, down = zip(*places, strict=True)
    aspect = EUROPE_HEIGHT / WIDTH
    width = max(
        LEAST_WIDTH,
        (max(across) - min(across)) * (1 + 2 * MARGIN),
        (max(down) - min(down)) * (1 + 2 * MARGIN) / aspect,
    )
    left = (max(across) + min(across) - width) / 2
    top = (max(down) + min(down) - width * aspect) / 2
    return Geography("europe", lambert, left, top, WIDTH / width, EUROPE_HEIGHT)
