"""What the user declares in `netmon.yaml` about places: where networks are, and where the sensor is."""

from __future__ import annotations

from msgspec import Struct

ACCURACY_KM = 50.0
"""The accuracy of a position that is configured without one."""


class Declaration(Struct, frozen=True):
    """The place of a network as the user declares it, with the person who says so and the reason."""

    prefix: str
    country: str  # ISO 3166-1 alpha-2
    city: str | None
    author: str
    reason: str
    date: str | None = None
    valid_from: str | None = None  # ISO days, both included; None: no such bound
    valid_to: str | None = None


class Position(Struct, frozen=True):
    """Where the sensor is: degrees on WGS 84, and how far off that may be."""

    latitude: float
    longitude: float
    accuracy_km: float = ACCURACY_KM
