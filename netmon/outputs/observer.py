"""Who reports: the sensor, its site and the run, and from these the identifier of each event."""

from __future__ import annotations

import os
from typing import Any

from msgspec import Struct

from netmon._engine import sha256


class Observer(Struct, frozen=True):
    """What all events of a run have in common."""

    sensor: str = "netmon"
    site: str = ""
    run: str | None = None  # None: the events are those of no run, such as one that is only explained

    def sign(self, event: dict[str, Any], interface: str | None, *what: object) -> dict[str, Any]:
        """The event with its identifier, the sensor and the run.

        `what` tells the event apart from others of the run and its dataset, but holds no address: whoever
        has the identifier could find it by trying all addresses. The same event always has the same one, so
        that a record that is delivered again is recognised.
        """
        dataset = event["event"]["dataset"]
        text = "\n".join(map(str, (self.sensor, self.run, dataset, *what)))
        identifier = sha256(text.encode()).hex()[:32]
        begin = {key: event[key] for key in ("@timestamp", "ecs")}
        return {
            **begin,
            "event": {"id": identifier, **event["event"]},
            "observer": self._fields(interface),
            **{key: value for key, value in event.items() if key not in (*begin, "event")},
            "netmon": ({"run": self.run} if self.run else {}) | (event.get("netmon") or {}) or None,
        }

    def _fields(self, interface: str | None) -> dict[str, Any]:
        return {
            "type": "sensor",
            "product": "netmon",
            "name": self.sensor,
            "geo": {"name": self.site} if self.site else None,
            "ingress": {"interface": {"name": interface}} if interface else None,
        }


def new_run() -> str:
    """The identifier of a run that is unlike any other."""
    return os.urandom(8).hex()
