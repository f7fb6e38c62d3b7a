"""Events that are numbers of a period: written to several streams alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from netmon.outputs.ecs import ECS_VERSION, Stream, timestamp
from netmon.outputs.json_line import json_line, without_nulls
from netmon.outputs.observer import Observer


def metric_event(dataset: str, start_ns: int, end_ns: int, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The event of a period, at its end, with these fields."""
    return {
        "@timestamp": timestamp(end_ns),
        "ecs": {"version": ECS_VERSION},
        "event": {
            "kind": "metric",
            "category": ["network"],
            "type": ["info"],
            "dataset": dataset,
            "start": timestamp(start_ns),
            "end": timestamp(end_ns),
        },
        **fields,
    }


def write_event(
    streams: Sequence[Stream], observer: Observer, event: dict[str, Any], interface: str | None, *what: object
) -> None:
    """Writes an event to each stream; `what` is as in `Observer.sign`."""
    line = json_line(without_nulls(observer.sign(event, interface, *what)))
    for stream in streams:
        stream.write(line)
