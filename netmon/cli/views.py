"""The views of the store, and how they are written: words of the command line."""

from __future__ import annotations

from enum import StrEnum


class View(StrEnum):
    """What flows are grouped by."""

    PLACE = "place"
    COMPONENT = "component"
    CLIENT = "client"
    NAME = "name"
    ADDRESS = "address"
    DAY = "day"


class Format(StrEnum):
    """How a view is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
