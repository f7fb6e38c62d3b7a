"""Bytes of one direction that are scattered over packets: joined, and written back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes in a packet, and where they are in the stream or in the fragmented packet."""

    data: bytearray
    start: int  # in the packet
    end: int
    offset: int

    @property
    def until(self) -> int:
        """The offset at which it ends."""
        return self.offset + self.end - self.start


Change = Callable[[bytes, Sequence[int]], bytes]
"""Changes contiguous bytes, given with the offsets at which parts begin, and keeps their length."""


def change(parts: Sequence[Part], how: Change) -> None:
    """Changes each contiguous run of bytes. `parts` are in the order in which they arrived."""
    for run in _runs(parts):
        first = min(part.offset for part in run)
        joined = _joined(run, first)
        starts = sorted({part.offset - first for part in run})
        shown = how(joined, starts)
        for part in run:
            at = part.offset - first
            own, before = part.data[part.start : part.end], joined[at : part.until - first]
            after = shown[at : part.until - first]
            # Where a repetition says something else, what it says was not read, and is blanked.
            part.data[part.start : part.end] = bytes(
                new if is_read == old else 0 for old, is_read, new in zip(own, before, after, strict=True)
            )


def _runs(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """Parts that touch each other, in the order in which they arrived."""
    order = {id(part): number for number, part in enumerate(parts)}
    run: list[Part] = []
    until = 0
    for part in sorted(parts, key=lambda one: one.offset):
        if run and part.offset > until:
            yield sorted(run, key=lambda one: order[id(one)])
            run = []
        until = max(until, part.until) if run else part.until
        run.append(part)
    if run:
        yield sorted(run, key=lambda one: order[id(one)])


def _joined(run: Sequence[Part], first: int) -> bytes:
    """The bytes of a run; of those that differ, what arrived first."""
    joined = bytearray(max(part.until for part in run) - first)
    # From the last to the first: the first one stays.
    for part in reversed(run):
        joined[part.offset - first : part.until - first] = part.data[part.start : part.end]
    return bytes(joined)
