"""What all events have in common: the version of ECS, how times are written, and where lines go."""

from __future__ import annotations

from typing import Protocol

from netmon._engine import ECS_VERSION, timestamp

__all__ = ["ECS_VERSION", "Stream", "timestamp"]


class Stream(Protocol):
    """A text stream that events are written to."""

    def write(self, lines: str, /) -> object:
        """Writes one line or more, each of which ends in a newline; may buffer them."""
        ...

    def flush(self) -> None:
        """Writes all buffered lines."""
        ...
