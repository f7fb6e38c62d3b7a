"""Events that are numbers of a period: written to several streams alike."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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


class ChosenDatasets:
    """A stream of which only events of some datasets are written on."""

    def __init__(self, stream: Stream, datasets: Collection[str]) -> None:
        """`datasets` without the prefix `netmon.`."""
        self._stream = stream
        self._chosen = {f"netmon.{one}" for one in datasets}

    def write(self, line: str) -> None:
        """Writes an event, if its dataset is chosen."""
        if line.partition(_DATASET)[2].partition('"')[0] in self._chosen:
            self._stream.write(line)

    def flush(self) -> None:
        """Flushes the stream."""
        self._stream.flush()


_DATASET = '"dataset":"'
"""Comes first in `event`, of which no field before it holds a text from outside."""


def write_event(
    streams: Sequence[Stream], observer: Observer, event: dict[str, Any], interface: str | None, *what: object
) -> None:
    """Writes an event to each stream; `what` is as in `Observer.sign`."""
    line = json_line(without_nulls(observer.sign(event, interface, *what)))
    for stream in streams:
        stream.write(line)
