"""What a period lacks: when a sensor did not watch an interface, what was dropped, and what was erased."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from netmon.store import spans
from netmon.store.erasure import erased_flows
from netmon.store.queries import Reader, Scope
from netmon.store.runs import PeriodRuns, StoredRun, runs_of


@dataclass(frozen=True, slots=True)
class WatchGap:
    """A time in which a sensor did not see an interface, or did not run."""

    sensor: str
    interface: str  # empty: no record names one
    start_ns: int
    end_ns: int


class PeriodLimits(NamedTuple):
    """The beginning and the end of what is reported."""

    since_ns: int
    until_ns: int


class Missing(NamedTuple):
    """What a period lacks: gaps, the longest first; packets that were dropped, of all; and erased flows."""

    gaps: tuple[WatchGap, ...] = ()
    dropped: int = 0
    packets: int = 0
    runs: int | None = None  # of sensors, and readings of files; None: only events of flows were imported
    ends_ns: int | None = None  # the latest record, if a later end was asked for
    erased: int = 0  # flows that were erased on request, which may have been of the period


def missing(reader: Reader, scope: Scope) -> Missing:
    """What the period lacks. If the store has no record of any run, only erasures are known."""
    runs = runs_of(reader, scope)
    if not runs.known:
        return Missing(erased=erased_flows(reader, scope.since_ns or 0))
    limits = limits_of(scope, runs)
    found = gaps(reader, scope, runs, limits)
    ordered = sorted(
        found, key=lambda one: (one.start_ns - one.end_ns, one.start_ns, one.sensor, one.interface)
    )
    asked_ns = limits.until_ns if scope.expected_ns is None else scope.expected_ns
    ends_ns = runs.newest_ns if asked_ns - limits.until_ns > spans.TOLERANCE_NS else None
    count = len(runs.inside) + len(runs.unrecorded)
    erased = erased_flows(reader, limits.since_ns)
    return Missing(tuple(ordered), *spans.dropped(reader, scope), count, ends_ns, erased)


def limits_of(scope: Scope, runs: PeriodRuns) -> PeriodLimits:
    """Those of the scope, or else of its runs; it does not end after the latest record of any run."""
    starts = [one.start_ns for one in runs.inside] + [one.first_ns for one in runs.unrecorded]
    newest_ns = runs.newest_ns or 0
    until_ns = newest_ns if scope.until_ns is None else min(newest_ns, scope.until_ns)
    since_ns = min(starts, default=until_ns) if scope.since_ns is None else scope.since_ns
    until_ns = max(until_ns, since_ns + 1)
    return PeriodLimits(since_ns, until_ns)


def gaps(reader: Reader, scope: Scope, runs: PeriodRuns, limits: PeriodLimits) -> Iterator[WatchGap]:
    """The times between what sensors watched, of each interface that they had to watch."""
    since_ns, until_ns = limits
    watched = dict.fromkeys(_to_watch(runs, until_ns), since_ns)
    live = {one.sensor for one in runs.inside if one.is_live}
    seen: set[tuple[str, str]] = set()  # further stretches begin after a gap
    for one in spans.watched(reader, scope):
        key = one.sensor, one.interface
        if one.sensor not in live:
            continue
        before = watched.get(key, since_ns)
        if one.start_ns - before > (0 if key in seen else spans.TOLERANCE_NS):
            yield WatchGap(*key, max(before, since_ns), one.start_ns)
        watched[key] = max(one.end_ns, before)
        seen.add(key)
    for key, end_ns in watched.items():
        if until_ns - end_ns > spans.TOLERANCE_NS:
            yield WatchGap(*key, end_ns, until_ns)


def after_latest(
    scope: Scope, runs: PeriodRuns, limits: PeriodLimits, now_ns: int | None
) -> dict[tuple[str, str], int]:
    """How long sensors had to watch each interface after the latest record, if a later end was asked for."""
    after_ns = _asked_end(scope, limits, now_ns) - limits.until_ns
    return dict.fromkeys(_to_watch(runs, limits.until_ns), after_ns) if after_ns > spans.TOLERANCE_NS else {}


def outside_captures(
    scope: Scope, runs: PeriodRuns, limits: PeriodLimits, now_ns: int | None
) -> tuple[int, int] | None:
    """How much of a period that was asked for is in no capture, and how long it is.

    None if nothing was asked for, or if sensors had to watch: captures may be of anywhere then.
    """
    if scope.asked == (None, None) or any(_to_watch(runs, limits.until_ns)):
        return None
    end_ns = _asked_end(scope, limits, now_ns)
    outside_ns, seen_ns = 0, limits.since_ns
    covered = [(one.start_ns, one.end_ns) for one in runs.inside]
    covered += [(one.first_ns, one.last_ns) for one in runs.unrecorded]
    for start_ns, last_ns in (*sorted(covered), (end_ns, end_ns)):
        if start_ns - seen_ns > spans.TOLERANCE_NS:
            outside_ns += start_ns - seen_ns
        seen_ns = max(seen_ns, last_ns)
    return outside_ns, end_ns - limits.since_ns


def _asked_end(scope: Scope, limits: PeriodLimits, now_ns: int | None) -> int:
    """The end of what could be recorded of the period: what is still to come cannot be."""
    asked_ns = limits.until_ns if scope.expected_ns is None else scope.expected_ns
    return max(limits.until_ns, asked_ns if now_ns is None else min(asked_ns, now_ns))


def _to_watch(runs: PeriodRuns, until_ns: int) -> Iterator[tuple[str, str]]:
    """Sensor and interface: those that runs of the period were to watch, and those of silent sensors.

    A run without any view was recorded without what it saw, so that nothing can be said about its interfaces.
    """
    by_sensor: dict[str, list[StoredRun]] = {}
    for one in runs.known:
        if one.is_live and one.is_viewed:
            by_sensor.setdefault(one.sensor, []).append(one)
    inside = {one.key for one in runs.inside}
    for sensor, all_runs in by_sensor.items():
        of_period = [one for one in all_runs if one.key in inside]
        chosen = of_period or _silent(all_runs, until_ns)
        names = {name for one in chosen for name in one.about.get("interfaces", ())}
        yield from ((sensor, name) for name in sorted(names or ({""} if chosen and not of_period else ())))


def _silent(all_runs: Sequence[StoredRun], until_ns: int) -> list[StoredRun]:
    """The last run before a period without one: of a sensor that ran again later, or that never ended.

    A sensor that was stopped, and was not started again, is taken for retired.
    """
    before = [one for one in all_runs if one.start_ns < until_ns]
    is_again = len(before) < len(all_runs)
    return before[-1:] if before and (is_again or not before[-1].is_ended) else []
