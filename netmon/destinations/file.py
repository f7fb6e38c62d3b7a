"""The file that keeps destinations: JSON with one destination per line, replaced atomically."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from netmon.destinations.memory import Destination, Destinations
from netmon.errors import reason_of
from netmon.records import NEW_DESTINATION

NAME = "destinations.json"
VERSION = 1
MAX_BYTES = 16 * 1024 * 1024
RETRY_S = 60.0
"""Time between attempts to write the file after a failure."""


class DestinationsFile:
    """Loads destinations at startup and saves them when they have changed.

    A file that cannot be read or parsed is renamed; one that cannot be written is tried again later. Either
    is logged in one line, and the sensor continues with the destinations in memory.
    """

    def __init__(self, folder: Path, log: Callable[[str], None]) -> None:
        self.is_saved = True  # the last attempt to save succeeded
        self._file = folder / NAME
        self._log = log
        self._saved_version = 0
        self._retry_at_s = 0.0

    def load(self, learning_s: int = 0) -> Destinations:
        """The destinations in the file; none if there is no file, or no usable one."""
        try:
            destinations = self._read(learning_s)
        except FileNotFoundError:
            destinations = Destinations(learning_s=learning_s)
        except OSError as error:
            destinations = self._set_aside(reason_of(error), learning_s)
        except (ValueError, TypeError, RecursionError):
            destinations = self._set_aside("damaged, or written by another version of netmon", learning_s)
        self._saved_version = destinations.version
        return destinations

    def save(self, destinations: Destinations, now_s: float) -> None:
        """Writes the file if destinations have changed; `now_s` is the time of a monotonic clock."""
        if destinations.version == self._saved_version or now_s < self._retry_at_s:
            return
        try:
            self._write(destinations)
        except OSError as error:
            self._retry_at_s = now_s + RETRY_S
            if self.is_saved:
                self._log(
                    f"{self._file}: {reason_of(error)}; until it can be written, new destinations will be "
                    f"reported again after a restart"
                )
            self.is_saved = False
            return
        if not self.is_saved:
            self._log(f"{self._file}: can be written again")
        self.is_saved = True
        self._saved_version = destinations.version

    def _read(self, learning_s: int) -> Destinations:
        with self._file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ValueError
        content = json.loads(data)
        if not isinstance(content, dict) or content.get("version") != VERSION:
            raise ValueError
        return Destinations(
            [_destination(row) for row in _list(content.get("destinations"))],
            dict(map(_first_flow, _list(content.get("since")))),
            learning_s=learning_s,
        )

    def _set_aside(self, why: str, learning_s: int) -> Destinations:
        aside = self._file.with_name(f"{NAME}.damaged")
        try:
            self._file.replace(aside)
        except OSError:
            kept = "left in place"
        else:
            kept = f"renamed to {aside}"
        self._log(f"{self._file}: {why}; {kept}; all destinations count as new")
        return Destinations(learning_s=learning_s)

    def _write(self, destinations: Destinations) -> None:
        folder = self._file.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        rows = ",\n".join(json.dumps(asdict(one)) for one in destinations.remembered())
        since = json.dumps(sorted(destinations.since_s.items()))
        text = f'{{"version": {VERSION}, "since": {since}, "destinations": [\n{rows}\n]}}\n'
        new = self._file.with_name(f"{NAME}.new")
        with new.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(self._file)


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


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value
