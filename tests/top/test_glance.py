"""A page of metrics becomes a glance: of netmon's own exporter, and of whatever else an address may give."""

import pytest

from netmon.exposition import encode
from netmon.outputs.process import register_process
from netmon.outputs.prometheus import Prometheus
from netmon.signatures.folder import default_folder
from netmon.signatures.load import load_folder
from netmon.top.glance import NAMES, FlowAmount, FlowKind, NotASensorError, WatchedPort, read_glance
from tests.outputs.engine_stats import STATS
from tests.records import MOSCOW, UNEXPECTED, classified

IN_MOSCOW = FlowKind("acme", "files", "moscow", "RU", "unexpected", "warning")
IN_ZURICH = FlowKind("acme", "files", "zurich", "CH", "expected", None)


@pytest.fixture(scope="module")
def page():
    """What a sensor with two flows serves."""
    metrics = Prometheus("1.2.3", lambda: STATS, hold_s=60)
    metrics.loaded(load_folder(default_folder()), [("acme", "mail", "bern", "CH", "expected", "none")], 0)
    metrics.flow(classified())
    metrics.flow(classified(MOSCOW, UNEXPECTED, flow_id=8))
    register_process(metrics.live_registry, "edge", "Bern")
    return encode(metrics.live_registry).decode()


def test_a_sensor(page):
    """Names, flows by kind, places, interfaces and whatever is wrong."""
    glance = read_glance(page, 12.0)
    assert (glance.at_s, glance.sensor, glance.site) == (12.0, "edge", "Bern")
    assert glance.flows == {IN_ZURICH: FlowAmount(1, 1000, 2000), IN_MOSCOW: FlowAmount(1, 1000, 2000)}
    assert list(glance.seen) == [IN_MOSCOW]
    assert glance.cities["moscow"] == "Moscow"
    assert glance.ports == {"eth1": WatchedPort(is_up=True, packets=22, dropped=34)}
    assert (glance.active_flows, glance.looked_up, glance.poor) == (7, 37, {"unseen"})
    assert glance.troubles == {"events", "reports", "interception"}
    assert glance.started_s > 1e9


def test_every_sample_is_asked_for(page):
    """A page with only the samples that a glance names gives the same glance."""
    lines = page.splitlines(keepends=True)
    chosen = "".join(line for line in lines if line.partition("{")[0].partition(" ")[0] in NAMES)
    assert read_glance(chosen, 12.0) == read_glance(page, 12.0)


def test_every_name_is_a_sample_of_the_exporter(page):
    """None is misspelt."""
    assert [name for name in NAMES if f"# TYPE {name} " not in page] == []


@pytest.mark.parametrize(
    ("name", "trouble"),
    [
        ("netmon_state_last_write_successful", "state"),
        ("netmon_store_last_write_successful", "store"),
        ("netmon_config_last_reload_successful", "reload"),
    ],
)
def test_what_fails(page, name, trouble):
    """A metric that says whether something succeeded is a trouble at 0."""
    failing = page.replace(f"\n{name} 1.0", f"\n{name} 0.0")
    assert trouble in read_glance(failing, 0).troubles
    assert trouble not in read_glance(page, 0).troubles


PAGES = [
    "",
    "<!DOCTYPE html>",
    "node_load1 0.5\n",
    'netmon_build_info{version="1" 1\n',
    "netmon_build_info{\n",
    "\0",
]


@pytest.mark.parametrize("text", PAGES)
def test_other_pages(text):
    """What is not the page of a sensor is refused, whatever it is."""
    with pytest.raises(NotASensorError):
        read_glance(text, 0)
