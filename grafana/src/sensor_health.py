"""Sensor health: how good the sensors' view is, and what they cannot see."""

from collections.abc import Iterator

from grafana_foundation_sdk.builders.dashboard import Dashboard

from grafana.src import fields, frame
from grafana.src.panels import About, Panel, Query, bars, number, rows, trend
from grafana.src.promql import if_alive, increase, rate, select

INTERFACE = "instance, interface"
LEGEND = "{{instance}} {{interface}}"


def build() -> Dashboard:
    """The dashboard."""
    about = (
        "How good the sensors' view is: packets, drops, quality of the view, flows without a name, and the "
        "age of the data."
    )
    made = frame.dashboard("netmon-sensor-health", "Sensor health", about)
    return frame.add(
        made,
        [
            *_state(),
            frame.row("View"),
            *_view(),
            frame.row("Blind spots"),
            *_blind_spots(),
            frame.row("Tables and data"),
            *_tables(),
        ],
    )


def _state() -> Iterator[Panel]:
    good = fields.steps((None, fields.BAD), (1, fields.GOOD))
    bad = fields.steps((None, fields.GOOD), (1, fields.BAD))
    size = (4, 4)
    text = "Share of the sensors that Prometheus can scrape."
    up = About("Sensors that answer", text, fields.SHARE, *size)
    text = "Interfaces whose view was poor within the last minute."
    poor = About("Poor views", text, fields.COUNT, *size)
    lost = About(
        "Lost", "Events and reports lost in the time range, for example on a full disk.", fields.COUNT, *size
    )
    text = (
        "Whether the last reload of the signatures succeeded on all sensors; if not, the old ones are in use."
    )
    reload = About("Last reload", text, fields.NO_UNIT, *size)
    text = "Whether a middlebox appears to answer handshakes; if so, no place is excluded by round-trip time."
    proxy = About("Interception", text, fields.NO_UNIT, *size)
    flows = About("Active flows", "Flows in the sensors' tables.", fields.COUNT, *size)
    degraded = f"sum(max by (job, instance, interface) ({select('netmon_view_quality_degraded')}))"
    losses = f"{increase('netmon_lost_events_total')} + {increase('netmon_lost_reports_total')}"
    yes_no = {"0": ("failed", fields.BAD), "1": ("succeeded", fields.GOOD)}
    suspected = {"0": ("none", fields.GOOD), "1": ("suspected", fields.WATCH)}
    yield number(up, Query(f"avg({select('up')})"), thresholds=good)
    yield number(poor, Query(if_alive(degraded)), thresholds=bad)
    yield number(lost, Query(losses), thresholds=bad, decimals=0)
    yield number(
        reload, Query(f"min({select('netmon_config_last_reload_successful')})"), mappings=fields.words(yes_no)
    )
    yield number(
        proxy, Query(f"max({select('netmon_interception_suspected')})"), mappings=fields.words(suspected)
    )
    yield number(flows, Query(f"sum({select('netmon_active_flows')})"), decimals=0)


def _view() -> Iterator[Panel]:
    packets = About(
        "Packets", "Packets per second captured on each interface.", fields.PACKETS_A_SECOND, 8, 8
    )
    yield trend(packets, Query(rate("netmon_capture_packets_total", by=INTERFACE), LEGEND))
    drops = About(
        "Dropped packets",
        "Packets per second dropped by the kernel (the sensor is too slow) or the interface.",
        fields.PACKETS_A_SECOND,
        8,
        8,
    )
    dropped = rate("netmon_capture_dropped_packets_total", by=f"{INTERFACE}, reason")
    yield trend(drops, Query(dropped, f"{LEGEND} {{{{reason}}}}"), least_maximum=10)
    unseen = About(
        "Bytes acknowledged but never seen",
        "Share of the TCP payload that was acknowledged but that the mirror port did not show. Above 1 %, "
        "the view is poor.",
        fields.SHARE,
        width=8,
        height=8,
    )
    missing = rate("netmon_view_unseen_tcp_bytes_total", by=INTERFACE)
    shown = rate("netmon_view_tcp_bytes_total", by=INTERFACE)
    yield trend(unseen, Query(f"{missing} / ({missing} + {shown} > 0)", LEGEND), least_maximum=0.02)
    quality = About(
        "Defects of the view",
        "Share of packets that are duplicates (mirrored twice), coalesced (an offload) or truncated (snap "
        "length); share of connections seen in one direction only, or whose ClientHello has gaps.",
        fields.SHARE,
        width=12,
        height=8,
    )
    parts = {
        "duplicate packets": ("netmon_view_duplicate_packets_total", "netmon_view_packets_total"),
        "coalesced packets": ("netmon_view_coalesced_packets_total", "netmon_view_packets_total"),
        "truncated packets": ("netmon_truncated_packets_total", "netmon_view_packets_total"),
        "one-way connections": ("netmon_view_one_way_connections_total", "netmon_view_connections_total"),
        "hellos with gaps": ("netmon_view_incomplete_hellos_total", "netmon_view_connections_total"),
    }
    shares = [Query(f"{rate(part)} / ({rate(total)} > 0)", name) for name, (part, total) in parts.items()]
    yield trend(quality, *shares, least_maximum=0.02)
    text = "Why a view is poor, as the sensor reports it: 1 while it is. See the runbook ViewInsufficient."
    degraded = About("Poor views by reason", text, fields.NO_UNIT, 12, 8)
    state = f"max by (interface, reason) ({select('netmon_view_quality_degraded')})"
    yield trend(degraded, Query(state, "{{interface}} {{reason}}"), maximum=1)


