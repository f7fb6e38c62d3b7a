"""Sensor health: how good the sensors' view is, and what they cannot see."""

from collections.abc import Iterator

from grafana_foundation_sdk.builders.dashboard import Dashboard

from grafana.src import fields, frame, words
from grafana.src.names import with_sensor
from grafana.src.panels import NO_NAME, About, Panel, Query, bars, number, rows, trend
from grafana.src.promql import (
    BUILD,
    FLOWS,
    LOOKED_UP,
    RANGE,
    alive,
    if_alive,
    increase,
    rate,
    replace,
    select,
    sensors,
)
from grafana.src.verdict import silent

BY_INTERFACE = "job, instance, interface"
LEGEND = "{{sensor}} {{interface}}"
DEGRADED = "netmon_view_quality_degraded"
NO_TRAFFIC = "No traffic arrives"  # shown among the reasons for a poor view


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
            _sensors(),
            _poor_views(),
            frame.row("View"),
            *_view(),
            frame.row("Blind spots"),
            *_blind_spots(),
            _only_names(),
            frame.row("Tables and data"),
            *_tables(),
            _records(),
        ],
    )


def _state() -> Iterator[Panel]:
    good = fields.steps((None, fields.BAD), (1, fields.GOOD))
    bad = fields.steps((None, "text"), (0, fields.GOOD), (1, fields.BAD))
    size = (4, 4)
    text = "Share of the sensors that answer now, of those that did at any time in the time range."
    up = About("Sensors that answer", text, fields.SHARE, *size)
    text = "Interfaces whose view was poor within the last minute, or that show no traffic now."
    poor = About("Poor views now", text, fields.COUNT, *size)
    text = "Events and reports lost in the time range, for example on a full disk."
    lost = About("Lost in this range", text, fields.COUNT, *size)
    text = (
        "Whether the last reload of the signatures succeeded on all sensors; if not, the old ones are in use."
    )
    reload = About("Last reload", text, fields.NO_UNIT, *size)
    text = "Whether a middlebox appears to answer handshakes; if so, no place is excluded by round-trip time."
    proxy = About("Interception", text, fields.NO_UNIT, *size)
    flows = About("Active flows", "Flows in the sensors' tables now.", fields.COUNT, *size)
    degraded = f"count(max by ({BY_INTERFACE}) ({select(DEGRADED)}) > 0 or {silent()})"
    losses = f"{increase('netmon_lost_events_total')} + {increase('netmon_lost_reports_total')}"
    yes_no = {"0": ("failed", fields.BAD), "1": ("succeeded", fields.GOOD)}
    suspected = {"0": ("not suspected", fields.GOOD), "1": ("suspected", fields.WATCH)}
    yield number(up, Query(f"{alive()} / ({sensors()} > 0)"), thresholds=good, no_value="no sensor")
    yield number(poor, Query(if_alive(degraded)), thresholds=bad)
    yield number(lost, Query(losses), thresholds=bad, decimals=0)
    yield number(
        reload, Query(f"min({select('netmon_config_last_reload_successful')})"), mappings=fields.words(yes_no)
    )
    yield number(
        proxy, Query(f"max({select('netmon_interception_suspected')})"), mappings=fields.words(suspected)
    )
    yield number(flows, Query(f"sum({select('netmon_active_flows')})"), decimals=0)


def _sensors() -> Panel:
    about = About(
        "Sensors",
        "Every sensor that answered in the time range: whether it does now, what it runs, and since when the "
        "signatures are in use.",
        fields.NO_UNIT,
        width=14,
        height=7,
        empty="No sensor answered in this time range: see the runbook SensorDown",
    )
    by = "job, instance, version, pythonversion"
    build = f"max by ({by}) ({select(BUILD)})"
    last = f"topk by (job, instance) (1, last_over_time({select(BUILD)}[{RANGE}])) * 0"
    answers = f"({build} or on (job, instance) {last})"
    at = "job, instance"
    since = f"time() - max by ({at}) ({select('netmon_config_last_reload_success_timestamp_seconds')})"
    used = f"topk by ({at}) (1, {select('netmon_signatures_info')})"
    beginning = f'label_replace({used}, "sha256", "${{1}}", "sha256", "(.{{8}}).*")'
    return rows(
        about,
        {
            "Answers": with_sensor(answers, "sensor, site"),
            "Loaded": f"({since}) * on ({at}) group_left (sha256) {beginning}",
        },
        ("sensor", "site", "instance", "version", "pythonversion", "sha256"),
        overrides={
            "Address": [fields.width(150)],
            "Version": [fields.width(75)],
            "Python": [fields.width(75)],
            "Signatures": [fields.width(95)],
            "Answers": [
                *fields.cell_words({"0": ("no", fields.BAD), "1": ("yes", fields.GOOD)}),
                fields.width(80),
            ],
            "Loaded": [fields.unit(fields.SECONDS), fields.decimals(0), fields.width(80)],
        },
        by="Loaded",
        hidden=("job",),
    )


