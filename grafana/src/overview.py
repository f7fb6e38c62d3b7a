"""Overview: whether the promises are kept, at a glance."""

from collections.abc import Iterator

from grafana_foundation_sdk.builders.dashboard import Dashboard, QueryVariable
from grafana_foundation_sdk.models.dashboard import VariableOption

from grafana.src import fields, frame, verdict
from grafana.src.panels import NO_FLOW, About, Panel, Query, number, rows, trend, world
from grafana.src.promql import (
    FINDING,
    FLOWS,
    NO_COUNTRY,
    RECEIVED,
    SENT,
    both_ways,
    if_alive,
    increase,
    last_finding,
    placed,
    rate,
    step,
)

LABELS = ("vendor", "component", "location", "country", "verdict", "severity")
NONE = {"0": ("none", fields.GOOD)}
NAMED_PLACES = ["zurich", "moscow"]  # chosen at first; the variable offers all that signatures know


def build(least_judged: float) -> Dashboard:
    """The dashboard; it is green only if at least this share of the flows could be judged."""
    about = "Where the traffic to vendors' clouds ends, how much there is, and whether that was promised."
    made = frame.dashboard("netmon-overview", "Overview", about)
    made.with_variable(_named_places())
    return frame.add(
        made, [_verdict(least_judged), *_numbers(), _shares(), _map(), _bytes(), _verdicts(), _table()]
    )


def _named_places() -> QueryVariable:
    about = "Places that are shown by name; all others are added up."
    variable = frame.labels("places", "Places", "netmon_location_info", "location", about)
    chosen = VariableOption(selected=True, text=NAMED_PLACES, value=NAMED_PLACES)
    return variable.multi(True).current(chosen)


def _verdict(least_judged: float) -> Panel:
    about = About(
        "Verdict",
        "The most serious finding in the time range: forbidden, then unexpected; otherwise whether enough "
        "could be judged, all sensors report and their view is good. The first hop is not the place of "
        "processing: a server may pass the data on.",
        fields.NO_UNIT,
        width=24,
        height=4,
    )
    words = fields.words(verdict.SENTENCES)
    query = Query(verdict.query(least_judged), "{{text}} {{sentence}}")
    return number(about, query, mappings=words, is_sentence=True, no_value="No sensor was seen")


def _numbers() -> Iterator[Panel]:
    judged, finding = increase(FLOWS, 'verdict!="undecided"'), increase(FLOWS, FINDING)
    sent = _about("Sent", "IP bytes from clients to vendors in the time range.", fields.BYTES)
    received = _about("Received", "IP bytes from vendors to clients in the time range.", fields.BYTES)
    flows = _about("Flows", "Flows to vendors in the time range.", fields.COUNT)
    share = _about(
        "Could be judged",
        "Share of the flows with a verdict. The others are undecided: the sources disagree, there is no "
        "promise, or part of the flow was not seen.",
        fields.SHARE,
    )
    findings = _about("Findings", "Unexpected or forbidden flows in the time range.", fields.COUNT)
    last = _about(
        "Last finding", "When an unexpected or forbidden flow was last seen in the time range.", fields.AGO
    )
    bad = fields.steps((None, "text"), (0, fields.GOOD), (1, fields.BAD))
    yield number(sent, Query(if_alive(increase(SENT))))
    yield number(received, Query(if_alive(increase(RECEIVED))))
    yield number(flows, Query(if_alive(increase(FLOWS))), decimals=0)
    yield number(share, Query(f"({judged} or vector(0)) / ({increase(FLOWS)} > 0)"), decimals=0)
    yield number(findings, Query(if_alive(finding)), thresholds=bad, decimals=0)
    yield number(last, Query(last_finding()), thresholds=bad, mappings=fields.words(NONE))


def _about(title: str, description: str, unit: str) -> About:
    return About(title, description, unit, width=4, height=4)


def _shares() -> Panel:
    about = About(
        "Where the bytes went",
        "Share of the bytes in both directions, by the place where their flows ended. Undecided: no source "
        "names a country, or the sources contradict each other.",
        fields.BYTES,
        width=12,
        height=10,
        empty=NO_FLOW,
    )
    named = both_ways(step, 'location=~"$places"', "location")
    others = both_ways(step, f'location!~"$places", country!~"{NO_COUNTRY}"')
    nowhere = both_ways(step, f'location!~"$places", country=~"{NO_COUNTRY}"')
    return trend(
        about,
        Query(placed(named, "city"), "{{city}}"),
        Query(others, "elsewhere"),
        Query(nowhere, "undecided"),
        shape="shares",
        overrides=fields.PLACES,
    )


def _map() -> Panel:
    about = About(
        "Map",
        "Places where flows ended in the time range; the marker's size shows the bytes. Red: a flow was "
        "unexpected or forbidden. Flows without an agreed city are not shown.",
        fields.COUNT,
        width=12,
        height=10,
        empty="No flow with an agreed city in this time range",
    )
    found = f"{increase(FLOWS, FINDING, 'location')} or {increase(FLOWS, by='location')} * 0"
    labels = "city, country, latitude, longitude"
    degrees = [fields.unit(fields.NO_UNIT), fields.decimals(3)]
    red = {"mode": "absolute", "steps": [{"value": None, "color": "green"}, {"value": 1, "color": "red"}]}
    return world(
        about,
        {
            "Bytes": f"{placed(both_ways(increase, by='location'), labels)} > 0",
            "Findings": f"{placed(found, labels)} and on (location) {increase(FLOWS, by='location')} > 0",
        },
        size="Bytes",
        colour="Findings",
        overrides={
            "latitude": degrees,
            "longitude": degrees,
            "Bytes": [fields.unit(fields.BYTES)],
            "Findings": [fields.Property(id_val="thresholds", value=red), fields.decimals(0)],
        },
    )


def _bytes() -> Panel:
    about = About(
        "Bytes sent and received",
        "IP bytes per second to and from all vendors.",
        fields.BYTES_A_SECOND,
        12,
        8,
        NO_FLOW,
    )
    return trend(
        about,
        Query(rate(SENT), "sent"),
        Query(rate(RECEIVED), "received"),
        overrides=fields.coloured(fields.WAYS),
    )


def _verdicts() -> Panel:
    about = About("Flows by verdict", "New flows to vendors in each interval.", fields.COUNT, 12, 8, NO_FLOW)
    flows = step(FLOWS, by="verdict")
    return trend(
        about,
        Query(f"{flows} > 0", "{{verdict}}", has_exemplars=True),
        shape="bars",
        overrides=fields.coloured(fields.VERDICTS),
    )


def _table() -> Panel:
    about = About(
        "Flows by component and place",
        "Flows and bytes of each component in the time range. A vendor's name links to its dashboard.",
        fields.COUNT,
        width=24,
        height=9,
        empty=NO_FLOW,
    )
    by = ", ".join(LABELS)
    return rows(
        about,
        {
            "Flows": f"{increase(FLOWS, by=by)} > 0",
            "Sent": f"{increase(SENT, by=by)} > 0",
            "Received": f"{increase(RECEIVED, by=by)} > 0",
        },
        LABELS,
        overrides={"Vendor": [frame.link_to_vendor()], **fields.FLOW_COLUMNS},
        by="Sent",
    )
