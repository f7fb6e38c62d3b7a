"""What the user says about location databases: who publishes them, and what their countries are."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class DatabaseLabel(Struct, frozen=True):
    """What the user says about a location database, or about all databases in a folder."""

    provider: str | None = None  # who publishes it; None: as its metadata or its file name say
    about: Literal["location", "registration"] = "location"
