"""The events of a reading, imported, are the same record as the store of the reading."""

import json

import pytest

CONFIG = "events:\n  datasets: [flow, run, view]\n"


@pytest.fixture
def site(tmp_path):
    """A configuration by which readings write all events, and their store."""
    (tmp_path / "site.yaml").write_text(CONFIG)
    return tmp_path


def test_imported_events_give_the_same_report(netmon, site, demo):
    """Versions, country, view and files are in it: the report is that of `read --store`, byte by byte."""
    words = ("-c", "site.yaml", "--privacy", "0", "--no-exit-code", "--country", "DE", str(demo))
    done = netmon("read", "--json", "--store", "read.db", *words)
    assert done.returncode == 0, done.stderr
    (site / "events.jsonl").write_text(done.stdout)
    done = netmon("store", "import", "--store", "imported.db", "events.jsonl")
    assert done.returncode == 0, done.stderr
    reports = []
    for store in ("read.db", "imported.db"):
        done = netmon("report", "--store", store, "--format", "json", "-o", "-")
        assert done.returncode == 0, done.stderr
        reports.append(json.loads(done.stdout.replace(store, "store.db")))
    assert reports[0] == reports[1]
    assert reports[1]["view"]["grade"] == "limited"
    assert [one["unrecorded"] for one in reports[1]["scope"]["sensors"]] == [0]


def test_events_of_a_reading_are_those_that_were_chosen(netmon, site, demo):
    """As of a sensor: the run at its end, with what it saw, and flows only if they are asked for."""
    (site / "site.yaml").write_text("events:\n  datasets: [run, view]\n")
    done = netmon("read", "--json", "-c", "site.yaml", "--no-exit-code", str(demo))
    events = [json.loads(line) for line in done.stdout.splitlines()]
    found = [one["event"]["dataset"].removeprefix("netmon.") for one in events]
    assert [found[0], found[-1], {*found[1:-1]}] == ["run", "run", {"view"}]
