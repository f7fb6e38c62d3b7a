"""The file that remembers destinations: JSON, a destination a line, replaced as a whole or not at all."""

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
"""How long after a failure the file is tried again."""


class DestinationsFile:
    """Reads destinations at the start and saves them when they have changed.

    A file that cannot be read or understood is set aside, one that cannot be written is tried again; either
    is told in one line, and the sensor goes on with what is in memory.
    """

    def __init__(self, folder: Path, tell: Callable[[str], None]) -> None:
        self.is_saved = True  # the last attempt succeeded
        self._file = folder / NAME
        self._tell = tell
        self._saved_version = 0
        self._not_before_s = 0.0

    def load(self, learning_s: int = 0) -> Destinations:
        """What the file remembers; nothing where there is none, or none that can be used."""
        try:
            destinations = self._read(learning_s)
        except FileNotFoundError:
            destinations = Destinations(learning_s=learning_s)
        except OSError as error:
            destinations = self._set_aside(reason_of(error), learning_s)
        except (ValueError, TypeError, RecursionError):
            destinations = self._set_aside("damaged, or of another netmon", learning_s)
        self._saved_version = destinations.version
        return destinations

    def save(self, destinations: Destinations, now_s: float) -> None:
        """Writes what has changed, if anything has; `now_s` is of a clock that never goes back."""
        if destinations.version == self._saved_version or now_s < self._not_before_s:
            return
        try:
            self._write(destinations)
        except OSError as error:
            self._not_before_s = now_s + RETRY_S
            if self.is_saved:
                self._tell(
                    f"{self._file}: {reason_of(error)}; what is new now will be new again after a restart, "
                    f"until it can be written"
                )
            self.is_saved = False
            return
        if not self.is_saved:
            self._tell(f"{self._file}: written again")
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
            dict(map(_moment, _list(content.get("since")))),
            learning_s=learning_s,
        )

    def _set_aside(self, why: str, learning_s: int) -> Destinations:
        aside = self._file.with_name(f"{NAME}.damaged")
        try:
            self._file.replace(aside)
        except OSError:
            kept = "it stays"
        else:
            kept = f"kept as {aside}"
        self._tell(f"{self._file}: {why}; {kept}, and every destination is new again")
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
    """Raises TypeError or ValueError when it is none. What becomes a label is looked at closely."""
    one = Destination(**row)
    _check(one.vendor, _VENDOR)
    _check(one.kind, "|".join(NEW_DESTINATION))
    _check(one.value, "[0-9a-f.:]+/[0-9]+" if one.kind == "network" else "[A-Z]{2}")
    _check(one.country, "[A-Z]{2}|unknown|disputed")
    for time_s in (one.first_s, one.last_s):
        _check_time(time_s)
    return one


def _moment(pair: Any) -> tuple[str, int]:
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
