"""Events about a run itself: under which conditions it judged, and what it could see.

A record of a flow says what was decided; these say by which version, signatures and databases, and how much
of the traffic there was to see at that time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec.structs import asdict

from netmon.config.settings import Config
from netmon.encapsulations import describe
from netmon.outputs.ecs import ECS_VERSION, Stream, timestamp
from netmon.outputs.metric_events import metric_event, write_event
from netmon.outputs.observer import Observer
from netmon.outputs.run_fields import (
    ConditionFields,
    DatabaseFields,
    PositionFields,
    SignaturesFields,
    SubjectFields,
)
from netmon.places.database import Database
from netmon.quality import by_interface
from netmon.signatures.model import SignatureSet
from netmon.version import package_sha256, package_version

RunPhase = Literal["start", "change", "end"]
_TYPES: Mapping[RunPhase, str] = {"start": "start", "change": "change", "end": "end"}
_KINDS = ("looked_up", "named", "unnamed", "ech", "encrypted_dns", "evicted", "rejected")
"""Counters of the engine that belong to no interface, each by its own kinds."""
_TOTALS = ("other_flows", "lost_reports", "interceptions")
"""Further ones without kinds."""


def describe_conditions(
    config: Config, signatures: SignatureSet, databases: Iterable[Database], level: int
) -> dict[str, Any]:
    """What decides about verdicts besides the packets."""
    fields = ConditionFields(
        version=package_version(),
        program_sha256=package_sha256(),
        configuration_sha256=file_sha256(config.file) if config.file else None,
        signatures=SignaturesFields(sha256=signatures.sha256, vendors=tuple(sorted(signatures.vendors))),
        databases=tuple(
            DatabaseFields(name=one.name, provider=one.provider, date=one.date, sha256=one.content.sha256)
            for one in databases
        ),
        subject=SubjectFields(
            country=config.subjects.country,
            networks={str(one): country for one, country in config.subjects.networks.items()} or None,
        ),
        privacy_level=level,
        position=PositionFields(**asdict(config.position)) if config.position else None,
    )
    conditions: dict[str, Any] = msgspec.to_builtins(fields)
    return conditions


def file_sha256(path: Path) -> str | None:
    """The SHA-256 of a file; None if it cannot be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None


class RunEvents:
    """Writes the events of one run to some streams."""

    def __init__(self, streams: Sequence[Stream], observer: Observer, *, is_live: bool) -> None:
        self._streams = streams
        self._observer = observer
        self._is_live = is_live
        self._changes = 0
        self._before: dict[str, dict[str, Any]] = {}
        self._since_ns = 0

    def run(self, phase: RunPhase, time_ns: int, **facts: Any) -> None:
        """The run began, goes on under other conditions, or ended; of files, at the time of the packets.

        `facts`: `conditions` (see `describe_conditions`), `interfaces` or `files`, and `filter`.
        """
        self._changes += 1
        if phase == "start":
            self._since_ns = time_ns
        event = {
            "@timestamp": timestamp(time_ns),
            "ecs": {"version": ECS_VERSION},
            "event": {
                "kind": "event",
                "category": ["process"],
                "type": [_TYPES[phase]],
                "dataset": "netmon.run",
            },
            "netmon": {
                "phase": phase,
                "source": "interfaces" if self._is_live else "files",
                "started": timestamp(self._since_ns),
                **facts,
            },
        }
        write_event(self._streams, self._observer, event, None, phase, self._changes)

    def view(self, stats: Mapping[str, Any], start_ns: int, end_ns: int) -> None:
        """What each interface showed in this time: the growth of the counters since the last call.

        The counters that belong to no interface come with an event that names none.
        """
        now: dict[str, dict[str, Any]] = {}
        for interface, counters in by_interface(stats).items():
            plain = {key: count for key, count in counters.items() if isinstance(key, str)}
            kinds = {describe(key): count for key, count in counters.items() if not isinstance(key, str)}
            now[f"interface {interface}"] = {"view": plain, "undecoded": kinds}
        now["run"] = {key: _texts(stats.get(key, {})) for key in _KINDS}
        now["run"]["totals"] = {key: stats.get(key, 0) for key in _TOTALS}
        for name, sections in now.items():
            grown = _growth(sections, self._before.get(name, {}))
            if "up" in sections.get("view", {}):
                grown["view"]["up"] = sections["view"]["up"]
            self._write_view(name, grown, start_ns, end_ns)
        self._before = now

    def _write_view(self, name: str, grown: Mapping[str, Any], start_ns: int, end_ns: int) -> None:
        scope, _, interface = name.partition(" ")
        counted = {"scope": scope, **{key: counts for key, counts in grown.items() if counts}}
        event = metric_event("netmon.view", start_ns, end_ns, {"netmon": counted})
        write_event(self._streams, self._observer, event, interface or None, name, start_ns)


def _texts(counters: Mapping[Any, int]) -> dict[str, int]:
    """Counters by texts: a kind of several words becomes one."""
    return {key if isinstance(key, str) else " ".join(key): count for key, count in counters.items()}


def _growth(now: Mapping[str, Mapping[str, int]], before: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """The counters that have grown, and by how much."""
    grown: dict[str, dict[str, int]] = {}
    for section, counters in now.items():
        old = before.get(section, {})
        grown[section] = {key: count - old.get(key, 0) for key, count in counters.items()}
        grown[section] = {key: count for key, count in grown[section].items() if count}
    return grown
