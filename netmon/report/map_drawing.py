"""The map of the report: markers by volume, arcs from the sensors, and labels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from netmon.language.language import Language
from netmon.report.geography import WIDTH, Geography, choose
from netmon.report.labels import Anchor, Box, Wanted, place_labels
from netmon.report.model import MapPlace, Report, SensorScope
from netmon.report.outlines import Point, middle_of
from netmon.report.projection import Plane
from netmon.report.shares import BAD, STACK, Share
from netmon.report.sums import leading_share

MOST_ARCS = 150
THICKEST, FEW_ARCS = 5.0, 30  # an arc in pixels, and how many make each half as thick
MOST_NAMED_SENSORS = 4
LETTER, LINE = 7.8, 15.0  # the width of a letter of a label, and the height of a line, in pixels
PHONE_FACTOR = 23 / 13
"""How much larger the style makes letters on a phone."""
SENSOR_SIZE = 5.0
LEAST_SECTOR = 0.08  # of a circle
EDGE = 4.0


class Sector(NamedTuple):
    """A part of a circle: its path, and the share of the bytes that it stands for."""

    path: str
    share: Share


class Marker(NamedTuple):
    """A circle for a place, in sectors by share of the bytes; hollow if only the country is known."""

    x: float
    y: float
    radius: float
    share: Share
    is_hollow: bool
    sectors: tuple[Sector, ...]  # none if all of it has one share
    text: str


class Curve(NamedTuple):
    """An arc: the path of a quadratic curve, and how thick it is."""

    path: str
    width: float
    share: Share


class Label(NamedTuple):
    """A label of two lines, or of one, and the line that leads to it."""

    x: float
    y: float
    name: str
    value: str
    anchor: Anchor
    leader: tuple[float, float, float, float] | None


class MapDrawing(NamedTuple):
    """Everything on the map, in pixels."""

    name: str  # "europe" or "world"
    width: float
    height: float
    land: str
    concern: str
    curves: tuple[Curve, ...]
    markers: tuple[Marker, ...]
    sensors: tuple[Plane, ...]
    labels: tuple[Label, ...]
    has_hollow: bool
    more_arcs: int


class _At(NamedTuple):
    place: MapPlace
    x: float
    y: float
    radius: float
    is_hollow: bool
    name: str


def draw_map(report: Report, language: Language) -> MapDrawing:
    """The map. Places are named in the reader's language."""
    sensors = {one.name: (one.longitude, one.latitude) for one in report.scope.sensors if _has_position(one)}
    points = [point for place in report.destinations if (point := _point(place, "europe")) is not None]
    lost = any(_point(place, "europe") is None for place in report.destinations)
    known: list[Point] = [(x, y) for x, y in sensors.values() if x is not None and y is not None]
    geography = choose([*points, *known, *([(180.0, 0.0)] if lost else [])])
    marks = list(_marks(report.destinations, geography, language))
    spots = {name: geography.at(point) for name, point in zip(sensors, known, strict=True)}
    concern = {one.country for answer in report.answers for one in answer.statements}
    curves = sorted(_curves(report, marks, spots), key=lambda one: one.share not in BAD)
    return MapDrawing(
        geography.name,
        WIDTH,
        geography.height,
        geography.land(concern, are_meant=False),
        geography.land(concern, are_meant=True),
        tuple(sorted(curves[:MOST_ARCS], key=lambda one: STACK.index(one.share), reverse=True)),
        tuple(
            Marker(
                round(one.x, 1),
                round(one.y, 1),
                round(one.radius, 1),
                leading_share(one.place.shares),
                one.is_hollow,
                tuple(_sectors(one)),
                f"{one.name}: {language.bytes(one.place.sum.total_bytes)}",
            )
            for one in marks
        ),
        tuple((round(x, 1), round(y, 1)) for x, y in dict.fromkeys(spots.values())),
        tuple(_labels(marks, spots, geography, language)),
        any(one.is_hollow for one in marks),
        max(0, len(curves) - MOST_ARCS),
    )


def _has_position(sensor: SensorScope) -> bool:
    return sensor.latitude is not None and sensor.longitude is not None


def _point(place: MapPlace, name: str) -> Point | None:
    spot = place.spot
    if spot.latitude is not None and spot.longitude is not None:
        return spot.longitude, spot.latitude
    return middle_of(name, spot.country)


