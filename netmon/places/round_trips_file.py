"""The file that keeps the smallest round trips, with one server a line, and the sensor's position."""

from __future__ import annotations

import ipaddress
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec.structs import astuple

from netmon.places.declared import Position
from netmon.places.round_trips import SmallestRoundTrips
from netmon.records import RoundTrip
from netmon.state_file import StateFile, json_rows, list_of

NAME = "round_trips.json"
VERSION = 1
SAVE_EVERY_S = 60.0
"""New smallest round trips are frequent, and losing a minute of them costs little."""


class RoundTripsFile:
    """Loads round trips at startup, unless the sensor has moved, and saves them; see `StateFile`."""

    def __init__(self, folder: Path, position: Position | None, log: Callable[[str], None]) -> None:
        self._position = None if position is None else list(astuple(position))
        self._next_s = -math.inf
        self.file = StateFile(
            folder / NAME,
            VERSION,
            log,
            if_damaged="the smallest round trips are measured anew",
            if_unsaved="the smallest round trips will be measured anew after a restart",
        )

    def load(self) -> SmallestRoundTrips:
        """The round trips in the file; none if there is no usable file, or one from another position."""

        def parse(content: dict[str, Any]) -> SmallestRoundTrips:
            rows = list_of(content.get("servers"))
            is_here = content.get("position") == self._position
            return SmallestRoundTrips(map(_server, rows if is_here else ()))

        return self.file.load(parse, SmallestRoundTrips())

    def save(self, trips: SmallestRoundTrips, now_s: float) -> None:
        """Writes the file once a minute if the round trips have changed; `now_s` is of a monotonic clock."""
        if now_s < self._next_s:
            return
        self._next_s = now_s + SAVE_EVERY_S if math.isfinite(now_s) else self._next_s

        def content() -> dict[str, str]:
            rows = [
                [server, trip.min_ns, trip.samples, trip.seen_ns, trip.interception]
                for server, trip in trips.remembered()
            ]
            return {"position": json.dumps(self._position), "servers": json_rows(rows)}

        self.file.save(trips.version, content, now_s)


def _server(row: Any) -> tuple[str, RoundTrip]:
    """Raises TypeError or ValueError for an invalid row."""
    server, min_ns, samples, seen_ns, interception = row
    numbers = (min_ns, samples, seen_ns)
    if not all(type(number) is int and 0 < number < 2**63 for number in numbers):
        raise ValueError
    if type(server) is not str or interception not in ("unknown", "unlikely"):
        raise ValueError
    return str(ipaddress.ip_address(server)), RoundTrip(min_ns, samples, seen_ns, interception)
