"""Prometheus metrics: sums over classified flows, and counters read from the engine at each scrape."""

from __future__ import annotations

import platform
import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import product
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar

from netmon.outputs.metrics import METRICS
from netmon.records import (
    ECH,
    ENCRYPTED_DNS,
    EVIDENCE,
    QUESTIONS,
    QUIC_VERSIONS,
    UNNAMED,
    ClassifiedFlow,
    DnsRecord,
)
from netmon.signatures.model import SignatureSet

FlowLabels = tuple[str, str, str, str, str]
"""Vendor, component, location, country, verdict."""

RTT_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0)
MAX_LABEL_SETS = 3_000
"""Label sets of flows, with three series each, so that a scrape stays below 10,000 series and 100 ms of CPU
(`tests/bench/scrape.py`). Further ones are folded into `other` and counted."""
_FINDINGS = ("unexpected", "forbidden")
_FOLDED: FlowLabels = ("other", "other", "other", "other", "other")

_VIEW = {
    "netmon_truncated_packets": "cut_packets",
    "netmon_view_packets": "packets",
    "netmon_view_duplicate_packets": "duplicate_packets",
    "netmon_view_coalesced_packets": "coalesced_packets",
    "netmon_view_tcp_bytes": "tcp_bytes",
    "netmon_view_unseen_tcp_bytes": "unseen_tcp_bytes",
    "netmon_view_connections": "connections",
    "netmon_view_one_way_connections": "one_way_connections",
    "netmon_view_incomplete_hellos": "incomplete_hellos",
    "netmon_view_solicited_dns_answers": "solicited_dns_answers",
    "netmon_view_unsolicited_dns_answers": "unsolicited_dns_answers",
}
"""Metrics of the view, with their keys in the engine's counters."""


