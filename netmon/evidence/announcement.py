"""The event that evidence was written, for the store."""

from __future__ import annotations

from typing import Any

from netmon.outputs.ecs import ECS_VERSION, timestamp
from netmon.outputs.json_line import without_nulls
from netmon.outputs.observer import Observer
from netmon.records import FlowRecord


def evidence_event(observer: Observer, flow: FlowRecord, file: str, sha256: str) -> dict[str, Any]:
    """The event of the document of a finding."""
    event = {
        "@timestamp": timestamp(flow.last_ns),
        "ecs": {"version": ECS_VERSION},
        "event": {"kind": "event", "category": ["network"], "type": ["info"], "dataset": "netmon.evidence"},
        "file": {"name": file, "hash": {"sha256": sha256}},
        "netmon": {"flow_id": flow.flow_id},
    }
    signed: dict[str, Any] = without_nulls(observer.sign(event, flow.interface, flow.flow_id, sha256))
    return signed
