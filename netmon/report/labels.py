"""Where the labels of a map go, so that none covers another one, a marker, or the edge."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

DIRECTIONS = (0, 180, 45, 315, 135, 225, 90, 270)
"""The angles that are tried, in degrees: right and left first."""
DISTANCES = (0, 14, 30, 50)
"""How far away from the marker, in pixels; beyond the first, a line leads to it."""
GAP = 5
_ANCHORS: Mapping[tuple[bool, bool], Anchor] = {
    (False, False): "start",
    (False, True): "end",
    (True, False): "middle",
    (True, True): "middle",
}
"""By whether a label is above or below its marker, and by whether it is to the left of it."""


Anchor = Literal["start", "middle", "end"]


class Box(NamedTuple):
    """A rectangle in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        """Whether the two have an area in common."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def is_inside(self, other: Box) -> bool:
        """Whether it is completely inside."""
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.top >= other.top
            and self.bottom <= other.bottom
        )


class Wanted(NamedTuple):
    """A label that is wanted at a marker."""

    x: float
    y: float
    radius: float
    width: float
    height: float
    wide: float = 0.0  # its width in larger letters, for which there may be no room


class Placed(NamedTuple):
    """The place of a label, which of its sides is at the marker, and whether a line leads to it."""

    box: Box
    anchor: Anchor
    is_led: bool


def place_labels(wanted: Sequence[Wanted], taken: Sequence[Box], frame: Box) -> list[Placed | None]:
    """A place for each label, the first ones first; None where there is none.

    One where larger letters fit as well is preferred.
    """
    covered = [*taken, *(_around(one) for one in wanted)]
    placed: list[Placed | None] = []
    for one in wanted:
        own = _around(one)
        others = [box for box in covered if box != own]
        fitting = (
            place
            for width in (max(one.width, one.wide), one.width)
            for place in _places(one._replace(width=width))
            if place.box.is_inside(frame) and not any(place.box.overlaps(box) for box in others)
        )
        found = next(fitting, None)
        placed.append(found)
        if found is not None:
            covered.append(found.box)
    return placed


def _around(one: Wanted) -> Box:
    return Box(one.x - one.radius, one.y - one.radius, one.x + one.radius, one.y + one.radius)


def _places(one: Wanted) -> Iterator[Placed]:
    for distance in DISTANCES:
        for angle in DIRECTIONS:
            reach = one.radius + GAP + distance
            x = one.x + reach * math.cos(math.radians(angle))
            y = one.y - reach * math.sin(math.radians(angle))
            left = x - one.width / 2 * (1 - round(math.cos(math.radians(angle)), 3))
            top = y - one.height / 2 * (1 + round(math.sin(math.radians(angle)), 3))
            box = Box(left, top, left + one.width, top + one.height)
            yield Placed(box, _ANCHORS[angle % 180 == 90, 90 < angle < 270], distance > 0)
