"""What the exporter remembers across restarts: which series it has shown, and what was last seen when.

A series that was shown once is shown again after a restart, from 0, and an alert that compares a last-seen
time with the clock does not end because the sensor was restarted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from netmon.outputs.births import Labels
from netmon.outputs.metrics import METRICS
from netmon.state_file import StateFile, json_rows, list_of

NAME = "series.json"
VERSION = 1
_MAX_LENGTH = 200
"""Characters of a label's value."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """Label sets and last-seen times, each by the name of a metric."""

    series: Mapping[str, Sequence[Labels]] = field(default_factory=dict)
    last_seen: Mapping[str, Mapping[Labels, float]] = field(default_factory=dict)


class SeriesFile:
    """Loads what is remembered at startup, and saves it when it has changed; see `StateFile`."""

    def __init__(self, folder: Path, log: Callable[[str], None]) -> None:
        self.file = StateFile(
            folder / NAME,
            VERSION,
            log,
            if_damaged="metrics no longer show what was seen before the restart",
            if_unsaved="metrics will forget at a restart what was seen before it",
        )

    def load(self) -> Remembered:
        """What the file remembers; nothing if there is no file, or no usable one."""
        return self.file.load(_parse, Remembered())

    def save(self, changes: int, remembered: Callable[[], Remembered], now_s: float) -> None:
        """Writes the file if there were changes; `now_s` is the time of a monotonic clock."""

        def content() -> dict[str, str]:
            now = remembered()
            seen = [
                [name, *labels, int(time_s)]
                for name, times in now.last_seen.items()
                for labels, time_s in times.items()
            ]
            rows = [[name, *labels] for name, sets in now.series.items() for labels in sets]
            return {"last_seen": json_rows(seen), "series": json_rows(rows)}

        self.file.save(changes, content, now_s)


def _parse(content: dict[str, Any]) -> Remembered:
    """Raises TypeError or ValueError for invalid rows."""
    series: dict[str, list[Labels]] = {}
    for name, *labels in map(list_of, list_of(content.get("series"))):
        series.setdefault(name, []).append(_labels(name, labels, ("counter", "histogram")))
    last_seen: dict[str, dict[Labels, float]] = {}
    for name, *labels, time_s in map(list_of, list_of(content.get("last_seen"))):
        if type(time_s) is not int or not 0 <= time_s < 2**40:
            raise ValueError
        last_seen.setdefault(name, {})[_labels(name, labels, ("gauge",))] = time_s
    return Remembered(series, last_seen)


def _labels(name: Any, values: list[Any], kinds: tuple[str, ...]) -> Labels:
    kind, names, _ = METRICS.get(name, ("", (), ""))
    is_known = kind in kinds and len(names) == len(values)
    if not is_known or not all(isinstance(one, str) and _is_plain(one) for one in values):
        raise ValueError
    return tuple(values)


def _is_plain(text: str) -> bool:
    return len(text) <= _MAX_LENGTH and text.isprintable()
