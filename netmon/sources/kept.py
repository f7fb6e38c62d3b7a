"""Packets that the engine keeps as evidence until their flow was judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from msgspec import Struct


class KeptPacket(Struct, frozen=True):
    """A copy of a captured packet, in the order of the engine's rows."""

    time_ns: int
    link: int  # link type, as registered for pcap
    interface: str | None
    wire_len: int
    number: int | None  # in the capture, from 1
    source: str  # the innermost addresses
    destination: str
    shows: tuple[str, ...]  # labels of the engine (`Shows`)
    data: bytes


class Keeper(Protocol):
    """The part of the engine that keeps packets."""

    def kept_packets(self, flow_id: int) -> list[tuple[Any, ...]]:
        """The rows of the packets of a flow."""
        ...

    def release_packets(self, flow_ids: Sequence[int]) -> None:
        """The packets of these flows are not needed any more."""
        ...


class KeptPackets:
    """The packets that an engine keeps."""

    def __init__(self, engine: Keeper) -> None:
        self._engine = engine

    def of(self, flow_id: int) -> list[KeptPacket]:
        """What is kept of a flow: its own packets, and those of the DNS messages on which its name rests."""
        rows = self._engine.kept_packets(flow_id)
        return [KeptPacket(*row) for row in rows]

    def release(self, flow_ids: Sequence[int]) -> None:
        """The packets of these flows are not needed any more."""
        self._engine.release_packets(flow_ids)
