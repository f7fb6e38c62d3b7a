"""Prometheus metrics: sums over classified flows, and counters read from the engine at each scrape."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice, product
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar

from netmon.outputs.births import Births, Labels
from netmon.outputs.engine_metrics import (
    about,
    database_metrics,
    destination_metrics,
    engine_metrics,
    store_metrics,
)
from netmon.outputs.families import Families
from netmon.outputs.remembered import Remembered
from netmon.records import QUESTIONS, STANDINGS, ClassifiedFlow, DnsRecord, Verdict
from netmon.signatures.model import SignatureSet

FlowLabels = tuple[str, str, str, str, str, str]
"""Vendor, component, location, country, verdict, severity."""

RTT_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0)
MAX_LABEL_SETS = 3_000
"""Label sets of flows, with three series each, so that a scrape stays below 10,000 series and 60 ms of CPU
(`tests/bench/scrape.py`). Further ones are folded into `other` and counted."""
_FINDINGS = ("unexpected", "forbidden")
_FOLDED: FlowLabels = ("other", "other", "other", "other", "other", "other")
_FLOWS, _UNDECIDED, _EXCEPTED = "netmon_flows", "netmon_undecided_flows", "netmon_excepted_flows"
_EXCLUDED = "netmon_excluded_flows"
_FALLBACKS, _RTTS = "netmon_fallback_resolver_findings", "netmon_handshake_rtt_seconds"
_CONCERNS = "netmon_concern_flows"
_FALLBACK_SEEN = "netmon_fallback_resolver_last_seen_timestamp_seconds"
_SEEN = {outcome: f"netmon_{outcome}_last_seen_timestamp_seconds" for outcome in _FINDINGS}
_NOTHING = {
    _FLOWS: 3,
    _UNDECIDED: 1,
    _CONCERNS: 1,
    _EXCLUDED: 1,
    _EXCEPTED: 1,
    _FALLBACKS: 1,
    _RTTS: len(RTT_BUCKETS_S) + 2,
}
"""Counters that flows bring into being, and how many numbers each of their series has: of flows, the bytes
sent, bytes received and flows; of round trips, the counts of the buckets, of the rest, and the sum."""


class Prometheus:
    """Keeps sums, and exposes them through registries of its own.

    In `registry`, a series is shown as 0 for `hold_s` after its first scrape (see `births`). `remembered` and
    `restore` carry label sets and last-seen times over a restart.
    """

    def __init__(
        self,
        version: str,
        stats: Callable[[], Mapping[str, Any]],
        *,
        hold_s: float = 0,
        with_created: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`stats` is called at each scrape, from the scraping thread. `clock` is monotonic."""
        self._version = version
        self._stats = stats
        self._lock = threading.Lock()
        self._start_s = time.time()
        self._with_created = with_created
        self._sums: dict[str, dict[Labels, list[float]]] = {name: {} for name in _NOTHING}
        self._last_seen: dict[str, dict[Labels, float]] = {
            name: {} for name in (*_SEEN.values(), _FALLBACK_SEEN)
        }
        self._exemplars: dict[Labels, Exemplar] = {}
        self._counted: dict[int, tuple[FlowLabels, ...]] = {}
        """The series in which each flow that goes on was counted."""
        self._folded = 0
        self._changes = 0
        self._signatures: SignatureSet | None = None
        self._reload = (0.0, 0.0)
        self.registry = self._make_registry(Births(hold_s, clock))
        self.live_registry = self._make_registry(Births(0, clock))
        """The same, with new series at their values from the start: for people who look."""

    def loaded(self, signatures: SignatureSet, series: Iterable[FlowLabels], now_s: float) -> None:
        """New signatures are in use; the series that follow from them exist from now on.

        They are no reason to save, because the next start knows them as well.
        """
        with self._lock:
            changes = self._changes
            self._signatures = signatures
            self._reload = (1.0, now_s)
            for labels in series:
                self._numbers(_FLOWS, labels)
            for vendor in signatures.vendors.values():
                for resolver, question in product(vendor.resolvers, QUESTIONS):
                    self._numbers(_FALLBACKS, (vendor.id, resolver.operator, question))
            self._changes = changes

    def reload_failed(self) -> None:
        """New signatures were rejected; the old ones are still in use."""
        with self._lock:
            self._reload = (0.0, self._reload[1])

    @property
    def changes(self) -> int:
        """Increases whenever there is something new to remember."""
        return self._changes

    def remembered(self) -> Remembered:
        """What a restart must not lose, most recent first."""
        with self._lock:
            series = {
                name: sorted(sums, key=lambda labels: not any(sums[labels]))  # grown since the start: first
                for name, sums in self._sums.items()
            }
            last_seen = {
                name: dict(sorted(times.items(), key=lambda item: -item[1]))
                for name, times in self._last_seen.items()
            }
        return Remembered(series, last_seen)

    def restore(self, remembered: Remembered) -> None:
        """Series that were shown before a restart exist again, at 0; what was last seen before it still was.

        Half of the room is left to new ones. A series that finds no room is born again with its next flow.
        """
        room = MAX_LABEL_SETS // 2
        with self._lock:
            for name in self._sums.keys() & remembered.series.keys():
                for labels in remembered.series[name][:room]:
                    self._numbers(name, labels)
            for name in self._last_seen.keys() & remembered.last_seen.keys():
                self._last_seen[name].update(islice(remembered.last_seen[name].items(), room))
            self._changes = 0

    def clip(self, now_s: float) -> None:
        """Takes last-seen times that are still to come as now: the clock was ahead."""
        with self._lock:
            for times in self._last_seen.values():
                for labels in [labels for labels, time_s in times.items() if time_s > now_s]:
                    times[labels] = now_s
                    self._changes += 1

    def flow(self, classified: ClassifiedFlow) -> None:
        """Adds a report to the sums: its new bytes each time, the flow once, and again as a later finding."""
        flow, place, verdict = classified.flow, classified.place, classified.verdict
        if classified.fallbacks:
            self._add_fallbacks(classified)
        if classified.vendor is None or place is None or verdict is None:
            self._counted.pop(flow.flow_id, None)
            return
        component, severity = classified.component or "", verdict.severity or "none"
        where = (classified.vendor, component, place.location, place.country)
        labels = (*where, verdict.outcome, severity)
        with self._lock:
            sums = self._numbers(_FLOWS, labels)
            sums[0] += flow.new_sent_bytes
            sums[1] += flow.new_received_bytes
            sums[2] += self._count(classified, labels)
            if flow.phase == "end":
                self._counted.pop(flow.flow_id, None)
                for country in place.not_in:
                    self._numbers(_EXCLUDED, (labels[0], labels[1], country))[0] += 1
                if flow.rtt_ns is not None:
                    self._observe((classified.vendor, place.location), flow.rtt_ns / 1e9)
                self._count_standings(classified.vendor, classified)
            if verdict.outcome in _FINDINGS:
                self._saw(_SEEN[verdict.outcome], (*where, severity), flow.last_ns / 1e9)

    def dns(self, record: DnsRecord) -> None:
        """DNS messages are counted by the engine."""

    def flush(self) -> None:
        """Nothing to do: sums are read at each scrape."""

    def _count(self, classified: ClassifiedFlow, labels: FlowLabels) -> bool:
        """True if a flow counts now: by its first report, and by the first in each series of findings."""
        flow, verdict = classified.flow, classified.verdict
        assert verdict is not None
        before = self._counted.get(flow.flow_id, ())
        is_finding = verdict.outcome in _FINDINGS
        if before and (not is_finding or labels in before):
            return False
        self._counted[flow.flow_id] = (*before, labels)
        if not before:
            self._count_first(verdict, labels)
        if is_finding and labels in self._sums[_FLOWS]:
            self._exemplars[labels] = Exemplar({"flow_id": str(flow.flow_id)}, 1, flow.last_ns / 1e9)
        return True

    def _count_first(self, verdict: Verdict, labels: FlowLabels) -> None:
        """Counts what only the first report on a flow says."""
        if verdict.lacks is not None:
            self._numbers(_UNDECIDED, (labels[0], labels[1], labels[3], verdict.lacks))[0] += 1
        if verdict.reason == "policy_exception" and verdict.lifts is not None:
            self._numbers(_EXCEPTED, (labels[0], labels[1], verdict.lifts))[0] += 1

    def _count_standings(self, vendor: str, classified: ClassifiedFlow) -> None:
        """Counts an ended flow, whose standing is final, in the statement about countries of concern.

        With the first flow for a country the series of all standings exist, so that a zero is a number.
        """
        for one in classified.concerns:
            for standing in STANDINGS:
                is_counted = classified.uncounted is None and standing == one.standing
                self._numbers(_CONCERNS, (vendor, one.country, standing))[0] += is_counted

    def _add_fallbacks(self, classified: ClassifiedFlow) -> None:
        flow = classified.flow
        with self._lock:
            for one in classified.fallbacks:
                labels = (one.vendor, one.operator, one.question)
                self._numbers(_FALLBACKS, labels)[0] += flow.phase == "end"
                self._saw(_FALLBACK_SEEN, labels, flow.last_ns / 1e9)

    def _observe(self, labels: Labels, rtt_s: float) -> None:
        counts = self._numbers(_RTTS, labels)
        counts[bisect_left(RTT_BUCKETS_S, rtt_s)] += 1
        counts[-1] += rtt_s

    def _numbers(self, name: str, labels: Labels) -> list[float]:
        """The numbers of a series, which exists from now on; those of `other` if there are too many."""
        sums = self._sums[name]
        numbers = sums.get(labels)
        if numbers is not None:
            return numbers
        if len(sums) >= MAX_LABEL_SETS:
            self._folded += name == _FLOWS
            labels = _FOLDED[: len(labels)] if name != _UNDECIDED else (*_FOLDED[:3], labels[-1])
            if labels in sums:
                return sums[labels]
        self._changes += 1
        sums[labels] = [0] * _NOTHING[name]
        return sums[labels]

    def _saw(self, name: str, labels: Labels, time_s: float) -> None:
        """Updates a last-seen time; a new one, and each change of the minute, is worth saving."""
        times = self._last_seen[name]
        if labels not in times and len(times) >= MAX_LABEL_SETS:
            labels = _FOLDED[: len(labels)]
        before_s = times.get(labels, 0.0)
        self._changes += time_s // 60 > before_s // 60
        times[labels] = max(before_s, time_s)

    def _make_registry(self, births: Births) -> CollectorRegistry:
        registry = CollectorRegistry()
        families = Families(births, self._start_s, with_created=self._with_created)
        registry.register(_Scrape(lambda: self._collect(births, families)))
        return registry

    def _collect(self, births: Births, families: Families) -> Iterator[Metric]:
        with self._lock:
            sums = {
                name: {labels: tuple(numbers) for labels, numbers in series.items()}
                for name, series in self._sums.items()
            }
            last_seen = {name: dict(times) for name, times in self._last_seen.items()}
            exemplars, folded = dict(self._exemplars), self._folded
            signatures, reload = self._signatures, self._reload
        stats = self._stats()
        shown = {name: births.shown(name, sums[name], (0,) * _NOTHING[name]) for name in sums}
        flows = shown[_FLOWS]
        for place, name in enumerate(("netmon_sent_bytes", "netmon_received_bytes")):
            yield families.family(
                name, ((labels, numbers[place]) for labels, numbers in flows.items()), _FLOWS
            )
        counts = ((labels, numbers[2]) for labels, numbers in flows.items())
        # The exemplar of a series is the id of its latest finding, which leads to the event.
        found = {labels: one for labels, one in exemplars.items() if flows[labels][2]}
        yield families.family(_FLOWS, counts, _FLOWS, found)
        for name in (_UNDECIDED, _CONCERNS, _EXCLUDED, _EXCEPTED, _FALLBACKS):
            yield families.family(name, ((labels, one) for labels, (one,) in shown[name].items()), name)
        for name, times in last_seen.items():
            yield families.family(name, times.items())
        yield families.histogram(_RTTS, RTT_BUCKETS_S, shown[_RTTS])
        yield from engine_metrics(families, births, stats)
        yield families.family("netmon_round_trip_jumps", [((), stats.get("round_trip_jumps", 0))])
        yield families.family("netmon_folded_reports", [((), folded)])
        yield from destination_metrics(families, births, stats)
        yield from store_metrics(families, stats.get("store"))
        yield from database_metrics(families, stats.get("location_databases", ()))
        yield from about(families, self._version, signatures)
        yield families.family("netmon_config_last_reload_successful", [((), reload[0])])
        yield families.family("netmon_config_last_reload_success_timestamp_seconds", [((), reload[1])])


class _Scrape(Collector):
    """Gives the registry the metrics of one scrape."""

    def __init__(self, collect: Callable[[], Iterator[Metric]]) -> None:
        self._collect = collect

    def collect(self) -> Iterator[Metric]:
        return self._collect()

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not scrape a source that may not be open yet."""
        return ()
