"""Every metric: its name without the suffix that its type adds, its type, labels and help text.

Label values come from closed sets: never a client, an address or a host name. The table in docs/metrics.md
is tested against this one.
"""

from __future__ import annotations

from collections.abc import Mapping

FLOW_LABELS = ("vendor", "component", "location", "country", "verdict", "severity")
FINDING_LABELS = ("vendor", "component", "location", "country", "severity")
DESTINATION_LABELS = ("vendor", "kind", "country")
FALLBACK_LABELS = ("vendor", "operator", "question")

METRICS: Mapping[str, tuple[str, tuple[str, ...], str]] = {
    # name: (type, labels, help)
    "netmon_sent_bytes": ("counter", FLOW_LABELS, "IP bytes from clients to the vendor."),
    "netmon_received_bytes": ("counter", FLOW_LABELS, "IP bytes from the vendor to clients."),
    "netmon_flows": (
        "counter",
        FLOW_LABELS,
        "Flows of the vendor, each counted once by its first report, and once more in each series of "
        "findings to which a later report belongs.",
    ),
    "netmon_undecided_flows": (
        "counter",
        ("vendor", "component", "country", "lacks"),
        "Undecided flows, by what is missing: the place, a promise for a place that is known, or evidence.",
    ),
    "netmon_concern_flows": (
        "counter",
        ("vendor", "country", "standing"),
        "Ended flows of the vendor with data, by country of concern and whether they ended there: located, "
        "possible, unknown or excluded.",
    ),
    "netmon_excluded_flows": (
        "counter",
        ("vendor", "component", "country"),
        "Ended flows whose server cannot be in the country, by their round trip.",
    ),
    "netmon_excepted_flows": (
        "counter",
        ("vendor", "component", "reason"),
        "Flows expected only because of a policy exception, by the reason that it overrides.",
    ),
    "netmon_unexpected_last_seen_timestamp_seconds": (
        "gauge",
        FINDING_LABELS,
        "Time at which an unexpected flow was last seen; kept across restarts.",
    ),
    "netmon_forbidden_last_seen_timestamp_seconds": (
        "gauge",
        FINDING_LABELS,
        "Time at which a flow to a vendor that the policy forbids was last seen; kept across restarts.",
    ),
    "netmon_new_destinations": (
        "counter",
        DESTINATION_LABELS,
        "Networks and countries in which this sensor saw the vendor reached for the first time.",
    ),
    "netmon_new_destination_last_seen_timestamp_seconds": (
        "gauge",
        DESTINATION_LABELS,
        "Time of the most recent new destination; kept across restarts.",
    ),
    "netmon_state_last_write_successful": (
        "gauge",
        (),
        "Whether the last write of the files that keep state succeeded.",
    ),
    "netmon_handshake_rtt_seconds": (
        "histogram",
        ("vendor", "location"),
        "Handshake round-trip times between sensor and server, which bound the distance from above.",
    ),
    "netmon_round_trip_jumps": (
        "counter",
        (),
        "Servers whose smallest round trip jumped: the address moved, or not always the same server answers.",
    ),
    "netmon_named_flows": (
        "counter",
        ("evidence",),
        "Ended flows, of vendors and others, by the evidence for their name.",
    ),
    "netmon_unnamed_flows": ("counter", ("reason",), "Ended flows without a name, by reason."),
    "netmon_quic_flows": ("counter", ("version",), "Ended QUIC flows, by version."),
    "netmon_quic_version_negotiations": ("counter", (), "QUIC Version Negotiation packets from servers."),
    "netmon_ech_flows": (
        "counter",
        ("state",),
        "Ended flows with an ECH extension: used (the name is encrypted) or grease (a random placeholder).",
    ),
    "netmon_named_bytes": (
        "counter",
        ("evidence",),
        "IP bytes of ended flows, by the evidence for their name.",
    ),
    "netmon_unnamed_bytes": ("counter", ("reason",), "IP bytes of ended flows without a name, by reason."),
    "netmon_encrypted_dns_flows": (
        "counter",
        ("protocol",),
        "Ended flows of encrypted DNS: dot, doh (known resolvers only) or doq.",
    ),
    "netmon_fallback_resolver_findings": (
        "counter",
        FALLBACK_LABELS,
        "Reported DNS flows to a public resolver that the vendor's products fall back to.",
    ),
    "netmon_fallback_resolver_last_seen_timestamp_seconds": (
        "gauge",
        FALLBACK_LABELS,
        "Time at which a DNS flow to such a resolver was last reported; kept across restarts.",
    ),
    "netmon_other_flows": ("counter", (), "Ended flows that match no vendor."),
    "netmon_dns_messages": ("counter", (), "DNS messages parsed."),
    "netmon_vendor_dns_queries": ("counter", ("vendor",), "DNS queries for names of the vendor."),
    "netmon_active_flows": ("gauge", (), "Flows in the flow table."),
    "netmon_dns_names": ("gauge", (), "Addresses in the table of names learned from DNS."),
    "netmon_evicted": ("counter", ("table",), "Entries evicted because a table was full."),
    "netmon_interface_up": (
        "gauge",
        ("interface",),
        "Whether the interface is captured: it exists, is up and has a carrier.",
    ),
    "netmon_interface_interruptions": ("counter", ("interface",), "Times that the capture was interrupted."),
    "netmon_capture_packets": ("counter", ("interface",), "Packets captured on the interface."),
    "netmon_capture_dropped_packets": (
        "counter",
        ("interface", "reason"),
        "Packets dropped by the kernel or by the interface.",
    ),
    "netmon_rejected_packets": (
        "counter",
        ("station", "reason"),
        "Packets or messages that could not be parsed, by processing stage and reason.",
    ),
    "netmon_undecoded_packets": (
        "counter",
        ("interface", "encapsulation"),
        "Packets that may belong to connections and could not be decoded, by what they carry.",
    ),
    "netmon_truncated_packets": ("counter", ("interface",), "Packets truncated by the snap length."),
    "netmon_view_packets": ("counter", ("interface",), "Packets inspected."),
    "netmon_view_flow_packets": (
        "counter",
        ("interface",),
        "Packets of flows, which are TCP or UDP over IP; others, such as LLDP, show no traffic.",
    ),
    "netmon_view_undecoded_packets": (
        "counter",
        ("interface",),
        "Packets that may belong to connections and could not be decoded.",
    ),
    "netmon_view_last_flow_packet_timestamp_seconds": (
        "gauge",
        ("interface",),
        "Time at which a packet of a flow was last seen, or of the first start; kept across restarts.",
    ),
    "netmon_sieved_packets": (
        "counter",
        ("interface",),
        "Data packets of flows of no vendor that the kernel sieve dropped, besides those of the view.",
    ),
    "netmon_sieved_bytes": ("counter", ("interface",), "IP bytes that the kernel sieve dropped."),
    "netmon_sieve_refusals": (
        "counter",
        ("interface",),
        "Times that the kernel sieve had no room for a direction of a flow.",
    ),
    "netmon_view_duplicate_packets": (
        "counter",
        ("interface",),
        "Duplicates made by the mirror port; flows count each packet once.",
    ),
    "netmon_view_coalesced_packets": (
        "counter",
        ("interface",),
        "Packets longer than a link allows, coalesced by a network card or the kernel (LRO, GRO).",
    ),
    "netmon_view_tcp_bytes": (
        "counter",
        ("interface",),
        "TCP payload bytes seen, of what was read: without packets that the kernel sieve dropped.",
    ),
    "netmon_view_unseen_tcp_bytes": (
        "counter",
        ("interface",),
        "TCP payload bytes of ended flows that were acknowledged but never seen, of what was read: those "
        "missing among packets that the kernel sieve dropped are unknown.",
    ),
    "netmon_view_connections": (
        "counter",
        ("interface",),
        "Ended TCP flows with at least one acknowledgement.",
    ),
    "netmon_view_one_way_connections": (
        "counter",
        ("interface",),
        "Connections seen in one direction only.",
    ),
    "netmon_view_incomplete_hellos": (
        "counter",
        ("interface",),
        "Ended flows whose ClientHello has missing segments.",
    ),
    "netmon_view_solicited_dns_answers": (
        "counter",
        ("interface",),
        "DNS answers to queries that were seen.",
    ),
    "netmon_view_unsolicited_dns_answers": (
        "counter",
        ("interface",),
        "DNS answers that no query was seen for: forged, late, or seen in one direction only.",
    ),
    "netmon_view_overlapping_flows": (
        "counter",
        ("interface",),
        "Ended flows of which one side sent in several VLANs or VNIs: several hosts have its address.",
    ),
    "netmon_view_misdated_packets": (
        "counter",
        ("interface",),
        "Packets with a time that those around them contradict by over a second, and read at theirs.",
    ),
    "netmon_clock_steps": (
        "counter",
        ("interface",),
        "Times that the clock of the packets was set, or was found to differ from that of other interfaces.",
    ),
    "netmon_view_quality_degraded": (
        "gauge",
        ("interface", "reason"),
        "Whether the view was poor within the last minute, by cause.",
    ),
    "netmon_lost_reports": ("counter", (), "Engine reports lost because they were not processed in time."),
    "netmon_lost_events": (
        "counter",
        (),
        "Events that could not be written, for example because the disk is full.",
    ),
    "netmon_evidence_findings": (
        "counter",
        ("state",),
        "Findings for which evidence was written, or could not be; and those without packets.",
    ),
    "netmon_store_last_write_successful": (
        "gauge",
        (),
        "Whether the last write to the store succeeded; records wait until one does.",
    ),
    "netmon_store_errors": ("counter", ("reason",), "Attempts to write to the store that failed, by reason."),
    "netmon_store_lost_records": (
        "counter",
        (),
        "Records that were given up because they could not be written to the store in time.",
    ),
    "netmon_store_bytes": ("gauge", (), "Size of the store, without free pages."),
    "netmon_folded_reports": (
        "counter",
        (),
        "Reports counted in the series `other` because there were too many label sets.",
    ),
    "netmon_interception_suspected": (
        "gauge",
        (),
        "Whether a middlebox appears to answer handshakes; if so, no place is excluded by round trips.",
    ),
    "netmon_location": (
        "info",
        ("location", "city", "country", "latitude", "longitude"),
        "Locations that metric labels refer to.",
    ),
    "netmon_sensor": ("info", ("sensor", "site"), "Name and site of the sensor, as configured."),
    "netmon_build": ("info", ("version", "pythonversion"), "The version of netmon that is running."),
    "netmon_signatures": ("info", ("sha256", "vendors"), "The signatures in use."),
    "netmon_signatures_reviewed_timestamp_seconds": (
        "gauge",
        ("vendor",),
        "Date on which the vendor's signatures were last reviewed against their sources.",
    ),
    "netmon_location_database_build_timestamp_seconds": (
        "gauge",
        ("database",),
        "Build time of a location database in use.",
    ),
    "netmon_location_database_last_reload_successful": (
        "gauge",
        ("database",),
        "Whether the file on disk is in use; if not, its last good version is, if there is one.",
    ),
    "netmon_config_last_reload_successful": ("gauge", (), "Whether the last reload of signatures succeeded."),
    "netmon_config_last_reload_success_timestamp_seconds": (
        "gauge",
        (),
        "Time at which signatures were last loaded successfully.",
    ),
}
