"""Every metric: its name without the ending that its type adds, its type, labels and help.

Labels come from closed sets: never a client, an address, or a host name. README's table is checked against
this one.
"""

from __future__ import annotations

from collections.abc import Mapping

FLOW_LABELS = ("vendor", "component", "location", "country", "verdict")
DESTINATION_LABELS = ("vendor", "kind", "country")
FALLBACK_LABELS = ("vendor", "operator", "question")

METRICS: Mapping[str, tuple[str, tuple[str, ...], str]] = {
    # name: (type, labels, help)
    "netmon_sent_bytes": ("counter", FLOW_LABELS, "IP bytes from clients to the vendor."),
    "netmon_received_bytes": ("counter", FLOW_LABELS, "IP bytes from the vendor to clients."),
    "netmon_flows": ("counter", FLOW_LABELS, "Flows of the vendor, each counted once."),
    "netmon_excepted_flows": (
        "counter",
        ("vendor", "component", "reason"),
        "Flows that are expected by an exception of the policy alone, by the reason that it lifts.",
    ),
    "netmon_unexpected_last_seen_timestamp_seconds": (
        "gauge",
        FLOW_LABELS[:4],
        "When an unexpected flow was last seen.",
    ),
    "netmon_forbidden_last_seen_timestamp_seconds": (
        "gauge",
        FLOW_LABELS[:4],
        "When a flow to a vendor that the policy forbids was last seen.",
    ),
    "netmon_new_destinations": (
        "counter",
        DESTINATION_LABELS,
        "Networks and countries in which the vendor was reached for the first time from here.",
    ),
    "netmon_new_destination_last_seen_timestamp_seconds": (
        "gauge",
        DESTINATION_LABELS,
        "When such a first time last was; remembered over restarts.",
    ),
    "netmon_state_last_write_successful": (
        "gauge",
        (),
        "Whether the file that remembers destinations could be written.",
    ),
    "netmon_handshake_rtt_seconds": (
        "histogram",
        ("vendor", "location"),
        "Handshake round trips between sensor and server: an upper bound on distance.",
    ),
    "netmon_named_flows": ("counter", ("evidence",), "Ended flows of all kinds by how they were named."),
    "netmon_unnamed_flows": ("counter", ("reason",), "Ended flows without a name by the reason."),
    "netmon_quic_flows": ("counter", ("version",), "Ended flows of QUIC by version."),
    "netmon_quic_version_negotiations": ("counter", (), "QUIC servers' answers that list other versions."),
    "netmon_ech_flows": (
        "counter",
        ("state",),
        "Ended flows whose hello had an ECH extension: grease (for show) or used (the name is encrypted).",
    ),
    "netmon_named_bytes": ("counter", ("evidence",), "IP bytes of ended flows by how they were named."),
    "netmon_unnamed_bytes": ("counter", ("reason",), "IP bytes of ended flows without a name by the reason."),
    "netmon_encrypted_dns_flows": (
        "counter",
        ("protocol",),
        "Ended flows of encrypted DNS: dot, doh (to known resolvers only) or doq.",
    ),
    "netmon_fallback_resolver_findings": (
        "counter",
        FALLBACK_LABELS,
        "Ended DNS flows to a resolver that the vendor's products fall back to, as far as reported.",
    ),
    "netmon_fallback_resolver_last_seen_timestamp_seconds": (
        "gauge",
        FALLBACK_LABELS,
        "When such a flow was last reported.",
    ),
    "netmon_other_flows": ("counter", (), "Ended flows of no vendor."),
    "netmon_dns_messages": ("counter", (), "DNS messages read."),
    "netmon_active_flows": ("gauge", (), "Flows in the flow table."),
    "netmon_dns_names": ("gauge", (), "Entries in the table of names learned from DNS."),
    "netmon_evicted": ("counter", ("table",), "Entries that gave way because a table was full."),
    "netmon_capture_packets": ("counter", ("interface",), "Packets taken from the interface."),
    "netmon_capture_dropped_packets": (
        "counter",
        ("interface", "reason"),
        "Packets that the kernel or the interface dropped.",
    ),
    "netmon_rejected_packets": ("counter", ("station", "reason"), "Packets or messages not understood."),
    "netmon_truncated_packets": ("counter", ("interface",), "Packets cut by the snap length."),
    "netmon_view_packets": ("counter", ("interface",), "Packets looked at."),
    "netmon_view_duplicate_packets": ("counter", ("interface",), "Packets that came again; counted once."),
    "netmon_view_coalesced_packets": (
        "counter",
        ("interface",),
        "Packets longer than any link carries: a card or kernel joined them.",
    ),
    "netmon_view_tcp_bytes": ("counter", ("interface",), "TCP payload bytes seen."),
    "netmon_view_unseen_tcp_bytes": (
        "counter",
        ("interface",),
        "TCP payload bytes of ended flows that were acknowledged and not seen.",
    ),
    "netmon_view_connections": (
        "counter",
        ("interface",),
        "Ended TCP flows in which something was acknowledged.",
    ),
    "netmon_view_one_way_connections": (
        "counter",
        ("interface",),
        "Those of them of which one direction was not seen.",
    ),
    "netmon_view_incomplete_hellos": (
        "counter",
        ("interface",),
        "Ended flows whose hello lacks segments.",
    ),
    "netmon_view_quality_degraded": (
        "gauge",
        ("interface", "reason"),
        "Whether the view was poor within the last minute, by what makes it so.",
    ),
    "netmon_lost_reports": ("counter", (), "Reports of the engine that could not be taken in time."),
    "netmon_lost_events": (
        "counter",
        (),
        "Events that an output could not take, for example on a full disk.",
    ),
    "netmon_folded_reports": ("counter", (), "Reports folded into the series `other`."),
    "netmon_interception_suspected": (
        "gauge",
        (),
        "Whether something in the middle seems to answer handshakes, so that no place is excluded.",
    ),
    "netmon_location": (
        "info",
        ("location", "city", "country", "latitude", "longitude"),
        "Locations that metrics name.",
    ),
    "netmon_build": ("info", ("version", "pythonversion"), "The running netmon."),
    "netmon_signatures": ("info", ("sha256", "vendors"), "The signatures in use."),
    "netmon_signatures_reviewed_timestamp_seconds": (
        "gauge",
        ("vendor",),
        "When a vendor's signatures were last held against their sources.",
    ),
    "netmon_location_database_build_timestamp_seconds": (
        "gauge",
        ("database",),
        "When a location database in use was built.",
    ),
    "netmon_location_database_last_reload_successful": (
        "gauge",
        ("database",),
        "Whether the file as it is now is in use; otherwise its last good version is, if there is one.",
    ),
    "netmon_config_last_reload_successful": ("gauge", (), "Whether the last reload of signatures succeeded."),
    "netmon_config_last_reload_success_timestamp_seconds": (
        "gauge",
        (),
        "When signatures were last loaded.",
    ),
}