def _marks(places: Sequence[MapPlace], geography: Geography, language: Language) -> Iterator[_At]:
    most = max((place.sum.total_bytes for place in places), default=1) or 1
    for place in places:
        point = _point(place, geography.name)
        if point is None:
            continue
        x, y = geography.at(point)
        radius = 4 + 12 * math.sqrt(place.sum.total_bytes / most)
        spot = place.spot
        city = language.say_of("city", spot.city) if spot.city else language.country(spot.country)
        yield _At(place, x, y, radius, spot.latitude is None, city)


def _sectors(mark: _At) -> Iterator[Sector]:
    """The sectors of a circle, clockwise from the top, the worst first; none is too thin to be seen."""
    sizes = {one.share: one.sum.total_bytes for one in mark.place.shares}
    shares = [share for share in STACK if share in sizes]
    if mark.is_hollow or len(shares) < 2:
        return
    whole = sum(sizes.values()) or 1
    widths = [max(LEAST_SECTOR, sizes[share] / whole) for share in shares]
    end = 0.0
    for share, width in zip(shares, widths, strict=True):
        begin, end = end, end + width / sum(widths)
        (x, y), (to_x, to_y) = (
            (mark.radius * math.sin(math.tau * turn), -mark.radius * math.cos(math.tau * turn))
            for turn in (begin, end)
        )
        radius, is_large = f"{mark.radius:.1f}", int(end - begin > 0.5)
        arc = f"A{radius} {radius} 0 {is_large} 1 {mark.x + to_x:.1f} {mark.y + to_y:.1f}"
        yield Sector(f"M{mark.x:.1f} {mark.y:.1f}L{mark.x + x:.1f} {mark.y + y:.1f}{arc}z", share)


def _curves(report: Report, marks: Sequence[_At], spots: Mapping[str, Plane]) -> Iterator[Curve]:
    ends = {(one.place.spot.location, one.place.spot.country): one for one in marks}
    arcs = [arc for arc in report.arcs if arc.sensor in spots and (arc.location, arc.country) in ends]
    most = max((arc.sum.total_bytes for arc in arcs), default=1) or 1
    thickest = THICKEST / (1 + len(arcs) / FEW_ARCS)
    for arc in arcs:
        (x, y), end = spots[arc.sensor], ends[arc.location, arc.country]
        across, down = end.x - x, end.y - y
        distance = math.hypot(across, down)
        if distance <= end.radius + SENSOR_SIZE:
            continue
        side = 0.18 if across >= 0 else -0.18
        middle = (x + across / 2 + down * side, y + down / 2 - across * side)
        path = f"M{x:.1f} {y:.1f}Q{middle[0]:.1f} {middle[1]:.1f} {end.x:.1f} {end.y:.1f}"
        yield Curve(path, round(1.2 + thickest * math.sqrt(arc.sum.total_bytes / most), 1), arc.share)


def _labels(
    marks: Sequence[_At], spots: Mapping[str, Plane], geography: Geography, language: Language
) -> Iterator[Label]:
    # What is bad is named first: there may be no room for all.
    marks = sorted(marks, key=lambda one: STACK.index(leading_share(one.place.shares)) // len(BAD))
    texts = [(one.name, language.bytes(one.place.sum.total_bytes)) for one in marks]
    wanted = [
        Wanted(one.x, one.y, one.radius, LETTER * max(map(len, text)) + 4, 2 * LINE, _wide(text[0]))
        for one, text in zip(marks, texts, strict=True)
    ]
    if len(spots) <= MOST_NAMED_SENSORS:
        for name, (x, y) in spots.items():
            texts.append((name, ""))
            wanted.append(Wanted(x, y, SENSOR_SIZE, LETTER * len(name) + 4, LINE, _wide(name)))
    taken = [Box(x - 5, y - 5, x + 5, y + 5) for x, y in spots.values() if len(spots) > MOST_NAMED_SENSORS]
    frame = Box(EDGE, EDGE, WIDTH - EDGE, geography.height - EDGE)
    for (name, value), one, placed in zip(texts, wanted, place_labels(wanted, taken, frame), strict=True):
        if placed is None:
            continue
        box = placed.box
        near = (
            min(max(one.x, box.left), box.right),
            min(max(one.y, box.top), box.bottom),
        )
        leader = (
            (round(one.x, 1), round(one.y, 1), round(near[0], 1), round(near[1], 1))
            if placed.is_led
            else None
        )
        at = {"start": box.left + 2, "middle": (box.left + box.right) / 2, "end": box.right - 2}
        anchor = placed.anchor
        yield Label(round(at[anchor], 1), round(box.top + 11.5, 1), name, value, anchor, leader)


def _wide(name: str) -> float:
    """How wide a name is on a phone, where values are left out."""
    return LETTER * PHONE_FACTOR * (len(name) + 1) + 4