def _poor_views() -> Panel:
    about = About(
        "Poor views",
        "Interfaces whose view was poor in the time range, and why. See the runbook ViewInsufficient.",
        fields.SHARE,
        width=10,
        height=7,
        empty="No view was reported as poor in this time range",
    )
    by = f"{BY_INTERFACE}, reason"
    degraded = f"max by ({by}) (avg_over_time({select(DEGRADED)}[{RANGE}])) > 0"
    nothing = replace(f"clamp_max({silent()} / $__range_s, 1)", "reason", NO_TRAFFIC, "", "")
    share = f"{degraded} or {nothing}"
    now = f"max by ({by}) ({select(DEGRADED)}) and ({degraded}) or {nothing} > bool 0"
    yes_no = fields.cell_words({"0": ("no", fields.NEUTRAL), "1": ("yes", fields.BAD)})
    return rows(
        about,
        {"Of the time": with_sensor(share), "Now": now},
        ("sensor", "interface", "reason"),
        overrides={
            "Interface": [fields.width(80)],
            "Problem": [fields.width(205)],
            "Of the time": [fields.decimals(0), fields.width(95)],
            "Now": [*yes_no, fields.width(60)],
        },
        by="Of the time",
        hidden=("job", "instance"),
    )


def _view() -> Iterator[Panel]:
    packets = About("Packets", "Packets captured on each interface.", fields.PACKETS_A_SECOND, 12, 8)
    captured = rate("netmon_capture_packets_total", by=BY_INTERFACE)
    yield trend(packets, Query(with_sensor(captured), LEGEND), overrides=fields.BY_NAME, least_maximum=1)
    text = "Packets dropped by the kernel (the sensor is too slow) or by the interface."
    drops = About(
        "Dropped packets", text, fields.PACKETS_A_SECOND, 12, 8, "No packet was dropped in this time range"
    )
    for_reason = {name: f"{{{{sensor}}}} {{{{interface}}}} {text}" for name, text in words.DROPS.items()}
    dropped = [Query(f"{with_sensor(_dropped(reason))} > 0", legend) for reason, legend in for_reason.items()]
    yield trend(drops, *dropped, least_maximum=10, shape="bars", shade=fields.BAD)
    unseen = About(
        "Bytes acknowledged but never seen",
        "Share of the TCP payload that was acknowledged but that the mirror port did not show, of what was "
        "read (without what the kernel sieve dropped). Above 1 %, the view is poor.",
        fields.SHARE,
        width=12,
        height=8,
        empty="No TCP flow ended in this time range",
    )
    missing = rate("netmon_view_unseen_tcp_bytes_total", by=BY_INTERFACE)
    shown = rate("netmon_view_tcp_bytes_total", by=BY_INTERFACE)
    share = f"{missing} / ({missing} + {shown} > 0)"
    yield trend(unseen, Query(with_sensor(share), LEGEND), overrides=fields.BY_NAME, least_maximum=0.02)
    quality = About(
        "Defects of the view",
        "Share of packets that are duplicates (mirrored twice), coalesced (an offload) or truncated (snap "
        "length); share of connections seen in one direction only, or whose ClientHello has gaps.",
        fields.SHARE,
        width=12,
        height=8,
        empty="No packet was seen in this time range",
    )
    parts = {
        "duplicate packets": ("netmon_view_duplicate_packets_total", "netmon_view_packets_total"),
        "coalesced packets": ("netmon_view_coalesced_packets_total", "netmon_view_packets_total"),
        "truncated packets": ("netmon_truncated_packets_total", "netmon_view_packets_total"),
        "one-way connections": ("netmon_view_one_way_connections_total", "netmon_view_connections_total"),
        "hellos with gaps": ("netmon_view_incomplete_hellos_total", "netmon_view_connections_total"),
    }
    shares = [Query(f"{rate(part)} / ({rate(total)} > 0)", name) for name, (part, total) in parts.items()]
    yield trend(quality, *shares, overrides=fields.hued({name: name for name in parts}), least_maximum=0.02)


