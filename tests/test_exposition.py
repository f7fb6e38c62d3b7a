"""Metrics as text: the same bytes as prometheus_client's, which formats every label again at each scrape."""

import random

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, exposition, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, UnknownMetricFamily
from prometheus_client.openmetrics import exposition as openmetrics

from netmon.exposition import choose_encoder, encode, labels_of
from netmon.outputs.prometheus import Prometheus
from netmon.signatures.folder import default_folder
from netmon.signatures.load import load_folder
from tests.outputs.engine_stats import STATS
from tests.records import MOSCOW, UNEXPECTED, classified

ODD = ('quote"', "back\\slash", "new\nline", "Zürich 東京", "", "{a=b}", "#", "a,b")


def client_registry():
    """Every type of prometheus_client's own metrics, with labels that need escaping."""
    registry = CollectorRegistry()
    counter = Counter("a_counter", "Some\nhelp \\ text.", ("zone", "area"), registry=registry)
    for number, value in enumerate(ODD):
        counter.labels(value, str(number)).inc(number * 1e9, exemplar={"flow_id": str(number)})
    gauge = Gauge("a_gauge", 'With "quotes".', ("x",), registry=registry)
    for number, value in enumerate((0, -1, 1e16, 0.1, 1234567.5, float("inf"), float("nan"), 1.5e-9)):
        gauge.labels(str(number)).set(value)
    Histogram("a_histogram_seconds", "Buckets.", registry=registry).observe(0.3, exemplar={"id": "1"})
    Info("an", "Information.", registry=registry).info({"version": "1"})
    return registry


class Families:
    """A collector of families that no metric class makes: with units, timestamps and unknown types."""

    def collect(self):
        """The families."""
        family = CounterMetricFamily("timed_bytes", "Timed.", labels=("a",), unit="bytes", created=12.5)
        family.add_metric(("x",), 3, created=12.5, timestamp=1.25)
        yield family
        yield UnknownMetricFamily("odd", "Unknown.", value=7)

    def describe(self):
        """Nothing."""
        return ()


def netmon_registry():
    """All metrics of the sensor."""
    metrics = Prometheus("1.2.3", lambda: STATS, with_created=True)
    metrics.loaded(load_folder(default_folder()), [], 1234.5)
    metrics.flow(classified())
    metrics.flow(classified(MOSCOW, UNEXPECTED))
    list(metrics.registry.collect())  # creation times are those of the first scrape
    return metrics.registry


def made_registry():
    registry = CollectorRegistry()
    registry.register(Families())
    return registry


@pytest.mark.parametrize("make", [client_registry, netmon_registry, made_registry])
def test_both_formats_equal_those_of_the_library(make):
    """Every byte is the one that prometheus_client writes for the same registry."""
    registry = make()
    assert encode(registry) == generate_latest(registry)
    assert encode(registry, is_open=True) == openmetrics.generate_latest(registry)


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "text/plain",
        "text/plain;version=0.0.4",
        "application/openmetrics-text",
        "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5",
        "application/openmetrics-text;version=0.0.1",
        "text/html",
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
    ],
)
def test_the_accept_header_chooses_the_format(accept):
    """The format and the content type are those that prometheus_client chooses."""
    registry = client_registry()
    encode_, content_type = choose_encoder(accept)
    library, expected_type = exposition.choose_encoder(accept)
    assert content_type == expected_type
    assert encode_(registry) == library(registry)


def test_labels_are_made_once():
    """The labels of a series and their text are the same objects at each scrape, whatever they contain."""
    chance = random.Random(1)
    for _ in range(200):
        values = tuple(chance.choice(ODD) for _ in range(3))
        labels = labels_of(("c", "a", "b"), values)
        assert labels is labels_of(("c", "a", "b"), tuple(values))
        assert labels == dict(zip(("c", "a", "b"), values, strict=True))
        assert labels.text.startswith('{a="')
