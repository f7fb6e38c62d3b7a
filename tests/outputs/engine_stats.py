"""Counters of an engine, each with another value than its neighbours."""

from netmon.destinations.memory import NewCount
from netmon.places.databases import DatabaseState

STATS = {
    "store": {"is_written": True, "errors": {"full": 2}, "lost": 3, "bytes": 4096},
    "packets": 100,
    "other_flows": 5,
    "dns_messages": 6,
    "looked_up": {"acme": 37},
    "live_flows": 7,
    "dns_names": 8,
    "named": {"sni": 10},
    "unnamed": {"not_tls": 11},
    "ech": {"used": 20},
    "named_bytes": {"sni": 30},
    "unnamed_bytes": {"not_tls": 21},
    "view": {
        "eth1": {
            "packets": 22,
            "flow_packets": 35,
            "duplicate_packets": 23,
            "cut_packets": 9,
            "coalesced_packets": 24,
            "sieved_packets": 25,
            "sieved_bytes": 26,
            "sieve_refusals": 27,
            "tcp_bytes": 25,
            "unseen_tcp_bytes": 26,
            "connections": 27,
            "one_way_connections": 28,
            "incomplete_hellos": 29,
            "solicited_dns_answers": 33,
            "unsolicited_dns_answers": 34,
        }
    },
    "quic_flows": {"v1": 21},
    "quic_negotiations": 22,
    "encrypted_dns": {"doh": 21},
    "evicted": {"flows": 12},
    "rejected": {("link", "not_ip"): 13},
    "interceptions": 2,
    "degraded": {("eth1", "unseen"): 1},
    "last_flow_packet_s": {"eth1": 36},
    "lost_reports": 14,
    "lost_events": 19,
    "location_databases": (
        DatabaseState("GeoLite2-City", 21, is_current=True),
        DatabaseState("dbip", None, is_current=False),
    ),
    "new_destinations": {("acme", "network", "RU"): NewCount(31, 32)},
    "is_state_saved": True,
    "interfaces": {
        "eth1": {"packets": 15, "dropped": 16, "interface_dropped": 18, "up": 1, "interruptions": 9}
    },
}