def _dropped(reason: str) -> str:
    return rate("netmon_capture_dropped_packets_total", f'reason="{reason}"', BY_INTERFACE)


def _blind_spots() -> Iterator[Panel]:
    text = "Why flows have no name. Those that began earlier did so before the sensor was started."
    flows = About("Flows without a name", text, fields.COUNT, 8, 9, NO_NAME)
    yield bars(flows, increase("netmon_unnamed_flows_total", by="reason"), "reason", words.UNNAMED)
    text = "IP bytes of flows without a name, by reason, in the time range."
    volume = About("Bytes without a name", text, fields.BYTES, 8, 9, NO_NAME)
    yield bars(volume, increase("netmon_unnamed_bytes_total", by="reason"), "reason", words.UNNAMED)
    names = About(
        "Flows by evidence",
        "Evidence for names, in the time range. DNS, same client or other host: who looked the name up. "
        "First bytes, the network, an ECH outer name and DNS without a query give no name.",
        fields.COUNT,
        width=8,
        height=9,
        empty="No flow ended in this time range",
    )
    yield bars(names, increase("netmon_named_flows_total", by="evidence"), "evidence", words.EVIDENCE)
    text = "Plain DNS messages, and new flows of encrypted DNS, which hide names."
    dns = About("DNS", text, fields.RATE, 8, 8)
    encrypted = rate("netmon_encrypted_dns_flows_total", by="protocol")
    yield trend(
        dns,
        Query(rate("netmon_dns_messages_total"), "plain messages"),
        Query(encrypted, "{{protocol}}"),
        overrides=fields.hued(
            {"plain messages": "plain messages"}
            | {name: f"flows {text}" for name, text in words.ENCRYPTED_DNS.items()}
        ),
        least_maximum=1,
    )
    text = "New flows. Encrypted: the name is hidden; a placeholder hides nothing."
    ech = About("Encrypted hellos (ECH)", text, fields.RATE, 8, 8)
    hellos = Query(rate("netmon_ech_flows_total", by="state"), "{{state}}")
    yield trend(ech, hellos, overrides=fields.hued(words.ECH), least_maximum=1)
    quic = About("QUIC by version", "New flows, and Version Negotiation packets.", fields.RATE, 8, 8)
    yield trend(
        quic,
        Query(rate("netmon_quic_flows_total", by="version"), "{{version}}"),
        Query(rate("netmon_quic_version_negotiations_total"), "negotiations"),
        overrides=fields.hued(words.QUIC | {"negotiations": "negotiations"}),
        least_maximum=1,
    )


def _only_names() -> Panel:
    about = About(
        "Names that were looked up without a flow",
        "Vendors for whose names there were DNS queries in the time range, but no flow. Either the flows are "
        "not seen or not recognised here, as behind a proxy or VPN, or there were none, as when names are "
        "blocked, or a mail server only checks them.",
        fields.COUNT,
        width=24,
        height=6,
        empty="Every vendor whose names were looked up had a flow in this time range",
    )
    seen = f"{increase(FLOWS, by='vendor')} > 0"
    queries = {"DNS queries": f"({increase(LOOKED_UP, by='vendor')} unless on (vendor) ({seen})) > 0"}
    columns = {"DNS queries": [fields.decimals(0)]}
    return rows(about, queries, ("vendor",), overrides=columns, by="DNS queries")


