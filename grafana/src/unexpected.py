"""Unexpected: flows that neither promise nor policy allows, and what else deserves a look."""

from collections.abc import Iterator

from grafana_foundation_sdk.builders.dashboard import Dashboard

from grafana.src import basis, fields, flows, frame, words
from grafana.src.names import with_city, with_sensor
from grafana.src.panels import About, Panel, Query, number, rows, trend
from grafana.src.promql import (
    FINDING,
    FLOWS,
    SENT,
    findings,
    if_alive,
    increase,
    last_finding,
    matcher,
    seen_in_range,
    select,
    step,
)

NO_FINDING = "No finding in this time range"
LABELS = ("job", "instance", *flows.LABELS)
NONE = {"0": ("none", fields.GOOD)}
CONCERNS = "netmon_concern_flows_total"
DESTINATION_SEEN = "netmon_new_destination_last_seen_timestamp_seconds"
FALLBACKS = "netmon_fallback_resolver_findings_total"
FALLBACK_SEEN = "netmon_fallback_resolver_last_seen_timestamp_seconds"


def build() -> Dashboard:
    """The dashboard."""
    about = "Flows that neither promise nor policy allows: what, when, how much, and how certain."
    made = frame.dashboard("netmon-unexpected", "Unexpected", about)
    concerns = [frame.row("Countries of concern"), _standings(), _excluded()]
    hints = [frame.row("Further indications"), _destinations(), _fallbacks()]
    undecided = [frame.row("Undecided flows, by what is missing"), *_undecided()]
    found = [basis.panel(), *_numbers(), _findings(), _uploads(), _flows()]
    return frame.add(made, [*found, *concerns, *hints, *undecided])


def _numbers() -> Iterator[Panel]:
    bad, worst = (
        fields.steps((None, "text"), (0, fields.GOOD), (1, one)) for one in (fields.BAD, fields.WORST)
    )
    size = (6, 4)
    text = "Flows that at least two sources place in a country that was not promised."
    unexpected = About("Unexpected flows", text, fields.COUNT, *size)
    text = "Flows to vendors that the policy forbids."
    forbidden = About("Forbidden flows", text, fields.COUNT, *size)
    uploaded = About("Sent with them", "IP bytes that clients sent in such flows.", fields.BYTES, *size)
    last = About("Last seen", "When such a flow was last seen in the time range.", fields.AGO, *size)
    for about, verdict, colours in ((unexpected, "unexpected", bad), (forbidden, "forbidden", worst)):
        found = increase(FLOWS, matcher("verdict", verdict))
        yield number(about, Query(if_alive(found)), thresholds=colours, decimals=0)
    yield number(uploaded, Query(if_alive(increase(SENT, FINDING))), thresholds=bad)
    yield number(last, Query(last_finding()), thresholds=bad, mappings=fields.words(NONE))


def _findings() -> Panel:
    about = About(
        "Findings",
        "Unexpected and forbidden flows by component, place and sensor, the most serious first. First: the "
        "first time in the time range, which may not be the first time ever. Unexpected means that at least "
        "two sources agree on the country; the events show the sources and the client.",
        fields.COUNT,
        width=24,
        height=7,
        empty=NO_FINDING,
    )
    by = ", ".join(LABELS)
    last = f"max by ({by}) ({findings(seen_in_range)}) * 1000"
    queries = {
        "Severity": flows.severity(FINDING, by),
        "First": f"min by ({by}) ({findings(_first)}) * 1000",
        "Last": with_sensor(with_city(last, by)),
        "Flows": f"{increase(FLOWS, FINDING, by)} > 0",
        "Sent": f"{increase(SENT, FINDING, by)} > 0",
    }
    times = [fields.unit(fields.WHEN), fields.width(165)]
    columns = {"Vendor": [frame.link_to_vendor()], "First": times, "Last": times, **flows.TABLE}
    return rows(
        about,
        queries,
        ("sensor", *flows.COLUMNS),
        overrides=columns,
        by=("Severity", "Last"),
        hidden=("job", "instance", *flows.HIDDEN),
    )


def _first(metric: str) -> str:
    """The smallest last-seen timestamp within the range: when such a flow was first seen in it."""
    return f"min_over_time(({select(metric)} > $__from / 1000)[$__range:])"


def _uploads() -> Panel:
    text = "IP bytes that clients sent in each interval."
    about = About("Bytes sent with findings", text, fields.BYTES, 12, 8, NO_FINDING)
    by = "vendor, component, location, verdict"
    sent = with_city(step(SENT, FINDING, by), by)
    return trend(
        about,
        Query(f"{sent} > 0", "{{vendor}} ({{component}}) to {{city}}, {{verdict}}"),
        shape="bars",
        overrides=fields.BY_VERDICT,
    )


