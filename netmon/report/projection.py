"""Map projections: from longitude and latitude to a plane whose y axis points south."""

from __future__ import annotations

import math
from typing import Protocol

Plane = tuple[float, float]


class Projection(Protocol):
    """From degrees to a plane."""

    def __call__(self, longitude: float, latitude: float) -> Plane:
        """The point of the plane."""
        ...


_LATITUDE, _LONGITUDE = math.radians(52), math.radians(15)
_SIN, _COS = math.sin(_LATITUDE), math.cos(_LATITUDE)


def lambert(longitude: float, latitude: float) -> Plane:
    """Lambert's azimuthal equal-area projection around the middle of Europe, in earth radii."""
    x, y = math.radians(longitude) - _LONGITUDE, math.radians(latitude)
    across = _COS * math.cos(y) * math.cos(x)
    scale = math.sqrt(2 / (1 + _SIN * math.sin(y) + across))
    north = _COS * math.sin(y) - _SIN * math.cos(y) * math.cos(x)
    return scale * math.cos(y) * math.sin(x), -scale * north


_A1, _A2, _A3, _A4 = 1.340264, -0.081106, 0.000893, 0.003796
_ROOT3 = math.sqrt(3)


def equal_earth(longitude: float, latitude: float) -> Plane:
    """The Equal Earth projection of the world (Šavrič, Patterson and Jenny, 2018)."""
    angle = math.asin(_ROOT3 / 2 * math.sin(math.radians(latitude)))
    square = angle * angle
    sixth = square**3
    slope = 3 * (9 * _A4 * sixth * square + 7 * _A3 * sixth + 3 * _A2 * square + _A1)
    x = 2 * _ROOT3 * math.radians(longitude) * math.cos(angle) / slope
    return x, -angle * (_A4 * sixth * square + _A3 * sixth + _A2 * square + _A1)