def _blind_spots() -> Iterator[Panel]:
    flows = About("Flows without a name", "By reason, in the time range.", fields.COUNT, 8, 9)
    unnamed = f"sort_desc({increase('netmon_unnamed_flows_total', by='reason')})"
    yield bars(flows, Query(unnamed, "{{reason}}"))
    volume = About("Bytes without a name", "IP bytes of flows without a name, by reason.", fields.BYTES, 8, 9)
    unnamed_bytes = f"sort_desc({increase('netmon_unnamed_bytes_total', by='reason')})"
    yield bars(volume, Query(unnamed_bytes, "{{reason}}"))
    names = About(
        "Flows by evidence",
        "Evidence for names, in the time range. Payload, network, ech_outer and none are not names.",
        fields.COUNT,
        8,
        9,
    )
    named = f"sort_desc({increase('netmon_named_flows_total', by='evidence')})"
    yield bars(names, Query(named, "{{evidence}}"))
    dns = About(
        "DNS",
        "Plain DNS messages per second, and new flows of encrypted DNS per second, which hide names.",
        fields.RATE,
        8,
        8,
    )
    yield trend(
        dns,
        Query(rate("netmon_dns_messages_total"), "plain messages"),
        Query(rate("netmon_encrypted_dns_flows_total", by="protocol"), "{{protocol}} flows"),
    )
    ech = About(
        "Encrypted hellos (ECH)",
        "New flows per second. Used: the name is encrypted; grease: a random placeholder.",
        fields.RATE,
        8,
        8,
    )
    yield trend(ech, Query(rate("netmon_ech_flows_total", by="state"), "{{state}}"), shape="areas")
    quic = About(
        "QUIC by version", "New flows per second, and Version Negotiation packets.", fields.RATE, 8, 8
    )
    yield trend(
        quic,
        Query(rate("netmon_quic_flows_total", by="version"), "{{version}}"),
        Query(rate("netmon_quic_version_negotiations_total"), "negotiations"),
    )


def _tables() -> Iterator[Panel]:
    entries = About(
        "Entries in tables", "Flows, and addresses with names learned from DNS.", fields.COUNT, 8, 8
    )
    yield trend(
        entries,
        Query(f"sum by (instance) ({select('netmon_active_flows')})", "{{instance}} flows"),
        Query(f"sum by (instance) ({select('netmon_dns_names')})", "{{instance}} names"),
    )
    text = "Entries per second evicted because a table was full, and reports counted under `other`."
    evicted = About("Evicted and folded", text, fields.RATE, 8, 8)
    yield trend(
        evicted,
        Query(rate("netmon_evicted_total", by="table"), "{{table}}"),
        Query(rate("netmon_folded_reports_total"), "folded reports"),
        least_maximum=1,
    )
    rejections = rate("netmon_rejected_packets_total", by="station, reason")
    rejected = About(
        "Rejected", "Packets and messages per second that could not be parsed.", fields.RATE, 8, 8
    )
    yield trend(
        rejected,
        Query(f"{rejections} > 0", "{{station}}: {{reason}}"),
        shape="bars",
    )
    text = "Since when each location database in use was built, and whether its file is the one in use."
    databases = About("Location databases", text, fields.SECONDS, 8, 7)
    built = select("netmon_location_database_build_timestamp_seconds")
    current = select("netmon_location_database_last_reload_successful")
    yield rows(
        databases,
        {"Age": f"time() - min by (database) ({built})", "In use": f"min by (database) ({current})"},
        ("database",),
        overrides={
            "Age": fields.ages(watch_days=30, bad_days=45),
            "In use": fields.cell_words({"0": ("an older one", fields.BAD), "1": ("yes", fields.GOOD)}),
        },
        by="Age",
    )
    text = "Time since each vendor's signatures were last reviewed against their sources."
    signatures = About("Signatures", text, fields.SECONDS, 6, 7)
    reviewed = select("netmon_signatures_reviewed_timestamp_seconds")
    yield rows(
        signatures,
        {"Reviewed": f"time() - min by (vendor) ({reviewed})"},
        ("vendor",),
        overrides={"Reviewed": fields.ages(watch_days=90, bad_days=180)},
        by="Reviewed",
    )
    text = "The running version of netmon, its signatures, and the time since they were loaded."
    versions = About("Versions", text, fields.NO_UNIT, 10, 7)
    loaded = f"time() - max by (instance) ({select('netmon_config_last_reload_success_timestamp_seconds')})"
    build_ = f"max by (instance, version, pythonversion) ({select('netmon_build_info')})"
    used = f"max by (instance, sha256) ({select('netmon_signatures_info')})"
    query = f"{build_} * on (instance) group_left (sha256) {used} * on (instance) group_left () ({loaded})"
    yield rows(
        versions,
        {"Loaded": query},
        ("instance", "version", "pythonversion", "sha256"),
        overrides={
            "Instance": [fields.width(150)],
            "Version": [fields.width(100)],
            "Python": [fields.width(80)],
            "Loaded": [fields.unit(fields.SECONDS), fields.width(90)],
        },
        by="Loaded",
    )
