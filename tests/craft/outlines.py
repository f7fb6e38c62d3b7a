"""Makes the outlines of the report's maps (`netmon/data/outlines.tsv`) from Natural Earth's borders.

`npm pack world-atlas@2.0.2`, then `python -m tests.craft.outlines world-atlas-2.0.2.tgz`.
"""

from __future__ import annotations

import hashlib
import sys
import tarfile
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

from netmon.report.outlines import FILE, STEPS_PER_DEGREE
from tests.craft.borders import PACKAGE, SHA256, Box, Point, areas_of

HEADER = """\
# The outlines of countries, for the maps of the report: a line for each ring of a country, with the map, the
# code of the country (ISO 3166-1; "-": none), and the points as longitude and latitude in steps of 0.05°
# from the point before it. "europe" is cut at its edges, "world" ends at 58 degrees south.
# Source: Natural Earth 4.1.0 (2018-05-21), Admin 0 countries at 1:50m (Europe) and 1:110m (the world),
# public domain (https://www.naturalearthdata.com/about/terms-of-use/), in the npm package world-atlas 2.0.2
# (ISC licence). Disputed borders are those of Natural Earth. Written by `python -m tests.craft.outlines`.
"""
MAPS: dict[str, tuple[str, Box, float]] = {
    "europe": ("package/countries-50m.json", (24.0, -45.0, 75.0, 85.0), 0.02),
    "world": ("package/countries-110m.json", (-58.0, -180.0, 84.0, 180.0), 0.2),
}
"""Map → the file of the package; its edges; the smallest area of a ring, in square degrees."""

Ring = list[Point]


def make(package: Path) -> str:
    """The text of the file, from the npm package."""
    return HEADER + "".join(_lines(package))


def _lines(package: Path) -> Iterator[str]:
    with tarfile.open(package) as archive:
        for name, (file, box, least) in MAPS.items():
            for code, _title, polygons in areas_of(archive, file):
                for ring in (one for polygon in polygons for one in polygon):
                    for turn in (-360, 0, 360):
                        cut = clip([(x + turn, y) for x, y in ring], box)
                        if area(cut) >= least:
                            yield "\t".join([name, code or "-", _steps(cut)]) + "\n"


def clip(ring: Ring, box: Box) -> Ring:
    """The part of a ring inside a box (Sutherland and Hodgman)."""
    south, west, north, east = box
    for axis, bound, keeps in (
        (0, west, float.__ge__),
        (0, east, float.__le__),
        (1, south, float.__ge__),
        (1, north, float.__le__),
    ):
        ring = _cut(ring, axis, bound, keeps)
    return ring


def _cut(ring: Ring, axis: int, bound: float, keeps: Callable[[float, float], bool]) -> Ring:
    cut: Ring = []
    for start, end in pairwise([*ring, *ring[:1]]):
        is_start_in, is_end_in = keeps(float(start[axis]), bound), keeps(float(end[axis]), bound)
        if is_start_in:
            cut.append(start)
        if is_start_in != is_end_in:
            part = (bound - start[axis]) / (end[axis] - start[axis])
            cut.append((start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1])))
    return cut


def area(ring: Ring) -> float:
    """The area of a ring, in square degrees."""
    return (
        abs(sum(x * other_y - other_x * y for (x, y), (other_x, other_y) in pairwise([*ring, *ring[:1]]))) / 2
    )


def _steps(ring: Ring) -> str:
    points = [(round(x * STEPS_PER_DEGREE), round(y * STEPS_PER_DEGREE)) for x, y in ring]
    kept = [points[0]]
    for at, point in enumerate(points[1:], start=1):
        following = points[at + 1] if at + 1 < len(points) else points[0]
        if point != kept[-1] and not _is_between(kept[-1], point, following):
            kept.append(point)
    before = (0, 0)
    words = []
    for x, y in kept:
        words.append(f"{x - before[0]},{y - before[1]}")
        before = (x, y)
    return " ".join(words)


def _is_between(start: tuple[int, int], point: tuple[int, int], end: tuple[int, int]) -> bool:
    (x, y), (other_x, other_y) = (
        (point[0] - start[0], point[1] - start[1]),
        (end[0] - point[0], end[1] - point[1]),
    )
    return x * other_y == y * other_x and x * other_x + y * other_y > 0


def main() -> None:
    """Writes the file from the package named on the command line."""
    package = Path(sys.argv[1])
    if hashlib.sha256(package.read_bytes()).hexdigest() != SHA256:
        sys.exit(f"{package} is not {PACKAGE}: its SHA-256 differs")
    FILE.write_text(make(package), encoding="utf-8")


if __name__ == "__main__":
    main()