def _tables() -> Iterator[Panel]:
    text = "Flows, and addresses with names learned from DNS."
    entries = About("Entries in tables", text, fields.COUNT, 8, 8)
    kinds = dict(zip(("flows", "names"), fields.HUES, strict=False))
    active, names = (
        f"max by (job, instance) ({select(f'netmon_{one}')})" for one in ("active_flows", "dns_names")
    )
    yield trend(
        entries,
        Query(with_sensor(active), "{{sensor}} flows"),
        Query(with_sensor(names), "{{sensor}} names"),
        overrides={f"/ {name}$/": [fields.shades(hue)] for name, hue in kinds.items()},
    )
    text = "Entries evicted because a table was full, and reports counted under `other`."
    evicted = About("Evicted and folded", text, fields.RATE, 8, 8, "Nothing was evicted in this time range")
    yield trend(
        evicted,
        Query(f"{rate('netmon_evicted_total', by='table')} > 0", "{{table}}"),
        Query(f"{rate('netmon_folded_reports_total')} > 0", "folded reports"),
        shape="bars",
        shade=fields.WATCH,
        overrides=fields.named(words.TABLES),
        least_maximum=1,
    )
    text = "Packets and messages that could not be parsed, by the stage of processing and the reason."
    rejected = About("Rejected", text, fields.RATE, 8, 8, "Everything could be parsed in this time range")
    rejections = rate("netmon_rejected_packets_total", by="station, reason")
    yield trend(
        rejected,
        Query(f"{rejections} > 0", "{{station}}: {{reason}}"),
        shape="bars",
        overrides=fields.BY_NAME,
        is_spaced=True,
    )
    text = "Since when each location database in use was built, and whether its file is the one in use."
    databases = About("Location databases", text, fields.SECONDS, 14, 7, "No location database is in use")
    built = select("netmon_location_database_build_timestamp_seconds")
    current = select("netmon_location_database_last_reload_successful")
    yield rows(
        databases,
        {"Age": f"time() - min by (database) ({built})", "In use": f"min by (database) ({current})"},
        ("database",),
        overrides={
            "Age": fields.ages("database"),
            "In use": fields.cell_words({"0": ("an older one", fields.BAD), "1": ("yes", fields.GOOD)}),
        },
        by="Age",
    )
    text = "Time since each vendor's signatures were last reviewed against their sources."
    signatures = About("Signatures", text, fields.SECONDS, 10, 7)
    reviewed = select("netmon_signatures_reviewed_timestamp_seconds")
    yield rows(
        signatures,
        {"Reviewed": f"time() - min by (vendor) ({reviewed})"},
        ("vendor",),
        overrides={"Reviewed": fields.ages("signatures")},
        by="Reviewed",
    )


def _records() -> Panel:
    about = About(
        "Store and evidence",
        "Whether each sensor can write its store now, and what was lost in the time range: records that were "
        "given up, damaged stores that were replaced, and findings without evidence. See the runbooks "
        "StoreFailing and EvidenceFailing.",
        fields.COUNT,
        width=24,
        height=7,
        empty="No sensor has a store, or evidence",
    )
    at = "job, instance"
    written = f"min by ({at}) ({select('netmon_store_last_write_successful')})"
    size = f"max by ({at}) ({select('netmon_store_bytes')})"
    damaged = increase("netmon_store_errors_total", 'reason="damaged"', at)
    queries = {
        "Written": written,
        "Size": size,
        "Records lost": increase("netmon_store_lost_records_total", by=at),
        "Replaced": damaged,
        "With evidence": increase("netmon_evidence_findings_total", 'state="written"', at),
        "Without": increase("netmon_evidence_findings_total", 'state="failed"', at),
    }
    yes_no = fields.cell_words({"0": ("no", fields.BAD), "1": ("yes", fields.GOOD)})
    losses = ("Records lost", "Replaced", "Without")
    return rows(
        about,
        {name: with_sensor(one) for name, one in queries.items()},
        ("sensor",),
        overrides={
            "Written": yes_no,
            "Size": [fields.unit(fields.BYTES)],
            "With evidence": [fields.decimals(0)],
            **{name: [fields.decimals(0), *fields.over_zero(fields.BAD)] for name in losses},
        },
        by=losses,
        hidden=("job", "instance"),
    )
