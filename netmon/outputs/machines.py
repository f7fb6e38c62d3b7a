"""Distinct machines by counting period: collected while the period lasts, and written once it is over.

The pseudonym by which a machine is counted must not meet its daily pseudonyms: who sees both can follow the
machine through the period. So no record has both, none has a time closer than its period, and all of a period
are written together, hours after its end and in random order.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from netmon.days import DAY_NS, day_start_ns
from netmon.outputs.ecs import Stream, timestamp
from netmon.outputs.metric_events import metric_event, write_event
from netmon.outputs.observer import Observer
from netmon.privacy import PSEUDONYM, Privacy
from netmon.privacy.periods import period_days
from netmon.records import ClassifiedFlow

MAX_MACHINES = 200_000
"""Machines of all periods and vendors; from there on, numbers are lower bounds."""
LATE_NS = 6 * 3_600_000_000_000
"""How long after its end a period is written: no flow of it is reported any more."""
MAX_COUNTS = 10_000
"""Numbers that were written, which are taken back if it was too early; the oldest ones are forgotten."""
LINES_AT_ONCE = 5_000
"""Machines that are written in one turn: a store has time to take them."""
_random = random.SystemRandom()


class CountGroup(NamedTuple):
    """What is counted together."""

    period: str
    key: str  # Privacy.count_key: pseudonyms of different keys cannot be compared
    vendor: str


class MachineSets:
    """The machines of each group, as pseudonyms of the counting period; bounded."""

    def __init__(
        self, groups: Iterable[tuple[CountGroup, Iterable[str], bool]] = (), since_ns: int = 0
    ) -> None:
        """`groups`: each with its machines, and whether it is complete.

        `since_ns`: from when on they were counted, without a break of which nothing is known.
        """
        self.since_ns = since_ns
        self.version = 0  # grows with each change
        self.evicted = 0  # times that a machine found no room
        self._machines: dict[CountGroup, set[str]] = {}
        self._incomplete: set[CountGroup] = set()
        self._unsaved: set[tuple[CountGroup, str]] = set()
        self._size = 0
        for group, machines, is_complete in groups:
            self._machines[group] = set(machines)
            self._size += len(self._machines[group])
            if not is_complete:
                self._incomplete.add(group)

    def begin(self, now_ns: int) -> None:
        """Machines are counted from now on, unless they were before."""
        if not self.since_ns:
            self.since_ns = now_ns
            self.version += 1

    def add(self, group: CountGroup, machine: str) -> None:
        """A machine used a product of the vendor in the period."""
        known = self._machines.setdefault(group, set())
        if machine in known:
            return
        if self._size >= MAX_MACHINES:
            self.evicted += 1
            self.mark_incomplete(group)
            return
        known.add(machine)
        self._unsaved.add((group, machine))
        self._size += 1
        self.version += 1

    def mark_incomplete(self, group: CountGroup) -> None:
        """Not all machines of the group are known here."""
        if group not in self._incomplete:
            self._incomplete.add(group)
            self.version += 1

    def groups(self) -> Iterator[tuple[CountGroup, list[str], bool]]:
        """All groups, each with its machines in an order that says nothing, and whether it is complete."""
        for group in sorted(self._machines):
            yield group, sorted(self._machines[group]), group not in self._incomplete

    def remove(self, group: CountGroup) -> None:
        """Forgets a group."""
        self._size -= len(self._machines.pop(group, ()))
        self._incomplete.discard(group)
        self.version += 1

    def __len__(self) -> int:
        return self._size

    def erase(self, erased: Collection[str]) -> None:
        """Forgets these machines."""
        for machines in self._machines.values():
            before = len(machines)
            machines.difference_update(erased)
            self._size -= before - len(machines)
            self.version += len(machines) < before

    def saved(self) -> None:
        """All machines are in the file from now on."""
        self._unsaved.clear()

    def keep_only(self, others: MachineSets) -> None:
        """Forgets machines that were saved, and are not among the others any more: they were erased."""
        for group, machines in self._machines.items():
            there = others._machines.get(group, set())
            erased = {one for one in machines - there if (group, one) not in self._unsaved}
            machines.difference_update(erased)
            self._size -= len(erased)
            self.version += bool(erased)


class MachineEvents:
    """Collects machines from flows, and writes the events of the periods that are over."""

    def __init__(
        self,
        streams: Sequence[Stream],
        privacy: Privacy,
        observer: Observer,
        sets: MachineSets,
        *,
        is_live: bool,
    ) -> None:
        self._streams = streams
        self._privacy = privacy
        self._observer = observer
        self._sets = sets
        self._is_live = is_live
        self._now_ns = 0
        self._waiting: list[tuple[CountGroup, str]] = []
        self._closing: list[tuple[CountGroup, int, bool]] = []
        self._written: list[CountGroup] = []
        self._counts: dict[CountGroup, int] = {}  # written as complete

    def flow(self, classified: ClassifiedFlow) -> None:
        """Counts the client of a flow of a vendor, if the level of privacy counts by pseudonyms."""
        vendor, flow = classified.vendor, classified.flow
        if vendor is None or self._privacy.level != PSEUDONYM:
            return
        period = self._privacy.count_period(flow.last_ns)
        machine = self._privacy.count_id(flow.client, flow.last_ns)
        if machine is not None and not self._is_over(period):
            group = CountGroup(period, self._privacy.count_key(period), vendor)
            if group in self._counts:  # the clock was ahead
                self._put_count(group, self._counts.pop(group), is_complete=False)
                self._sets.mark_incomplete(group)
            self._sets.add(group, machine)

    def turn(self, now_ns: int) -> None:
        """Writes some of what is over; to be called about once a minute, and when the clock was set."""
        was_set_back, self._now_ns = now_ns < self._now_ns, now_ns
        if was_set_back:
            self._keep_open()
        self._sets.begin(now_ns)
        for group in self._written:  # a minute ago, so that the streams have them on disk
            self._sets.remove(group)
        self._written.clear()
        if not self._closing:
            self._close(one for one in self._sets.groups() if self._is_over(one[0].period))
        self._write(LINES_AT_ONCE)

    def finish(self) -> None:
        """Writes all periods: there are no further packets."""
        self._close(self._sets.groups())
        self._write(MAX_MACHINES)

    def _keep_open(self) -> None:
        """Goes on with periods that are not over after all."""
        self._waiting = [one for one in self._waiting if self._is_over(one[0].period)]
        self._closing = [one for one in self._closing if self._is_over(one[0].period)]
        self._written = [one for one in self._written if self._is_over(one.period)]

    def _is_over(self, period: str) -> bool:
        return _end_ns(period) + LATE_NS <= self._now_ns

    def _close(self, groups: Iterable[tuple[CountGroup, list[str], bool]]) -> None:
        for group, machines, is_complete in groups:
            self._waiting += [(group, machine) for machine in machines]
            self._closing.append((group, len(machines), is_complete))
        _random.shuffle(self._waiting)

    def _write(self, most: int) -> None:
        chosen, self._waiting = self._waiting[:most], self._waiting[most:]
        for group, machine in chosen:
            self._put("netmon.counted", group, {"source": {"address": machine}}, machine)
        if self._waiting:
            return
        for group, machines, is_complete in self._closing:
            self._put_count(group, machines, is_complete=is_complete)
            self._written.append(group)
            if is_complete:
                self._counts[group] = machines
        self._closing.clear()
        for group in list(self._counts)[:-MAX_COUNTS]:
            del self._counts[group]

    def _put_count(self, group: CountGroup, machines: int, *, is_complete: bool) -> None:
        since = timestamp(self._sets.since_ns) if self._is_live else None
        counts = {"machines": machines, "is_complete": is_complete, "since": since}
        self._put("netmon.count", group, {"netmon": counts}, machines, is_complete)

    def _put(self, dataset: str, group: CountGroup, fields: dict[str, Any], *what: object) -> None:
        start_ns, end_ns = day_start_ns(period_days(group.period)[0].isoformat()), _end_ns(group.period)
        about = {**fields, "netmon": {**group._asdict(), **fields.get("netmon", {})}}
        event = metric_event(dataset, start_ns, end_ns, about)
        write_event(self._streams, self._observer, event, None, *group, *what)


@lru_cache(maxsize=64)
def _end_ns(period: str) -> int:
    """The end of the last day of a period."""
    return day_start_ns(period_days(period)[1].isoformat()) + DAY_NS
