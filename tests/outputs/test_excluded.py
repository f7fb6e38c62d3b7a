"""Countries that a round trip excludes: in events, metrics and the summary."""

import io
import json

import pytest
from msgspec.structs import replace
from rich.console import Console

from netmon.outputs import prometheus
from netmon.outputs.events import Events
from netmon.outputs.prometheus import Prometheus
from netmon.outputs.summary import Summary
from netmon.privacy import ADDRESS, Privacy
from netmon.records import RoundTrip, Trips
from tests.outputs.engine_stats import STATS as COUNTERS
from tests.outputs.test_seen import STATS
from tests.records import DISPUTED, START_NS, UNDECIDED, ZURICH, classified

PRIVACY = Privacy(ADDRESS, bytes(32))
OWN = RoundTrip(2_300_000, 1, START_NS, "unlikely")
NEAR = replace(DISPUTED, not_in=("RU", "US"), implausible=("PL",), excluded=("moscow",))
JUMP = RoundTrip(40_000_000, 1, START_NS, "unlikely", RoundTrip(2_000_000, 30, START_NS, "unlikely"))


def place_in_event(place, **trips):
    stream = io.StringIO()
    Events(stream, PRIVACY, {}).flow(replace(classified(place, UNDECIDED), trips=Trips(**trips)))
    return json.loads(stream.getvalue())["netmon"]["place"]


def test_an_event_has_what_is_excluded_and_by_which_round_trip():
    """Countries and locations that cannot be, what is implausible only, and the flow's own round trip."""
    place = place_in_event(NEAR, own=OWN)
    assert (place["not_in"], place["implausible"], place["excluded"]) == (["RU", "US"], ["PL"], ["moscow"])
    assert place["rtt_ms"] == 2.3
    assert not {"rtt_min_ms", "rtt_min_seen", "rtt_samples"} & place.keys()


def test_an_event_has_the_remembered_round_trip_with_its_time():
    """And once the one from which it jumped; nothing is excluded by it."""
    place = place_in_event(DISPUTED, smallest=JUMP)
    remembered = {key: value for key, value in place.items() if key.startswith("rtt_")}
    assert remembered == {
        "rtt_min_ms": 40.0,
        "rtt_min_seen": "2023-11-14T22:13:20.123456Z",
        "rtt_samples": 1,
        "rtt_jumped_from_ms": 2.0,
    }
    assert not {"not_in", "excluded", "rtt_ms"} & place.keys()


def test_an_event_has_the_countries_between_which_sources_differ():
    """Only of a disputed place; that of any other is its country."""
    assert place_in_event(replace(DISPUTED, claims=("NL", "RU")))["claims"] == ["NL", "RU"]
    assert "claims" not in place_in_event(DISPUTED)
    assert "claims" not in place_in_event(replace(ZURICH, claims=("CH",)))


@pytest.fixture
def metrics():
    return Prometheus("1", lambda: COUNTERS | {"round_trip_jumps": 3})


def excluded(metrics, country, vendor="acme", component="files"):
    labels = {"vendor": vendor, "component": component, "country": country}
    return metrics.registry.get_sample_value("netmon_excluded_flows_total", labels)


def test_flows_are_counted_by_the_country_that_cannot_be(metrics):
    """Each ended flow once for each country; reports before the end do not count."""
    for phase in ("open", "update", "end"):
        metrics.flow(classified(NEAR, UNDECIDED, phase=phase))
    metrics.flow(classified(NEAR, UNDECIDED, flow_id=8))
    metrics.flow(classified(ZURICH, flow_id=9))
    assert (excluded(metrics, "RU"), excluded(metrics, "US"), excluded(metrics, "PL")) == (2, 2, None)


def test_series_of_excluded_countries_are_bounded(metrics, monkeypatch):
    """Further ones are folded into `other`."""
    monkeypatch.setattr(prometheus, "MAX_LABEL_SETS", 3)
    for number, country in enumerate(("RU", "US", "CN", "JP", "BR")):
        metrics.flow(classified(replace(NEAR, not_in=(country,)), UNDECIDED, flow_id=number))
    assert [excluded(metrics, one) for one in ("RU", "US", "CN", "JP")] == [1, 1, 1, None]
    assert excluded(metrics, "other", "other", "other") == 2


def test_jumps_are_counted(metrics):
    """Of all servers together: addresses are no labels."""
    assert metrics.registry.get_sample_value("netmon_round_trip_jumps_total") == 3


def shown(*flows):
    summary, console = Summary({}, PRIVACY), Console(width=200)
    for flow in flows:
        summary.flow(flow)
    with console.capture() as capture:
        summary.show(console, STATS | {"view": {}})
    return capture.get()


def test_the_summary_says_what_cannot_be():
    """By vendor, the country with the most flows first."""
    text = shown(
        classified(NEAR, UNDECIDED),
        classified(replace(NEAR, not_in=("US",)), UNDECIDED),
        replace(classified(NEAR, UNDECIDED), vendor="other"),
        classified(NEAR, UNDECIDED, phase="open"),
    )
    assert (
        "By round trips, what answered for acme cannot be in: United States (2 flows), Russia (1 flow).\n"
        "By round trips, what answered for other cannot be in: Russia (1 flow), United States (1 flow).\n"
    ) in text


def test_the_summary_says_nothing_where_nothing_is_excluded():
    """No line without an excluded country."""
    assert "cannot be in" not in shown(
        classified(), classified(replace(DISPUTED, implausible=("PL",)), UNDECIDED)
    )
