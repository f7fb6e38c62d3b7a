"""What the engine of a simulated sensor has counted: an ordinary office, or one with a poor mirror port."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netmon.destinations.memory import NewCount
from netmon.places.databases import DatabaseState

DAY_S = 86_400
PACKETS_A_SECOND = 420
FLOWS_A_SECOND = 2
SHARES = {
    "named": {"sni": 0.7, "quic_sni": 0.1, "dns_client": 0.12, "dns_any": 0.02, "http_host": 0.01},
    "unnamed": {"not_tls": 0.03, "no_server_name": 0.01, "started_before_sensor": 0.005, "ech": 0.005},
    "ech": {"grease": 0.3, "used": 0.005},
    "quic_flows": {"v1": 0.1, "v2": 0.01},
    "encrypted_dns": {"doh": 0.01, "dot": 0.002},
}
"""Shares of all flows, by label."""
GOOD = {"connections": 0.8, "one_way_connections": 0.001, "incomplete_hellos": 0.001}
POOR = GOOD | {"one_way_connections": 0.2, "incomplete_hellos": 0.06}


def counted(since_s: float, poor_s: float = 0.0) -> dict[str, Any]:
    """The counters after some time; for `poor_s` of it the view was poor."""
    flows, packets = int(FLOWS_A_SECOND * since_s), int(PACKETS_A_SECOND * since_s)
    made: dict[str, Any] = {name: _of(flows, shares) for name, shares in SHARES.items()}
    for name in ("named", "unnamed"):
        made[f"{name}_bytes"] = {label: 9_000 * count for label, count in made[name].items()}
    lost = poor_s / since_s if since_s else 0.0
    shares = {name: share * (1 - lost) + POOR[name] * lost for name, share in GOOD.items()}
    view = _of(flows, shares) | {
        "packets": packets,
        "flow_packets": packets - int(since_s),
        "duplicate_packets": packets // 5000,
        "cut_packets": 0,
        "coalesced_packets": 0,
        "sieved_packets": 0,
        "sieved_bytes": 0,
        "sieve_refusals": 0,
        "tcp_bytes": 400 * packets,
        "unseen_tcp_bytes": int(400 * PACKETS_A_SECOND * poor_s * 0.04) + packets // 100,
        "solicited_dns_answers": flows // 2,
        "unsolicited_dns_answers": 0,
    }
    dropped = int(30 * poor_s)
    return made | {
        "view": {"eth1": view},
        "interfaces": {
            "eth1": {
                "packets": packets,
                "dropped": dropped,
                "freezes": 0,
                "interface_dropped": 0,
                "up": 1,
                "interruptions": 0,
            }
        },
        "rejected": {("link", "not_ip"): int(since_s / 30), ("dns", "label_too_long"): int(since_s / 600)},
        "evicted": {"flows": 0, "names": 0},
        "packets": packets,
        "other_flows": flows,
        "dns_messages": flows,
        "looked_up": {},
        "live_flows": 180 + int(since_s) // 15 * 7 % 40,
        "dns_names": min(2_400, int(since_s)),
        "quic_negotiations": flows // 500,
        "interceptions": 0,
        "lost_reports": 0,
        "lost_events": 0,
        "evidence": {"written": flows // 1000, "failed": 0, "without_packets": 0},
        "new_destinations": {},
    }


def databases(now_s: float) -> Mapping[str, Any]:
    """Two location databases in use, one of them old."""
    days = {"GeoLite2-City": 5, "DBIP-City-Lite": 38}
    return {
        "location_databases": tuple(
            DatabaseState(name, int(now_s) - age * DAY_S, is_current=True) for name, age in days.items()
        )
    }


def destination(when_s: int, vendor: str, country: str) -> Mapping[str, Any]:
    """A country in which a vendor was reached for the first time."""
    return {"new_destinations": {(vendor, "country", country): NewCount(1, when_s)}}


def _of(total: int, shares: Mapping[str, float]) -> dict[str, int]:
    return {label: int(total * share) for label, share in shares.items()}
