"""When a sensor did not watch an interface in a period, and what was dropped while it did."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from netmon.store import queries, spans
from netmon.store.queries import Reader, Scope


@dataclass(frozen=True, slots=True)
class WatchGap:
    """A time in which a sensor did not see an interface, or did not run."""

    sensor: str
    interface: str
    start_ns: int
    end_ns: int


class Missing(NamedTuple):
    """What a period lacks: gaps, the longest first, and packets that were dropped, of all packets."""

    gaps: tuple[WatchGap, ...] = ()
    dropped: int = 0
    packets: int = 0


def missing(reader: Reader, scope: Scope) -> Missing:
    """What the period lacks; nothing if the store has no record of a run in it."""
    runs = list(queries.rows(reader, "runs", scope))
    if not runs:
        return Missing()
    ends = spans.last_seen(reader)
    times = [
        (row["start_ns"], row["end_ns"] or ends.get((row["sensor"], row["run"])) or row["start_ns"])
        for row in runs
    ]
    live = {row["sensor"] for row in runs if row["source"] == "interfaces"}
    found = gaps(reader, scope, live, *limits(scope, times))
    ordered = sorted(
        found, key=lambda one: (one.start_ns - one.end_ns, one.start_ns, one.sensor, one.interface)
    )
    return Missing(tuple(ordered), *spans.dropped(reader, scope))


def limits(scope: Scope, times: Collection[tuple[int, int]]) -> tuple[int, int]:
    """The beginning and the end of what is reported: of the scope, or else of runs with these times."""
    since_ns = min(start_ns for start_ns, _ in times) if scope.since_ns is None else scope.since_ns
    until_ns = max(end_ns for _, end_ns in times)
    if scope.until_ns is not None:
        until_ns = min(until_ns, scope.until_ns)
    return since_ns, max(until_ns, since_ns + 1)


def gaps(
    reader: Reader, scope: Scope, live: Iterable[str], since_ns: int, until_ns: int
) -> Iterator[WatchGap]:
    """The times between what was watched by sensors that watch interfaces."""
    watched: dict[tuple[str, str], int] = {}
    for one in spans.watched(reader, scope):
        key = one.sensor, one.interface
        if one.sensor not in live:
            continue
        before = watched.get(key, since_ns)
        if one.start_ns - before > spans.TOLERANCE_NS:
            yield WatchGap(*key, max(before, since_ns), one.start_ns)
        watched[key] = max(one.end_ns, before)
    for key, end_ns in watched.items():
        if until_ns - end_ns > spans.TOLERANCE_NS:
            yield WatchGap(*key, end_ns, until_ns)
