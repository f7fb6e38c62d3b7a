"""The birth of a series: it is shown as 0 first, and takes its value after a stated time."""

import pytest
from msgspec.structs import replace
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from netmon.destinations.memory import NewCount
from netmon.exposition import encode
from netmon.outputs.births import Births
from netmon.outputs.prometheus import Prometheus
from netmon.records import ClassifiedFlow, Fallback
from tests.outputs.engine_stats import STATS
from tests.outputs.test_prometheus import NEW_IN_RUSSIA, ZURICH_LABELS, flow_values, value
from tests.records import MOSCOW, UNDECIDED, UNEXPECTED, classified, flow

HOLD_S = 60
ACME = ("acme",)


class Clock:
    """A monotonic clock that a test sets."""

    def __init__(self):
        self.now_s = 1000.0

    def __call__(self):
        """The time that the test set."""
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def births(clock):
    return Births(HOLD_S, clock)


@pytest.fixture
def metrics(clock):
    return Prometheus("1.2.3", lambda: STATS, hold_s=HOLD_S, clock=clock)


def test_every_scraper_within_the_time_sees_the_zero(births, clock):
    """Two scrapers at different intervals both see 0 before the value."""
    seen = {15: [], 60: []}
    for second in range(121):
        clock.now_s = 1000.0 + second
        for interval in seen:
            if second % interval == interval - 1:
                seen[interval] += births.shown("flows", {ACME: 5}, 0).values()
    assert seen[15] == [0] * 4 + [5] * 4
    assert seen[60] == [0, 5]


def test_the_time_begins_with_a_scrape(births, clock):
    """A series that is born while nobody scrapes is 0 at the first scrape, however late that is."""
    births.shown("flows", {}, 0)
    clock.now_s += 10_000
    assert births.shown("flows", {ACME: 5}, 0) == {ACME: 0}
    clock.now_s += HOLD_S
    assert births.shown("flows", {ACME: 6}, 0) == {ACME: 6}


def test_a_gap_is_no_birth(births, clock):
    """A series that was shown keeps its value, however long no one scraped."""
    births.shown("flows", {ACME: 5}, 0)
    clock.now_s += HOLD_S
    assert births.shown("flows", {ACME: 5}, 0) == {ACME: 5}
    clock.now_s += 10_000
    assert births.shown("flows", {ACME: 9}, 0) == {ACME: 9}


def test_each_series_is_born_on_its_own(births, clock):
    """A new label set does not hold back the others, nor does another metric with the same labels."""
    births.shown("flows", {ACME: 5}, 0)
    clock.now_s += HOLD_S
    assert births.shown("flows", {ACME: 5, ("globex",): 1}, 0) == {ACME: 5, ("globex",): 0}
    assert births.shown("undecided", {ACME: 5}, 0) == {ACME: 0}


def test_without_a_time_values_are_shown_at_once(clock):
    """With 0 seconds the first scrape shows the value."""
    assert Births(0, clock).shown("flows", {ACME: 5}, 0) == {ACME: 5}


def test_whatever_flows_bring_into_being_is_born_at_zero(metrics, clock):
    """Flows, bytes, round trips, findings, new destinations, look-ups and rejected packets."""

    def page():
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in metrics.registry.collect()
            for sample in family.samples
        }

    metrics.flow(classified())
    metrics.flow(classified(MOSCOW, UNDECIDED))
    metrics.flow(classified(MOSCOW, replace(UNDECIDED, lacks="place"), flow_id=8))
    metrics.flow(
        ClassifiedFlow(flow(), fallbacks=(Fallback("acme", "Example DNS", "vendor", None, "official"),))
    )
    first = page()
    clock.now_s += HOLD_S
    second = page()
    born = {name for (name, *labels), number in second.items() if first[name, *labels] != number}
    assert born == {
        "netmon_flows_total",
        "netmon_sent_bytes_total",
        "netmon_received_bytes_total",
        "netmon_undecided_flows_total",
        "netmon_fallback_resolver_findings_total",
        "netmon_handshake_rtt_seconds_bucket",
        "netmon_handshake_rtt_seconds_count",
        "netmon_handshake_rtt_seconds_sum",
        "netmon_new_destinations_total",
        "netmon_rejected_packets_total",
        "netmon_vendor_dns_queries_total",
    }
    assert not [key for key in first if key[0] in born and first[key]]


def test_last_seen_times_do_not_wait(metrics):
    """An alert on the first finding is not delayed: gauges have their value at once."""
    metrics.flow(classified(MOSCOW, UNEXPECTED))
    labels = {"vendor": "acme", "component": "files", "location": "moscow", "country": "RU"}
    name = "netmon_unexpected_last_seen_timestamp_seconds"
    assert value(metrics, name, **labels, severity="warning") > 0
    assert value(metrics, "netmon_new_destination_last_seen_timestamp_seconds", **NEW_IN_RUSSIA) == 32


def test_growth_while_it_is_zero_is_not_lost(metrics, clock):
    """The value after the time includes what came before it."""
    metrics.flow(classified(flow_id=1))
    assert flow_values(metrics) == (0, 0, 0)
    clock.now_s += HOLD_S / 2
    metrics.flow(classified(flow_id=2))
    assert flow_values(metrics) == (0, 0, 0)
    clock.now_s += HOLD_S / 2
    assert flow_values(metrics) == (2, 2000, 4000)


def test_a_zero_has_no_exemplar(metrics, clock):
    """The exemplar of a finding appears together with the value that it explains."""

    def exemplars():
        page = encode(metrics.registry, is_open=True).decode()
        families = {family.name: family for family in text_string_to_metric_families(page)}
        return [one.exemplar and one.exemplar.labels for one in families["netmon_flows"].samples]

    metrics.flow(classified(MOSCOW, UNEXPECTED, flow_id=3))
    assert exemplars() == [None]
    clock.now_s += HOLD_S
    assert exemplars() == [{"flow_id": "3"}]


def test_created_series_can_be_switched_on(clock):
    """Each counter and histogram has the time of its birth, which is not after the first scrape of its 0."""
    news = {("acme", "network", "RU"): NewCount(1, 2)}
    metrics = Prometheus(
        "1", lambda: STATS | {"new_destinations": news}, hold_s=HOLD_S, with_created=True, clock=clock
    )
    metrics.flow(classified())
    page = encode(metrics.registry, is_open=True).decode()
    for family in text_string_to_metric_families(page):
        created = [sample for sample in family.samples if sample.name == f"{family.name}_created"]
        series = {tuple(sorted(one.labels.items())) for one in family.samples if "le" not in one.labels}
        assert len(created) == (len(series) if family.type in ("counter", "histogram") else 0), family.name
    before = value(metrics, "netmon_dns_messages_created")
    assert before <= value(metrics, "netmon_rejected_packets_created", station="link", reason="not_ip")


def test_created_series_are_off_by_default(metrics):
    """Nothing of the page is a creation time."""
    metrics.flow(classified())
    assert b"_created" not in encode(metrics.registry, is_open=True)


def test_looking_births_no_series(metrics, clock):
    """The live registry shows values at once, and a scraper that comes later still sees the zero first."""
    metrics.flow(classified())
    assert metrics.live_registry.get_sample_value("netmon_flows_total", ZURICH_LABELS) == 1
    clock.now_s += HOLD_S
    assert flow_values(metrics) == (0, 0, 0)
    clock.now_s += HOLD_S
    assert flow_values(metrics) == (1, 1000, 2000)
    assert metrics.live_registry.get_sample_value("netmon_flows_total", ZURICH_LABELS) == 1