class Prometheus:
    """Keeps sums, and exposes them through its own registry."""

    def __init__(self, version: str, stats: Callable[[], Mapping[str, Any]]) -> None:
        """`stats` is called at each scrape, from the scraping thread."""
        self.registry = CollectorRegistry()
        self._version = version
        self._stats = stats
        self._lock = threading.Lock()
        self._sums: dict[FlowLabels, list[int]] = {}
        self._last_seen: dict[str, dict[tuple[str, ...], float]] = {outcome: {} for outcome in _FINDINGS}
        self._excepted: dict[tuple[str, ...], int] = {}
        self._undecided: dict[tuple[str, ...], int] = {}
        self._excluded: dict[tuple[str, ...], int] = {}
        self._exemplars: dict[FlowLabels, Exemplar] = {}
        self._fallbacks: dict[tuple[str, ...], int] = {}
        self._fallback_seen: dict[tuple[str, ...], float] = {}
        self._rtts: dict[tuple[str, str], list[float]] = {}
        self._counted: set[int] = set()
        self._folded = 0
        self._signatures: SignatureSet | None = None
        self._reload = (0.0, 0.0)
        self.registry.register(_Scrape(self._collect))

    def loaded(self, signatures: SignatureSet, series: Iterable[FlowLabels], now_s: float) -> None:
        """New signatures are in use; the series that follow from them exist from now on."""
        with self._lock:
            self._signatures = signatures
            self._reload = (1.0, now_s)
            for labels in series:
                self._sums.setdefault(labels, [0, 0, 0])
            for vendor in signatures.vendors.values():
                for resolver, question in product(vendor.resolvers, QUESTIONS):
                    self._fallbacks.setdefault((vendor.id, resolver.operator, question), 0)

    def reload_failed(self) -> None:
        """New signatures were rejected; the old ones are still in use."""
        with self._lock:
            self._reload = (0.0, self._reload[1])

    def flow(self, classified: ClassifiedFlow) -> None:
        """Adds a report to the sums: its new bytes each time, the flow once."""
        flow, place, verdict = classified.flow, classified.place, classified.verdict
        if classified.fallbacks:
            self._add_fallbacks(classified)
        if classified.vendor is None or place is None or verdict is None:
            self._counted.discard(flow.flow_id)
            return
        labels = (
            classified.vendor,
            classified.component or "",
            place.location,
            place.country,
            verdict.outcome,
        )
        with self._lock:
            sums = self._sums_of(labels)
            sums[0] += flow.new_sent_bytes
            sums[1] += flow.new_received_bytes
            if flow.flow_id not in self._counted:
                sums[2] += 1
                self._counted.add(flow.flow_id)
                if verdict.lacks is not None:
                    self._add_undecided((*labels[:2], place.country, verdict.lacks))
                if verdict.reason == "policy_exception" and verdict.lifts is not None:
                    lifted = (*labels[:2], verdict.lifts)
                    self._excepted[lifted] = self._excepted.get(lifted, 0) + 1
                if verdict.outcome in _FINDINGS and labels in self._sums:
                    found = {"flow_id": str(flow.flow_id)}
                    self._exemplars[labels] = Exemplar(found, 1, flow.last_ns / 1e9)
            if flow.phase == "end":
                self._counted.discard(flow.flow_id)
                for country in place.not_in:
                    self._add_excluded((*labels[:2], country))
                if flow.rtt_ns is not None:
                    self._observe(classified.vendor, place.location, flow.rtt_ns / 1e9)
            if verdict.outcome in _FINDINGS:
                last_seen, where = self._last_seen[verdict.outcome], labels[:4]
                if where not in last_seen and len(last_seen) >= MAX_LABEL_SETS:
                    where = _FOLDED[:4]
                last_seen[where] = max(last_seen.get(where, 0.0), flow.last_ns / 1e9)

    def dns(self, record: DnsRecord) -> None:
        """DNS messages are counted by the engine."""

    def flush(self) -> None:
        """Nothing to do: sums are read at each scrape."""

    def _add_fallbacks(self, classified: ClassifiedFlow) -> None:
        flow = classified.flow
        with self._lock:
            for one in classified.fallbacks:
                labels = (one.vendor, one.operator, one.question)
                self._fallbacks[labels] = self._fallbacks.get(labels, 0) + (flow.phase == "end")
                self._fallback_seen[labels] = max(self._fallback_seen.get(labels, 0.0), flow.last_ns / 1e9)

    def _sums_of(self, labels: FlowLabels) -> list[int]:
        sums = self._sums.get(labels)
        if sums is None:
            if len(self._sums) >= MAX_LABEL_SETS:
                self._folded += 1
                return self._sums.setdefault(_FOLDED, [0, 0, 0])
            sums = self._sums[labels] = [0, 0, 0]
        return sums

    def _add_undecided(self, labels: tuple[str, ...]) -> None:
        if labels not in self._undecided and len(self._undecided) >= MAX_LABEL_SETS:
            labels = (*_FOLDED[:3], labels[-1])
        self._undecided[labels] = self._undecided.get(labels, 0) + 1

    def _add_excluded(self, labels: tuple[str, ...]) -> None:
        if labels not in self._excluded and len(self._excluded) >= MAX_LABEL_SETS:
            labels = _FOLDED[:3]
        self._excluded[labels] = self._excluded.get(labels, 0) + 1

    def _observe(self, vendor: str, location: str, rtt_s: float) -> None:
        counts = self._rtts.setdefault((vendor, location), [0.0] * (len(RTT_BUCKETS_S) + 2))
        counts[bisect_left(RTT_BUCKETS_S, rtt_s)] += 1
        counts[-1] += rtt_s

    def _collect(self) -> Iterator[Metric]:
        with self._lock:
            sums = {labels: tuple(values) for labels, values in self._sums.items()}
            last_seen = {outcome: dict(times) for outcome, times in self._last_seen.items()}
            excepted, exemplars = dict(self._excepted), dict(self._exemplars)
            undecided, excluded = dict(self._undecided), dict(self._excluded)
            rtts = {labels: list(counts) for labels, counts in self._rtts.items()}
            fallbacks, fallback_seen = dict(self._fallbacks), dict(self._fallback_seen)
            folded, signatures, reload = self._folded, self._signatures, self._reload
        stats = self._stats()
        for place, name in enumerate(("netmon_sent_bytes", "netmon_received_bytes")):
            yield _family(name, ((labels, values[place]) for labels, values in sums.items()))
        yield _flows(sums, exemplars)
        yield _family("netmon_undecided_flows", undecided.items())
        yield _family("netmon_excluded_flows", excluded.items())
        yield _family("netmon_excepted_flows", excepted.items())
        for outcome, times in last_seen.items():
            yield _family(f"netmon_{outcome}_last_seen_timestamp_seconds", times.items())
        yield _family("netmon_fallback_resolver_findings", fallbacks.items())
        yield _family("netmon_fallback_resolver_last_seen_timestamp_seconds", fallback_seen.items())
        yield _histogram("netmon_handshake_rtt_seconds", rtts)
        yield _family("netmon_round_trip_jumps", [((), stats.get("round_trip_jumps", 0))])
        yield from _engine_metrics(stats)
        yield _family("netmon_folded_reports", [((), folded)])
        yield from _destination_metrics(stats)
        yield from _database_metrics(stats.get("location_databases", ()))
        yield from _about(self._version, signatures)
        yield _family("netmon_config_last_reload_successful", [((), reload[0])])
        yield _family("netmon_config_last_reload_success_timestamp_seconds", [((), reload[1])])


