"""The statement about countries of concern: in the summary, in metrics and in events."""

import io
import json

import pytest
from msgspec.structs import replace

from netmon.outputs.concern_lines import ConcernLines
from netmon.outputs.events import Events
from netmon.outputs.prometheus import Prometheus
from netmon.privacy import ADDRESS, Privacy
from netmon.records import STANDINGS, ConcernStanding
from tests.outputs.engine_stats import STATS
from tests.records import ZURICH, classified


def standing(*standings, country="RU", uncounted=None, **changes):
    """The plain flow once for each standing."""
    return [
        replace(classified(**changes), concerns=(ConcernStanding(country, one),), uncounted=uncounted)
        for one in standings
    ]


def lines(*flows):
    statement = ConcernLines()
    for one in flows:
        statement.flow(one)
    return list(statement.lines())


def samples(*flows):
    output = Prometheus("0", lambda: STATS)
    for one in flows:
        output.flow(one)
    return {
        tuple(one.labels.values()): one.value
        for family in output.registry.collect()
        if family.name == "netmon_concern_flows"
        for one in family.samples
    }


@pytest.mark.parametrize(
    ("flows", "text"),
    [
        (
            standing(*["excluded"] * 371, *["possible"] * 3, *["unknown"] * 38),
            "Russia: 412 flows of acme: 0 located there, 371 cannot be there, 41 not excluded "
            "(3 named by a source, 38 by none).",
        ),
        (
            standing("excluded"),
            "Russia: 1 flow of acme: 0 located there, 1 cannot be there, 0 not excluded.",
        ),
        (
            standing(*["located"] * 1234),
            "Russia: 1,234 flows of acme: 1,234 located there, 0 cannot be there, 0 not excluded.",
        ),
        (
            standing("unknown", country="BY")
            + standing("located", uncounted="no_data", country="BY")
            + standing("located", "unknown", uncounted="not_shown", country="BY")
            + standing("unknown", uncounted="redirected", country="BY"),
            "Belarus: 1 flow of acme: 0 located there, 0 cannot be there, 1 not excluded "
            "(0 named by a source, 1 by none). Not counted: 2 not shown to be the vendor's, "
            "1 to addresses that are not on the Internet, 1 without any exchange of data.",
        ),
        (
            standing("located", uncounted="no_data"),
            "Russia: 0 flows of acme: 0 located there, 0 cannot be there, 0 not excluded. "
            "Not counted: 1 without any exchange of data.",
        ),
    ],
)
def test_the_statement_adds_up(flows, text):
    """Flows that count are located, excluded or not excluded; the others are named apart."""
    assert lines(*flows) == [(text, "1,234 located" in text)]


def test_each_flow_counts_when_it_ends():
    """Reports in between change neither the sentence nor the metric, for its place may still change."""
    flows = standing("located", phase="open") + standing("located", phase="update") + standing("excluded")
    assert lines(*flows)[0][0].startswith("Russia: 1 flow of acme: 0 located there, 1 cannot be there")
    assert samples(*flows)["acme", "RU", "located"] == 0
    assert samples(*flows)["acme", "RU", "excluded"] == 1


def test_without_a_concern_nothing_is_stated():
    """No vendor, or no country of concern: neither a sentence nor a series."""
    assert lines(classified(), replace(classified(), vendor=None)) == []
    assert samples(classified()) == {}


def test_a_line_for_each_vendor_and_country():
    """In the order of vendors and countries."""
    both = replace(
        classified(), concerns=(ConcernStanding("BY", "unknown"), ConcernStanding("RU", "located"))
    )
    found = lines(both, replace(both, vendor="zeta"))
    assert [text.partition(",")[0] for text, _ in found] == [
        "Belarus: 1 flow of acme: 0 located there",
        "Russia: 1 flow of acme: 1 located there",
        "Belarus: 1 flow of zeta: 0 located there",
        "Russia: 1 flow of zeta: 1 located there",
    ]


def test_the_metric_has_every_standing_and_only_what_counts():
    """A zero is a number: all four series of a country exist from its first flow on."""
    found = samples(*standing("located", "located", "unknown"), *standing("located", uncounted="not_shown"))
    assert found == {("acme", "RU", one): {"located": 2, "unknown": 1}.get(one, 0) for one in STANDINGS}


@pytest.mark.parametrize("uncounted", [None, "no_data"])
def test_the_event_states_only_what_counts(uncounted):
    """An event of a flow that does not count says why, and claims nothing about the country."""
    stream = io.StringIO()
    [flow] = standing("excluded", uncounted=uncounted, place=replace(ZURICH, not_in=("CN", "RU")))
    Events(stream, Privacy(ADDRESS, bytes(32)), {}).flow(flow)
    event = json.loads(stream.getvalue())["netmon"]
    stated = [{"country": "RU", "standing": "excluded"}] if uncounted is None else None
    assert (event.get("concerns"), event.get("concerns_uncounted")) == (stated, uncounted)
    assert event["place"]["not_in"] == ["CN", "RU"]
