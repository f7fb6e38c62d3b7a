"""The metrics of a sensor at one moment, as plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from netmon.records import SEVERITIES, Severity

NAMES = (
    "netmon_sent_bytes_total",
    "netmon_received_bytes_total",
    "netmon_flows_total",
    "netmon_unexpected_last_seen_timestamp_seconds",
    "netmon_forbidden_last_seen_timestamp_seconds",
    "netmon_location_info",
    "netmon_sensor_info",
    "netmon_build_info",
    "netmon_active_flows",
    "netmon_vendor_dns_queries_total",
    "netmon_interface_up",
    "netmon_capture_dropped_packets_total",
    "netmon_view_packets_total",
    "netmon_view_quality_degraded",
    "netmon_interception_suspected",
    "netmon_lost_events_total",
    "netmon_lost_reports_total",
    "netmon_state_last_write_successful",
    "netmon_store_last_write_successful",
    "netmon_config_last_reload_successful",
    "process_start_time_seconds",
)
"""The samples that a glance is made of."""

_AMOUNTS = {"netmon_flows_total": 0, "netmon_sent_bytes_total": 1, "netmon_received_bytes_total": 2}
_SEEN = {
    "netmon_unexpected_last_seen_timestamp_seconds": "unexpected",
    "netmon_forbidden_last_seen_timestamp_seconds": "forbidden",
}
_TROUBLES = {
    "netmon_state_last_write_successful": "state",
    "netmon_store_last_write_successful": "store",
    "netmon_config_last_reload_successful": "reload",
}
"""Metrics that are 0 if something fails, and what it is called here."""
_LOSSES = {
    "netmon_lost_events_total": "events",
    "netmon_lost_reports_total": "reports",
    "netmon_interception_suspected": "interception",
}
"""Metrics that are not 0 if something is wrong."""


class FlowKind(NamedTuple):
    """What the sensor counts apart."""

    vendor: str
    component: str
    location: str
    country: str
    outcome: str
    severity: Severity | None


class FlowAmount(NamedTuple):
    """Flows and their bytes."""

    flows: float = 0
    sent: float = 0
    received: float = 0

    def plus(self, other: FlowAmount) -> FlowAmount:
        """The sum of both."""
        return FlowAmount(self.flows + other.flows, self.sent + other.sent, self.received + other.received)


@dataclass(frozen=True, slots=True)
class WatchedPort:
    """An interface."""

    is_up: bool = True
    packets: float = 0
    dropped: float = 0


@dataclass(frozen=True, slots=True)
class Glance:
    """What a sensor's metrics said; times are in seconds since 1970, and `at_s` is that of this machine."""

    at_s: float
    sensor: str = ""
    site: str = ""
    started_s: float = 0
    flows: Mapping[FlowKind, FlowAmount] = field(default_factory=dict)
    seen: Mapping[FlowKind, float] = field(default_factory=dict)  # when a finding of the kind was last seen
    cities: Mapping[str, str] = field(default_factory=dict)  # by location
    ports: Mapping[str, WatchedPort] = field(default_factory=dict)
    active_flows: float = 0
    looked_up: float = 0  # DNS queries for names of vendors
    poor: frozenset[str] = frozenset()  # what is wrong with the view
    troubles: frozenset[str] = frozenset()

    @property
    def packets(self) -> float:
        """Packets of all interfaces."""
        return sum(port.packets for port in self.ports.values())

    @property
    def dropped(self) -> float:
        """Packets that the kernel or the interfaces dropped."""
        return sum(port.dropped for port in self.ports.values())


class NotASensorError(ValueError):
    """A page does not have the metrics of netmon."""


def read_glance(page: str, at_s: float) -> Glance:
    """The values of a page in Prometheus' text format. Raises NotASensorError."""
    try:
        samples = [sample for family in text_string_to_metric_families(page) for sample in family.samples]
    except (ValueError, KeyError, IndexError) as error:
        raise NotASensorError from error
    by_name: dict[str, list[Sample]] = {}
    for sample in samples:
        by_name.setdefault(sample.name, []).append(sample)
    if "netmon_build_info" not in by_name:
        raise NotASensorError
    named = next((one.labels for one in by_name.get("netmon_sensor_info", ())), {})
    degraded = by_name.get("netmon_view_quality_degraded", ())
    places = by_name.get("netmon_location_info", ())
    return Glance(
        at_s=at_s,
        sensor=named.get("sensor", ""),
        site=named.get("site", ""),
        started_s=_value(by_name, "process_start_time_seconds"),
        flows=_flows(by_name),
        seen=dict(_seen(by_name)),
        cities={one.labels["location"]: one.labels["city"] for one in places},
        ports=_ports(by_name),
        active_flows=_value(by_name, "netmon_active_flows"),
        looked_up=_value(by_name, "netmon_vendor_dns_queries_total"),
        poor=frozenset(one.labels.get("reason", "") for one in degraded if one.value),
        troubles=frozenset(_troubles(by_name)),
    )


def _value(by_name: Mapping[str, list[Sample]], name: str) -> float:
    return sum(one.value for one in by_name.get(name, ()))


def _kind(labels: Mapping[str, str], outcome: str) -> FlowKind:
    severity = labels.get("severity", "")
    return FlowKind(
        labels.get("vendor", ""),
        labels.get("component", ""),
        labels.get("location", ""),
        labels.get("country", ""),
        outcome,
        severity if severity in SEVERITIES else None,
    )


def _flows(by_name: Mapping[str, list[Sample]]) -> dict[FlowKind, FlowAmount]:
    """What was counted so far, without the series that wait for their first flow."""
    sums: dict[FlowKind, list[float]] = {}
    for name, at in _AMOUNTS.items():
        for one in by_name.get(name, ()):
            sums.setdefault(_kind(one.labels, one.labels.get("verdict", "")), [0, 0, 0])[at] += one.value
    return {kind: FlowAmount(*numbers) for kind, numbers in sums.items() if any(numbers)}


def _seen(by_name: Mapping[str, list[Sample]]) -> Iterator[tuple[FlowKind, float]]:
    for name, outcome in _SEEN.items():
        yield from ((_kind(one.labels, outcome), one.value) for one in by_name.get(name, ()))


def _ports(by_name: Mapping[str, list[Sample]]) -> dict[str, WatchedPort]:
    up = {one.labels["interface"]: one.value for one in by_name.get("netmon_interface_up", ())}
    packets = {one.labels["interface"]: one.value for one in by_name.get("netmon_view_packets_total", ())}
    dropped: dict[str, float] = {}
    for one in by_name.get("netmon_capture_dropped_packets_total", ()):
        name = one.labels["interface"]
        dropped[name] = dropped.get(name, 0) + one.value
    return {
        name: WatchedPort(bool(up.get(name, 1)), packets.get(name, 0), dropped.get(name, 0))
        for name in sorted(up.keys() | packets.keys())
    }


def _troubles(by_name: Mapping[str, list[Sample]]) -> Iterator[str]:
    for name, trouble in _TROUBLES.items():
        if any(not one.value for one in by_name.get(name, ())):
            yield trouble
    for name, trouble in _LOSSES.items():
        if _value(by_name, name):
            yield trouble
