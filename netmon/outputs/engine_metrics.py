"""Metrics of what the engine and the sensor count themselves, read at each scrape."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from prometheus_client.metrics_core import Metric

from netmon.encapsulations import describe
from netmon.outputs.births import Births, Labels
from netmon.outputs.families import Families
from netmon.records import ECH, ENCRYPTED_DNS, EVIDENCE, QUIC_VERSIONS, UNNAMED
from netmon.signatures.model import SignatureSet

FLOW_PACKET_SEEN = "netmon_view_last_flow_packet_timestamp_seconds"
_VIEW = {
    "netmon_truncated_packets": "cut_packets",
    "netmon_view_packets": "packets",
    "netmon_sieved_packets": "sieved_packets",
    "netmon_sieved_bytes": "sieved_bytes",
    "netmon_sieve_refusals": "sieve_refusals",
    "netmon_view_flow_packets": "flow_packets",
    "netmon_view_undecoded_packets": "undecoded_packets",
    "netmon_view_duplicate_packets": "duplicate_packets",
    "netmon_view_coalesced_packets": "coalesced_packets",
    "netmon_view_tcp_bytes": "tcp_bytes",
    "netmon_view_unseen_tcp_bytes": "unseen_tcp_bytes",
    "netmon_view_connections": "connections",
    "netmon_view_one_way_connections": "one_way_connections",
    "netmon_view_incomplete_hellos": "incomplete_hellos",
    "netmon_view_solicited_dns_answers": "solicited_dns_answers",
    "netmon_view_unsolicited_dns_answers": "unsolicited_dns_answers",
    "netmon_view_overlapping_flows": "overlapping_flows",
    "netmon_view_misdated_packets": "misdated_packets",
    "netmon_clock_steps": "clock_steps",
}
"""Metrics of the view, with their keys in the engine's counters."""


def engine_metrics(families: Families, births: Births, stats: Mapping[str, Any]) -> Iterator[Metric]:
    """The counters of the engine, of its tables and of the capture."""
    family = families.family

    def counts(name: str, values: Mapping[str, int]) -> Metric:
        return family(name, (((key,), count) for key, count in values.items()))

    yield counts("netmon_named_flows", dict.fromkeys(EVIDENCE, 0) | stats["named"])
    yield counts("netmon_unnamed_flows", dict.fromkeys(UNNAMED, 0) | stats["unnamed"])
    yield counts("netmon_ech_flows", dict.fromkeys(ECH, 0) | stats["ech"])
    yield counts("netmon_named_bytes", stats["named_bytes"])
    yield counts("netmon_unnamed_bytes", stats["unnamed_bytes"])
    yield counts("netmon_quic_flows", dict.fromkeys(QUIC_VERSIONS, 0) | stats["quic_flows"])
    yield family("netmon_quic_version_negotiations", [((), stats["quic_negotiations"])])
    yield counts("netmon_encrypted_dns_flows", dict.fromkeys(ENCRYPTED_DNS, 0) | stats["encrypted_dns"])
    yield family("netmon_other_flows", [((), stats["other_flows"])])
    yield family("netmon_dns_messages", [((), stats["dns_messages"])])
    queries: dict[Labels, int] = {(vendor,): count for vendor, count in stats["looked_up"].items()}
    looked_up = births.shown("netmon_vendor_dns_queries", queries, 0)
    yield family("netmon_vendor_dns_queries", looked_up.items(), "netmon_vendor_dns_queries")
    yield family("netmon_active_flows", [((), stats["live_flows"])])
    yield family("netmon_dns_names", [((), stats["dns_names"])])
    yield counts("netmon_evicted", stats["evicted"])
    yield from _capture(families, stats.get("interfaces", {}))
    rejected = births.shown("netmon_rejected_packets", stats["rejected"], 0)
    yield family("netmon_rejected_packets", rejected.items(), "netmon_rejected_packets")
    undecoded = births.shown("netmon_undecoded_packets", _undecoded(stats), 0)
    yield family("netmon_undecoded_packets", undecoded.items(), "netmon_undecoded_packets")
    yield family("netmon_interception_suspected", [((), int(stats["interceptions"] > 0))])
    for name, key in _VIEW.items():
        yield family(name, (((interface,), view.get(key, 0)) for interface, view in stats["view"].items()))
    last = (((interface,), time_s) for interface, time_s in stats.get("last_flow_packet_s", {}).items())
    yield family(FLOW_PACKET_SEEN, last)
    yield family("netmon_view_quality_degraded", stats.get("degraded", {}).items())
    yield family("netmon_lost_reports", [((), stats.get("lost_reports", 0))])
    yield family("netmon_lost_events", [((), stats.get("lost_events", 0))])
    yield counts("netmon_evidence_findings", stats.get("evidence", {}))