def _flows() -> Panel:
    about = About("Findings by country", "New flows in each interval.", fields.COUNT, 12, 8, NO_FINDING)
    found = step(FLOWS, FINDING, "verdict, country")
    return trend(
        about,
        Query(f"{found} > 0", "{{country}}, {{verdict}}", has_exemplars=True),
        shape="bars",
        overrides=fields.BY_VERDICT,
    )


def _standings() -> Panel:
    about = About(
        "Ended in a country of concern?",
        "Ended flows with data, by what is known about each country of concern. Located there: sources agree "
        "on it. Possible: a source names it. Unknown: no source names it, and nothing excludes it. Excluded: "
        "the server answered faster than light could return from there.",
        fields.COUNT,
        width=12,
        height=8,
        empty="No ended flow that a country of concern matters to in this time range",
    )
    by = "vendor, country"
    some = f"{increase(CONCERNS, by=by)} > 0"
    queries = {
        title: f"{increase(CONCERNS, matcher('standing', standing), by)} and {some}"
        for standing, title in words.STANDINGS.items()
    }
    count = [fields.decimals(0)]
    found = [fields.decimals(0), *fields.over_zero(fields.BAD)]
    columns = dict.fromkeys(queries, count) | {words.STANDINGS["located"]: found}
    return rows(about, queries, ("vendor", "country"), overrides=columns, by=words.STANDINGS["located"])


def _excluded() -> Panel:
    about = About(
        "Excluded by round trips",
        "Ended flows whose server answered too soon to be in a country that sources or promises name.",
        fields.COUNT,
        width=12,
        height=8,
        empty="No country was excluded by a round trip in this time range",
    )
    labels = ("vendor", "component", "country")
    queries = {"Flows": f"{increase('netmon_excluded_flows_total', by=', '.join(labels))} > 0"}
    columns = {"Flows": flows.TABLE["Flows"]}
    return rows(about, queries, labels, overrides=columns, by="Flows")


def _destinations() -> Panel:
    about = About(
        "New destinations",
        "Networks and countries in which the sensors saw a vendor reached for the first time. In the "
        "first days after a vendor's first flow none is reported, because all are new (state.learning_days).",
        fields.COUNT,
        width=12,
        height=8,
        empty="No new destination in this time range; none is reported in a vendor's first days",
    )
    labels = ("vendor", "kind", "country")
    by = ", ".join(labels)
    queries = {
        "Times": f"{increase('netmon_new_destinations_total', by=by)} > 0",
        "Last": f"max by ({by}) ({seen_in_range(DESTINATION_SEEN)}) * 1000",
    }
    columns = {
        "Times": [fields.decimals(0), fields.width(80)],
        "Last": [fields.unit(fields.AGO), fields.width(140)],
    }
    return rows(about, queries, labels, overrides=columns, by="Last")


UNDECIDED = (
    (
        "place",
        "Place unknown",
        "It is not known where these flows ended: sources disagree, or only one answers.",
    ),
    (
        "promise",
        "Place known, nothing promised",
        "It is known where these flows ended, but nothing was promised or allowed to compare it with.",
    ),
    (
        "evidence",
        "Evidence incomplete",
        "It was not shown that the vendor answers there, or part of the flow was not seen.",
    ),
)
"""What undecided flows lack, as the label value, the title and the description of a panel."""


def _undecided() -> Iterator[Panel]:
    labels = ("vendor", "component", "country")
    by = ", ".join(labels)
    for lacks, title, text in UNDECIDED:
        about = About(title, text, fields.COUNT, 8, 7, "No such flow in this time range")
        found = increase("netmon_undecided_flows_total", matcher("lacks", lacks), by)
        columns = {"Flows": flows.TABLE["Flows"], "Country": flows.TABLE["Country"]}
        yield rows(about, {"Flows": f"{found} > 0"}, labels, overrides=columns, by="Flows")


def _fallbacks() -> Panel:
    about = About(
        "Fallback resolvers",
        "DNS queries that bypass your resolver and go to public ones that vendors' products fall back to. "
        "Anyone may use these; a query for one of the vendor's own names is strong evidence.",
        fields.COUNT,
        width=12,
        height=8,
        empty="No query to a fallback resolver in this time range",
    )
    by = "vendor, operator, question"
    queries = {
        "Flows": f"{increase(FALLBACKS, by=by)} > 0",
        "Last": f"max by ({by}) ({seen_in_range(FALLBACK_SEEN)}) * 1000",
    }
    columns = {"Flows": flows.TABLE["Flows"], "Last": [fields.unit(fields.AGO), fields.width(140)]}
    return rows(about, queries, ("vendor", "operator", "question"), overrides=columns, by="Last")
