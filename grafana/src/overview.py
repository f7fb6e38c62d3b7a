"""Overview: whether the promises are kept, at a glance."""

from collections.abc import Iterator

from grafana_foundation_sdk.builders.dashboard import Dashboard, QueryVariable
from grafana_foundation_sdk.models.dashboard import VariableOption

from grafana.src import fields, flows, frame, verdict
from grafana.src.names import placed
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
    step,
)

LARGE = 22  # pixels: five lines on a phone
NONE = {"0": ("none", fields.GOOD)}
NAMED_PLACES = ["zurich", "moscow"]  # chosen at first; the variable offers all that signatures know


def build() -> Dashboard:
    """The dashboard."""
    about = "Where the traffic to vendors' clouds ends, how much there is, and whether that was promised."
    made = frame.dashboard("netmon-overview", "Overview", about)
    made.with_variable(_named_places())
    return frame.add(made, [_verdict(), *_numbers(), _shares(), _map(), _bytes(), _verdicts(), _table()])


def _named_places() -> QueryVariable:
    about = "Places that are shown by name; all others are added up."
    variable = frame.labels("places", "Places", "netmon_location_info", "location", about)
    chosen = VariableOption(selected=True, text=NAMED_PLACES, value=NAMED_PLACES)
    return variable.multi(True).current(chosen)


def _verdict() -> Panel:
    about = About(
        "Verdict",
        "The most serious finding in the time range: forbidden, then unexpected; otherwise whether enough "
        "could be judged, all sensors report and their view is good. The first hop is not the place of "
        "processing: a server may pass the data on.",
        fields.NO_UNIT,
        width=24,
        height=5,
    )
    words = fields.words(verdict.SENTENCES)
    query = Query(verdict.query(), "{{text}} {{sentence}}")
    return number(about, query, mappings=words, sentence_size=LARGE, no_value="No sensor was seen")


def _numbers() -> Iterator[Panel]:
    judged, finding = increase(FLOWS, 'verdict!="undecided"'), increase(FLOWS, FINDING)
    sent = _about("Sent", "IP bytes from clients to vendors in the time range.", fields.BYTES)
    received = _about("Received", "IP bytes from vendors to clients in the time range.", fields.BYTES)
    every = _about("Flows", "Flows to vendors in the time range.", fields.COUNT)
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
    yield number(every, Query(if_alive(increase(FLOWS))), decimals=0)
    yield number(share, Query(f"({judged} or vector(0)) / ({increase(FLOWS)} > 0)"), decimals=0)
    yield number(findings, Query(if_alive(finding)), thresholds=bad, decimals=0)
    yield number(last, Query(last_finding()), thresholds=bad, mappings=fields.words(NONE))


def _about(title: str, description: str, unit: str) -> About:
    return About(title, description, unit, width=4, height=4)


def _shares() -> Panel:
    about = About(
        "Where the bytes went",
        "Share of the bytes in both directions in each interval, by the place where their flows ended, in "
        "the colour of their verdict. Place not known: no source names a country, or the sources contradict "
        "each other.",
        fields.BYTES,
        width=12,
        height=10,
        empty=NO_FLOW,
    )
    others = both_ways(step, f'location!~"$places", country!~"{NO_COUNTRY}"', "verdict")
    nowhere = both_ways(step, f'location!~"$places", country=~"{NO_COUNTRY}"', "verdict")
    return trend(
        about,
        flows.bytes_by_place('location=~"$places"'),
        Query(f"{others} > 0", "elsewhere, {{verdict}}"),
        Query(f"{nowhere} > 0", "place not known, {{verdict}}"),
        shape="shares",
        overrides=fields.BY_VERDICT,
    )


PLACE_VERDICTS = {
    "0": ("undecided", fields.NEUTRAL),
    "1": ("expected", fields.GOOD),
    "3": ("unexpected", fields.BAD),
    "4": ("forbidden", fields.WORST),
}
"""The verdict on a place, in the order of its colours on the map."""


def _map() -> Panel:
    about = About(
        "Map",
        "Places where flows ended in the time range; the marker's size shows the bytes, its colour the "
        "verdict: forbidden or unexpected if one flow was, otherwise that of most flows. Flows without an "
        "agreed city are not shown.",
        fields.COUNT,
        width=12,
        height=10,
        empty="No flow with an agreed city in this time range",
    )
    every = increase(FLOWS, by="location")
    conditions = (
        (4, 'verdict="forbidden"', "> 0"),
        (3, 'verdict="unexpected"', "> 0"),
        (1, 'verdict="expected"', f">= 0.5 * {every}"),
    )
    found = "\nor ".join(
        f"({increase(FLOWS, one, 'location')} {condition}) * 0 + {value}"
        for value, one, condition in conditions
    )
    labels = "city, country, latitude, longitude"
    degrees = [fields.unit(fields.NO_UNIT), fields.decimals(3)]
    levels = [{"value": float(value), "color": shade} for value, (_, shade) in PLACE_VERDICTS.items()]
    levels[0]["value"] = None
    return world(
        about,
        {
            "Bytes": f"{placed(both_ways(increase, by='location'), labels)} > 0",
            "Verdict": f"{placed(f'{found} or {every} * 0', labels)} and on (location) {every} > 0",
        },
        size="Bytes",
        colour="Verdict",
        overrides={
            "latitude": degrees,
            "longitude": degrees,
            "Bytes": [fields.unit(fields.BYTES)],
            "Verdict": [
                fields.Property(id_val="thresholds", value={"mode": "absolute", "steps": levels}),
                *fields.column_words({value: text for value, (text, _) in PLACE_VERDICTS.items()}),
            ],
        },
    )


def _bytes() -> Panel:
    text = "IP bytes to and from all vendors in each interval."
    about = About("Bytes sent and received", text, fields.BYTES, 12, 8, NO_FLOW)
    return trend(
        about,
        Query(f"{step(SENT)} > 0", "sent"),
        Query(f"{step(RECEIVED)} > 0", "received"),
        shape="bars",
        overrides=fields.coloured(fields.WAYS),
    )


def _verdicts() -> Panel:
    about = About("Flows by verdict", "New flows to vendors in each interval.", fields.COUNT, 12, 8, NO_FLOW)
    found = step(FLOWS, by="verdict")
    return trend(
        about,
        Query(f"{found} > 0", "{{verdict}}", has_exemplars=True),
        shape="bars",
        overrides=fields.coloured(fields.VERDICTS),
    )


def _table() -> Panel:
    about = About(
        "Flows by component and place",
        "Flows and bytes of each component in the time range, findings first. A vendor's name links to its "
        "dashboard.",
        fields.COUNT,
        width=24,
        height=9,
        empty=NO_FLOW,
    )
    columns = {"Vendor": [frame.link_to_vendor()], **flows.TABLE}
    return rows(
        about,
        flows.table(),
        flows.COLUMNS,
        overrides=columns,
        by=flows.MOST_SERIOUS,
        hidden=flows.HIDDEN,
    )
