"""Passes the events of a spool on to a broker, from where a store may collect them.

A process of its own does this (`netmon forward`): the sensor itself, which reads hostile packets, cannot open
connections.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from netmon.errors import NetmonError


class BrokerError(NetmonError):
    """The broker cannot be reached, or does not accept events at the moment."""


@dataclass(frozen=True, slots=True)
class StreamMessage:
    """One event, with what brokers need to know about it."""

    line: bytes
    """The event as JSON, without a newline."""
    id: str
    """`event.id`: the same event always has the same one."""
    dataset: str
    severity: int
    """`event.severity`; 0 for none."""
    sensor: str
    time: str
    """RFC 3339."""


class Broker(Protocol):
    """A destination of events."""

    def publish(self, messages: Sequence[StreamMessage]) -> int:
        """Delivers all messages, and returns how many of them it refused for good, such as too large ones.

        Returns once the broker has confirmed them; raises BrokerError if it did not, and then any of them
        may be delivered again.
        """
        ...

    def close(self) -> None:
        """Closes the connection."""
        ...


def parse_message(line: bytes) -> StreamMessage | None:
    """The message for a line of a spool; None if it is not an event."""
    try:
        event: Any = json.loads(line)
        about = event["event"]
        return StreamMessage(
            line=line,
            id=str(about["id"]),
            dataset=str(about["dataset"]),
            severity=int(about.get("severity") or 0),
            sensor=str(event["observer"].get("name") or "netmon"),
            time=str(event["@timestamp"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