def _undecoded(stats: Mapping[str, Any]) -> dict[tuple[str, ...], int]:
    """Packets that were not decoded, by interface and by what they carry; the engine bounds the kinds."""
    return {
        (interface, describe(kind)): count
        for interface, counts in stats.get("undecoded", {}).items()
        for kind, count in counts.items()
    }


def _capture(families: Families, interfaces: Mapping[str, Mapping[str, int]]) -> Iterator[Metric]:
    up = (((name,), counters["up"]) for name, counters in interfaces.items())
    yield families.family("netmon_interface_up", up)
    interrupted = (((name,), counters["interruptions"]) for name, counters in interfaces.items())
    yield families.family("netmon_interface_interruptions", interrupted)
    packets = (((name,), counters["packets"]) for name, counters in interfaces.items())
    yield families.family("netmon_capture_packets", packets)
    dropped = (
        ((name, reason), counters[key])
        for name, counters in interfaces.items()
        for reason, key in (("kernel", "dropped"), ("interface", "interface_dropped"))
        if key in counters
    )
    yield families.family("netmon_capture_dropped_packets", dropped)


def destination_metrics(families: Families, births: Births, stats: Mapping[str, Any]) -> Iterator[Metric]:
    """New destinations, and whether the state was written."""
    news = dict(stats.get("new_destinations", {}))
    counts = births.shown("netmon_new_destinations", {labels: one.count for labels, one in news.items()}, 0)
    yield families.family("netmon_new_destinations", counts.items(), "netmon_new_destinations")
    seen = ((labels, one.last_s) for labels, one in news.items())
    yield families.family("netmon_new_destination_last_seen_timestamp_seconds", seen)
    saved = [((), float(stats["is_state_saved"]))] if "is_state_saved" in stats else []
    yield families.family("netmon_state_last_write_successful", saved)


def store_metrics(families: Families, state: Mapping[str, Any] | None) -> Iterator[Metric]:
    """Whether the store is written, what went wrong, and its size; nothing without a store."""
    if state is None:
        return
    yield families.family("netmon_store_last_write_successful", [((), float(state["is_written"]))])
    errors = (((reason,), count) for reason, count in state["errors"].items())
    yield families.family("netmon_store_errors", errors)
    yield families.family("netmon_store_lost_records", [((), state["lost"])])
    yield families.family("netmon_store_bytes", [((), state["bytes"])])


def database_metrics(families: Families, states: Iterable[Any]) -> Iterator[Metric]:
    """The age of each location database, and whether its file is in use."""
    built = (((one.name,), one.built_s) for one in states if one.built_s is not None)
    yield families.family("netmon_location_database_build_timestamp_seconds", built)
    current = (((one.name,), float(one.is_current)) for one in states)
    yield families.family("netmon_location_database_last_reload_successful", current)


def about(families: Families, version: str, signatures: SignatureSet | None) -> Iterator[Metric]:
    """What is running: the version, the signatures, and the places that they know."""
    if signatures is not None:
        places = (
            (one.id, one.city, one.country, str(one.latitude), str(one.longitude))
            for one in signatures.locations.values()
        )
        yield families.family("netmon_location", ((place, 1) for place in places))
        used = (signatures.sha256, ",".join(sorted(signatures.vendors)))
        yield families.family("netmon_signatures", [(used, 1)])
        days = ((one.id, one.reviewed) for one in signatures.vendors.values() if one.reviewed)
        reviewed = (((vendor,), _timestamp(day)) for vendor, day in days)
        yield families.family("netmon_signatures_reviewed_timestamp_seconds", reviewed)
    yield families.family("netmon_build", [((version, platform.python_version()), 1)])


def _timestamp(day: str) -> float:
    return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
