"""The file that keeps the machines of a counting period until it is over."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from netmon.file_version import file_version
from netmon.outputs.machines import CountGroup, MachineSets
from netmon.privacy.levels import COUNTED
from netmon.privacy.periods import period_days
from netmon.state_file import StateFile, json_rows, list_of, replace_file, state_text

NAME = "machines.json"
VERSION = 1
_MACHINE = re.compile("[0-9a-f]{16}")
_MACHINES_PER_S = 10_000
"""Many machines are saved less often: a second apart, and one more for each so many."""


class MachinesFile:
    """Loads machines at startup, and saves them when they have changed; see `StateFile`."""

    def __init__(self, folder: Path, log: Callable[[str], None]) -> None:
        self._path = folder / NAME
        self._next_s = -math.inf
        self.file = StateFile(
            self._path,
            VERSION,
            log,
            if_damaged="the machines of the current period are counted anew",
            if_unsaved="the machines of the current period will be counted anew after a restart",
        )
        self._version = file_version(self._path)

    def load(self) -> MachineSets:
        """The machines in the file; none if there is no file, or no usable one."""
        return self.file.load(_parse, MachineSets())

    def save(self, sets: MachineSets, now_s: float) -> None:
        """Writes the file if machines have come; `now_s` is the time of a monotonic clock.

        What someone else has removed from the file was erased, and is forgotten.
        """
        if now_s < self._next_s:
            return
        there = file_version(self._path)
        if there != self._version and there is not None:
            sets.keep_only(self.file.load(_parse, sets))
        pace_s = 1 + len(sets) / _MACHINES_PER_S
        self._next_s = now_s + pace_s if math.isfinite(now_s) else self._next_s
        self.file.save(sets.version, lambda: _content(sets), now_s)
        if self.file.is_saved:
            sets.saved()
        self._version = file_version(self._path)


def erase_machines(folder: Path, machines: Collection[str]) -> int:
    """Removes machines from the file, whose sensor may run; returns how many were there.

    Raises OSError and ValueError.
    """
    path = folder / NAME
    if not path.is_file():
        return 0
    sets = _parse(json.loads(path.read_text("utf-8")))
    count = len(sets)
    sets.erase(machines)
    if len(sets) == count:
        return 0
    replace_file(path, state_text(VERSION, _content(sets)), ".erase")  # the sensor may write its own one
    return count - len(sets)


def _content(sets: MachineSets) -> dict[str, str]:
    """The JSON of each key; a group a line, and of each machine what differs."""
    rows = [
        [*group, is_complete, [one.removeprefix(COUNTED) for one in found]]
        for group, found, is_complete in sets.groups()
    ]
    return {"since_ns": str(sets.since_ns), "groups": json_rows(rows)}


def _parse(content: dict[str, Any]) -> MachineSets:
    """Raises TypeError or ValueError for content that is not valid."""
    since_ns = content.get("since_ns")
    if type(since_ns) is not int or not 0 <= since_ns < 2**63:
        raise ValueError
    return MachineSets(map(_group, list_of(content.get("groups"))), since_ns)


def _group(row: Any) -> tuple[CountGroup, list[str], bool]:
    period, key, vendor, is_complete, machines = row
    period_days(period)
    if not all(_MACHINE.fullmatch(one) for one in (key, *list_of(machines))):
        raise ValueError
    if type(is_complete) is not bool or type(vendor) is not str:
        raise TypeError
    return CountGroup(period, key, vendor), [COUNTED + one for one in machines], is_complete
