"""Vendor: everything about one vendor."""

from collections.abc import Iterator

from grafana_foundation_sdk.builders.dashboard import Dashboard, QueryVariable

from grafana.src import basis, fields, flows, frame, words
from grafana.src.names import with_city
from grafana.src.panels import NO_NAME, About, Panel, Query, bars, number, rows, trend
from grafana.src.promql import (
    FINDING,
    FLOWS,
    RECEIVED,
    SENT,
    both_ways,
    if_alive,
    increase,
    rate,
    seen_in_range,
    select,
    step,
)

VENDOR = 'vendor="$vendor"'
RTT = "netmon_handshake_rtt_seconds"
FALLBACK_SEEN = "netmon_fallback_resolver_last_seen_timestamp_seconds"


def build() -> Dashboard:
    """The dashboard."""
    about = "One vendor: its components, where their flows end, what they send, and how certain that is."
    made = frame.dashboard("netmon-vendor", "Vendor", about).with_variable(_vendor())
    places = [frame.row("Components and places"), _components(), _places(), _table()]
    trips = [frame.row("Distance of the servers"), _trips(), _trip_trend()]
    names = [frame.row("Evidence for names"), _evidence(), _unnamed(), _resolvers()]
    return frame.add(made, [basis.panel(), *_numbers(), *places, *trips, *names])


def _vendor() -> QueryVariable:
    return frame.labels("vendor", "Vendor", select(FLOWS), "vendor", "The vendor whose traffic is shown.")


def _numbers() -> Iterator[Panel]:
    undecided = increase(FLOWS, f'{VENDOR}, verdict="undecided"')
    disputed = f'{VENDOR}, country="disputed"'
    finding = increase(FLOWS, f"{VENDOR}, {FINDING}")
    bad = fields.steps((None, "text"), (0, fields.GOOD), (1, fields.BAD))
    shares = fields.steps((None, "text"), (0.2, fields.WATCH))
    size = (4, 4)
    sent = About("Sent", "IP bytes from clients to the vendor in the time range.", fields.BYTES, *size)
    received = About(
        "Received", "IP bytes from the vendor to clients in the time range.", fields.BYTES, *size
    )
    every = About("Flows", "Flows to the vendor in the time range.", fields.COUNT, *size)
    findings = About("Findings", "Unexpected or forbidden flows in the time range.", fields.COUNT, *size)
    open_ = About("Undecided", "Share of the flows that could not be judged.", fields.SHARE, *size)
    about = "Share of the bytes that ended where the sources contradict each other on the country."
    contested = About("Place disputed", about, fields.SHARE, *size)
    yield number(sent, Query(if_alive(increase(SENT, VENDOR))))
    yield number(received, Query(if_alive(increase(RECEIVED, VENDOR))))
    yield number(every, Query(if_alive(increase(FLOWS, VENDOR))), decimals=0)
    yield number(findings, Query(if_alive(finding)), thresholds=bad, decimals=0)
    yield number(open_, Query(f"{undecided} / ({increase(FLOWS, VENDOR)} > 0)"), decimals=0)
    share = f"({both_ways(increase, disputed)}) / ({both_ways(increase, VENDOR)} > 0)"
    yield number(contested, Query(if_alive(share)), thresholds=shares, decimals=0)


def _components() -> Panel:
    about = About("Bytes by component", "Bytes in both directions in each interval.", fields.BYTES, 12, 9)
    return trend(
        about,
        Query(f"{both_ways(step, VENDOR, 'component')} > 0", "{{component}}"),
        shape="bars",
        overrides=fields.BY_NAME,
    )


def _places() -> Panel:
    about = About(
        "Bytes by place",
        "Bytes in both directions in each interval, by place, in the colour of their verdict. Disputed: the "
        "sources contradict each other. Unknown: no source names a city that the signatures know.",
        fields.BYTES,
        width=12,
        height=9,
    )
    return trend(about, flows.bytes_by_place(VENDOR), shape="bars", overrides=fields.BY_VERDICT)