class _Scrape(Collector):
    """Gives the registry the metrics of one scrape."""

    def __init__(self, collect: Callable[[], Iterator[Metric]]) -> None:
        self._collect = collect

    def collect(self) -> Iterator[Metric]:
        return self._collect()

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not scrape a source that may not be open yet."""
        return ()


def _family(name: str, samples: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    kind, labels, text = METRICS[name]
    family: CounterMetricFamily | GaugeMetricFamily
    family = (CounterMetricFamily if kind == "counter" else GaugeMetricFamily)(name, text, labels=labels)
    for values, number in samples:
        family.add_metric(values, number)
    return family


def _flows(sums: Mapping[FlowLabels, tuple[int, ...]], exemplars: Mapping[FlowLabels, Exemplar]) -> Metric:
    """Flows; the exemplar of a series is the flow id of its latest finding, which leads to the event."""
    _, labels, text = METRICS["netmon_flows"]
    family = CounterMetricFamily("netmon_flows", text, labels=labels)
    for values, numbers in sums.items():
        family.add_metric(values, numbers[2], exemplar=exemplars.get(values))
    return family


def _histogram(name: str, series: Mapping[tuple[str, str], list[float]]) -> Metric:
    _, labels, text = METRICS[name]
    family = HistogramMetricFamily(name, text, labels=labels)
    for values, counts in series.items():
        total = 0.0
        buckets = []
        for bound, count in zip((*map(str, RTT_BUCKETS_S), "+Inf"), counts[:-1], strict=True):
            total += count
            buckets.append((bound, total))
        family.add_metric(values, buckets, sum_value=counts[-1])
    return family


def _engine_metrics(stats: Mapping[str, Any]) -> Iterator[Metric]:
    named = dict.fromkeys(EVIDENCE, 0) | stats["named"]
    unnamed = dict.fromkeys(UNNAMED, 0) | stats["unnamed"]
    yield _family("netmon_named_flows", (((key,), count) for key, count in named.items()))
    yield _family("netmon_unnamed_flows", (((key,), count) for key, count in unnamed.items()))
    ech = dict.fromkeys(ECH, 0) | stats["ech"]
    yield _family("netmon_ech_flows", (((key,), count) for key, count in ech.items()))
    yield _family("netmon_named_bytes", (((key,), count) for key, count in stats["named_bytes"].items()))
    yield _family("netmon_unnamed_bytes", (((key,), count) for key, count in stats["unnamed_bytes"].items()))
    quic = dict.fromkeys(QUIC_VERSIONS, 0) | stats["quic_flows"]
    yield _family("netmon_quic_flows", (((key,), count) for key, count in quic.items()))
    yield _family("netmon_quic_version_negotiations", [((), stats["quic_negotiations"])])
    encrypted = dict.fromkeys(ENCRYPTED_DNS, 0) | stats["encrypted_dns"]
    yield _family("netmon_encrypted_dns_flows", (((key,), count) for key, count in encrypted.items()))
    yield _family("netmon_other_flows", [((), stats["other_flows"])])
    yield _family("netmon_dns_messages", [((), stats["dns_messages"])])
    yield _family("netmon_active_flows", [((), stats["live_flows"])])
    yield _family("netmon_dns_names", [((), stats["dns_names"])])
    yield _family("netmon_evicted", (((key,), count) for key, count in stats["evicted"].items()))
    interfaces = stats.get("interfaces", {})
    yield _family(
        "netmon_capture_packets", (((name,), counters["packets"]) for name, counters in interfaces.items())
    )
    yield _family(
        "netmon_capture_dropped_packets",
        (
            ((name, reason), counters[key])
            for name, counters in interfaces.items()
            for reason, key in (("kernel", "dropped"), ("interface", "interface_dropped"))
            if key in counters
        ),
    )
    yield _family("netmon_rejected_packets", stats["rejected"].items())
    yield _family("netmon_interception_suspected", [((), int(stats["interceptions"] > 0))])
    for name, key in _VIEW.items():
        yield _family(name, (((interface,), view[key]) for interface, view in stats["view"].items()))
    yield _family("netmon_view_quality_degraded", stats.get("degraded", {}).items())
    yield _family("netmon_lost_reports", [((), stats.get("lost_reports", 0))])
    yield _family("netmon_lost_events", [((), stats.get("lost_events", 0))])


def _destination_metrics(stats: Mapping[str, Any]) -> Iterator[Metric]:
    news = dict(stats.get("new_destinations", {})).items()
    yield _family("netmon_new_destinations", ((labels, one.count) for labels, one in news))
    seen = ((labels, one.last_s) for labels, one in news)
    yield _family("netmon_new_destination_last_seen_timestamp_seconds", seen)
    saved = [((), float(stats["is_state_saved"]))] if "is_state_saved" in stats else []
    yield _family("netmon_state_last_write_successful", saved)


def _database_metrics(states: Iterable[Any]) -> Iterator[Metric]:
    built = (((one.name,), one.built_s) for one in states if one.built_s is not None)
    yield _family("netmon_location_database_build_timestamp_seconds", built)
    current = (((one.name,), float(one.is_current)) for one in states)
    yield _family("netmon_location_database_last_reload_successful", current)


def _about(version: str, signatures: SignatureSet | None) -> Iterator[Metric]:
    if signatures is not None:
        _, labels, text = METRICS["netmon_location"]
        family = InfoMetricFamily("netmon_location", text, labels=labels)
        for location in signatures.locations.values():
            place = (location.id, location.city, location.country)
            family.add_metric((*place, str(location.latitude), str(location.longitude)), {})
        yield family
        yield InfoMetricFamily(
            "netmon_signatures",
            METRICS["netmon_signatures"][2],
            value={"sha256": signatures.sha256, "vendors": ",".join(sorted(signatures.vendors))},
        )
        dates = [(vendor.id, vendor.reviewed) for vendor in signatures.vendors.values() if vendor.reviewed]
        yield _family(
            "netmon_signatures_reviewed_timestamp_seconds",
            (((name,), datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) for name, day in dates),
        )
    yield InfoMetricFamily(
        "netmon_build",
        METRICS["netmon_build"][2],
        value={"version": version, "pythonversion": platform.python_version()},
    )
