"""The file that keeps destinations, with one destination a line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec.structs import asdict

from netmon.destinations.memory import Destination, Destinations
from netmon.records import NEW_DESTINATION
from netmon.state_file import StateFile, json_rows, list_of

NAME = "destinations.json"
VERSION = 1


class DestinationsFile:
    """Loads destinations at startup and saves them when they have changed; see `StateFile`."""

    def __init__(self, folder: Path, log: Callable[[str], None]) -> None:
        self.file = StateFile(
            folder / NAME,
            VERSION,
            log,
            if_damaged="all destinations count as new",
            if_unsaved="new destinations will be reported again after a restart",
        )

    def load(self, learning_s: int = 0) -> Destinations:
        """The destinations in the file; none if there is no file, or no usable one."""

        def parse(content: dict[str, Any]) -> Destinations:
            return Destinations(
                [_destination(row) for row in list_of(content.get("destinations"))],
                dict(map(_first_flow, list_of(content.get("since")))),
                learning_s=learning_s,
            )

        destinations = self.file.load(parse, Destinations(learning_s=learning_s))
        self.file.saved(destinations.version)
        return destinations

    def save(self, destinations: Destinations, now_s: float) -> None:
        """Writes the file if destinations have changed; `now_s` is the time of a monotonic clock."""

        def content() -> dict[str, str]:
            rows = json_rows([asdict(one) for one in destinations.remembered()])
            return {"since": json.dumps(sorted(destinations.since_s.items())), "destinations": rows}

        self.file.save(destinations.version, content, now_s)


def _destination(row: Any) -> Destination:
    """Raises TypeError or ValueError for an invalid row. Values that become metric labels are checked."""
    one = Destination(**row)
    _check(one.vendor, _VENDOR)
    _check(one.kind, "|".join(NEW_DESTINATION))
    _check(one.value, "[0-9a-f.:]+/[0-9]+" if one.kind == "network" else "[A-Z]{2}")
    _check(one.country, "[A-Z]{2}|unknown|disputed")
    for time_s in (one.first_s, one.last_s):
        _check_time(time_s)
    return one


def _first_flow(pair: Any) -> tuple[str, int]:
    vendor, time_s = pair
    _check(vendor, _VENDOR)
    _check_time(time_s)
    return vendor, time_s


_VENDOR = "[a-z][a-z0-9_]*"


def _check(word: Any, pattern: str) -> None:
    if re.fullmatch(pattern, word) is None:
        raise ValueError


def _check_time(time_s: Any) -> None:
    if type(time_s) is not int or not 0 <= time_s < 2**63:
        raise ValueError