def _table() -> Panel:
    text = "Flows and bytes in the time range, findings first."
    about = About("Components, places, verdicts", text, fields.COUNT, 24, 9)
    return rows(
        about,
        flows.table(VENDOR),
        flows.COLUMNS[1:],
        overrides=flows.TABLE,
        by=flows.MOST_SERIOUS,
        hidden=("vendor", *flows.HIDDEN),
    )


def _trips() -> Panel:
    about = About(
        "Round trips by place",
        "Handshake round-trip times between sensor and server in the time range: 1 ms is at most 150 km. A "
        "short one excludes distant places; a long one proves nothing. Values are estimated from buckets.",
        fields.SECONDS,
        width=12,
        height=8,
    )
    found = increase(f"{RTT}_bucket", VENDOR, "le, location")
    quantiles = {"Shortest 5 %": 0.05, "Median": 0.5, "Longest 5 %": 0.95}
    queries = {title: f"histogram_quantile({share}, {found}) > 0" for title, share in quantiles.items()}
    queries["Flows"] = with_city(f"{increase(f'{RTT}_count', VENDOR, 'location')} > 0", "location")
    count = {"Flows": [fields.unit(fields.COUNT), *flows.TABLE["Flows"]]}
    return rows(about, queries, ("city",), overrides=count, by="Flows", hidden=("location",))


def _trip_trend() -> Panel:
    about = About(
        "Median round trip",
        "Of the flows that ended in each interval, by the place where the sources locate the servers, in the "
        "colour of its verdict: unexpected or forbidden if a flow was, otherwise that of most flows.",
        fields.SECONDS,
        width=12,
        height=8,
    )
    by = "location, verdict"
    most = f"topk by (location) (1, {increase(FLOWS, VENDOR, by)} > 0)"
    verdict = f"({increase(FLOWS, f'{VENDOR}, {FINDING}', by)} > 0 or on (location) {most}) * 0 + 1"
    found = rate(f"{RTT}_bucket", VENDOR, "le, location")
    judged = f"topk by (location) (1, {verdict})"
    median = f"histogram_quantile(0.5, {found}) > 0"
    named = with_city(f"({median}) * on (location) group_left (verdict) {judged}", by)
    return trend(about, Query(named, "{{city}}, {{verdict}}"), shape="points", overrides=fields.BY_VERDICT)


def _evidence() -> Panel:
    about = About(
        "Flows by evidence",
        "How flows got their names. DNS, same client or other host: who looked the name up. First bytes, the "
        "network, an ECH outer name and DNS without a query give no name. Includes flows of other vendors.",
        fields.COUNT,
        width=8,
        height=9,
        empty="No flow ended in this time range",
    )
    return bars(about, increase("netmon_named_flows_total", by="evidence"), "evidence", words.EVIDENCE)


def _unnamed() -> Panel:
    about = About(
        "Flows without a name",
        "Why flows have no name; those that began earlier did so before the sensor was started. Includes "
        "flows that match no vendor; the vendor's own may be among them.",
        fields.COUNT,
        width=8,
        height=9,
        empty=NO_NAME,
    )
    return bars(about, increase("netmon_unnamed_flows_total", by="reason"), "reason", words.UNNAMED)


def _resolvers() -> Panel:
    about = About(
        "Fallback resolvers",
        "Public resolvers that the vendor's products query when the local one fails. Anyone may use them; a "
        "query for one of the vendor's own names is strong evidence.",
        fields.COUNT,
        width=8,
        height=9,
        empty="No query to a fallback resolver in this time range",
    )
    by = "operator, question"
    queries = {
        "Flows": f"{increase('netmon_fallback_resolver_findings_total', VENDOR, by)} > 0",
        "Last": f"max by ({by}) ({seen_in_range(FALLBACK_SEEN, VENDOR)}) * 1000",
    }
    columns = {"Flows": flows.TABLE["Flows"], "Last": [fields.unit(fields.AGO), fields.width(140)]}
    return rows(about, queries, ("operator", "question"), overrides=columns, by="Last")
