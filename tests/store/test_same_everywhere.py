"""The same traffic has the same numbers in every output, either database, and from any number of sensors."""

import csv
import io
import json
from collections import Counter
from dataclasses import asdict, replace

import pytest

from netmon import wiring
from netmon.cli.period import period_of
from netmon.config.settings import Config
from netmon.language.language import LANGUAGES, Language
from netmon.outputs.observer import Observer
from netmon.privacy import ADDRESS
from netmon.report.build import build
from netmon.report.checks import checks_of
from netmon.report.gather import gather
from netmon.report.write import contents_of
from netmon.signatures.match import compile_matcher
from netmon.sources.file_identity import run_of
from netmon.sources.files import FileSource
from netmon.store import queries
from netmon.store.clickhouse import ClickHouseStore
from netmon.store.history import BY, as_csv, read_history
from netmon.store.intake import Intake, import_lines
from netmon.store.queries import Scope
from netmon.store.reading import Reading, ReadUnder
from netmon.verdict.subjects import Subjects
from tests.cli.test_cli_store import metrics_of, tshark_bytes
from tests.machine import ROOT
from tests.records import classified
from tests.report.recorded import SIGNATURES, Lines, record
from tests.report.scenes import fifty, moscow
from tests.store.conftest import events_of as flow_events
from tests.store.engine import Engine

DEMO = ROOT / "netmon" / "data" / "demo.pcap"
COUNTED = ("flows", "sent_bytes", "received_bytes")
CHECKS = checks_of(["netmon", "report"])


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with_engine = Engine(tmp_path_factory.mktemp("engine"))
    yield with_engine
    with_engine.close()


@pytest.fixture(params=["sqlite", "clickhouse"])
def kept(request, store):
    """An empty store in each database."""
    if request.param == "sqlite":
        return store
    engine = request.getfixturevalue("engine")
    engine.clear()
    return ClickHouseStore(engine, "engine")


def keep(store, *files):
    """Imports files of events, as `netmon store import` does."""
    for lines in files:
        assert import_lines(lines, Intake(store, "store"))[1] == []


def events_of(capture):
    """The events that a reading of a capture stores."""
    lines, config = Lines(), Config(subjects=Subjects("DE"), privacy_level=ADDRESS)
    source = FileSource([str(capture)], compile_matcher(SIGNATURES), limits=config.engine_keywords())
    monitor, privacy = wiring.make_monitor(config, SIGNATURES), wiring.make_privacy(config)
    observer = Observer("s", "", run_of([str(capture)], ""))
    reading = Reading(lines, ReadUnder(config, SIGNATURES, [], privacy, observer, [str(capture)], ""))
    for batch in source.batches():
        wiring.deliver(batch, monitor, [reading])
    reading.finish(source.stats())
    return list(lines)


def report_on(store):
    """The report on everything that a store has."""
    return build(gather(store, Scope()), SIGNATURES, ["kaspersky"], ["netmon", "report"])


def written(report, kind, language="en"):
    """The report in a format."""
    return contents_of(report, kind, Language(language), SIGNATURES.locations, CHECKS)


def added(rows):
    """The sums of what is counted."""
    rows = list(rows)
    return tuple(sum(int(row[name]) for row in rows) for name in COUNTED)


def read_csv(text):
    """The rows of a CSV."""
    return list(csv.DictReader(io.StringIO(text)))


def test_a_capture_has_the_same_bytes_everywhere(kept):
    """Report, each part of it, its CSV, history by anything, Prometheus and tshark, to the byte."""
    keep(kept, events_of(DEMO))
    total = queries.totals(kept, Scope())[:3]
    report = report_on(kept)
    [answer] = report.answers
    assert added([asdict(answer.total)]) == total
    assert added(asdict(one.sum) for one in answer.shares) == total
    assert added(asdict(one.sum) for one in report.rows) == total
    assert added(asdict(one.sum) for one in report.scope.sensors) == total
    on_map = added(asdict(one.sum) for one in report.destinations)
    assert added([asdict(report.unplaced), dict(zip(COUNTED, on_map, strict=True))]) == total
    assert sum(sum(one.bytes_by_share) for one in report.time_line.spans) == total[1] + total[2]
    assert added(read_csv(written(report, "csv").decode())) == total
    for by in BY:
        history = read_history(kept, Scope(), by)
        assert added(read_csv(as_csv(history))) == history.total[:3] == total
    assert metrics_of(DEMO) == total
    seen = tshark_bytes(DEMO)
    for flow in queries.flows(kept, Scope()):
        ends = (flow.row["client"], str(flow.row["client_port"]))
        server = (flow.row["server"], str(flow.row["server_port"]))
        assert seen[ends + server] == flow.totals.sent_bytes
        assert seen[server + ends] == flow.totals.received_bytes


def test_both_databases_write_the_same_report(store, engine):
    """Every format, in every language, byte by byte."""
    engine.clear()
    fleet = ClickHouseStore(engine, "engine")
    for lines in (events_of(DEMO), record(fifty())):
        keep(store, lines)
        keep(fleet, lines)
        one, other = report_on(store), report_on(fleet)
        for kind in ("json", "csv", "html"):
            for language in LANGUAGES:
                assert written(one, kind, language) == written(other, kind, language)


def divided(watch, count):
    """So many sensors in place of one: each saw some of its flows."""
    return [replace(watch, sensor=f"part-{at}", flows=watch.flows[at::count]) for at in range(count)]


def together(contacts):
    """The contacts of a finding, those with the same ends added up."""
    found = {}
    for one in contacts:
        ends = tuple(one[name] for name in ("client", "name", "server", "port", "transport", "rtt_ms"))
        amount = Counter({name: one["sum"][name] for name in COUNTED})
        first, last, known = found.get(ends, (one["first"], one["last"], Counter()))
        found[ends] = min(first, one["first"]), max(last, one["last"]), known + amount
    return found


def without_sensors(report):
    """What a report says about the traffic, not about who saw it: arcs are added up by place."""
    found = asdict(report)
    for answer in found["answers"]:
        # A lower bound for several sensors: an address may be another machine at another site.
        del answer["clients_by_period"]
        for counted in (answer, *answer["statements"]):
            for name in ("clients", "clients_exact", "clients_most"):
                del counted[name]
    for finding in found["findings"]:
        finding["contacts"] = together(finding["contacts"])
        del finding["contacts_more"]  # a pair of machine and server counts for each sensor that saw it
    places = {}
    for arc in found.pop("arcs"):
        key = arc["location"], arc["country"], arc["share"]
        places[key] = places.get(key, 0) + arc["sum"]["total_bytes"]
    found["scope"] = {name: found["scope"][name] for name in ("since", "until", "countries")}
    del found["view"], found["used"]
    return {**found, "arcs": places}


@pytest.mark.parametrize("count", [2, 7])
def test_sensors_together_say_what_one_would(kept, store, count):
    """The events of several, merged in any order and delivered twice, give the report of one that saw all."""
    [watch] = moscow()
    parts = [record([one]) for one in divided(watch, count)]
    keep(kept, *reversed(parts), parts[0])
    merged = without_sensors(report_on(kept))
    for table in ("runs", "conditions", "flows", "judgements", "findings", "views"):
        store.execute(f"DELETE FROM {table}")
    keep(store, record([watch]))
    assert merged == without_sensors(report_on(store))


@pytest.mark.parametrize(
    ("since", "until", "count"),
    [
        (None, None, 3),
        ("0001-01-01", "9999-12-31", 3),
        ("1700-01-01", None, 2),
        (None, "1700-01-01", 1),
        ("1700-01-01", "2262-04-10", 1),
        ("2262-04-11", "9999-12-31", 1),
        ("9999-12-30", None, 0),
    ],
)
def test_no_period_is_too_long(kept, since, until, count):
    """From the earliest to the latest time, each flow is in a span of time between its limits."""
    for number, time in enumerate(
        ("1677-09-22T00:00:00.000000Z", "2026-09-15T08:00:00.000000Z", "2262-04-11T23:47:16.854775Z")
    ):
        [event] = flow_events(classified(flow_id=number))
        event["@timestamp"] = event["event"]["start"] = time
        keep(kept, [json.dumps(event)])
    scope = period_of(since, until).scope(None)
    assert read_history(kept, scope, "day").total.flows == count
    if count:
        facts = gather(kept, scope)
        assert sum(one.amount.flows for one in facts.groups) == count
        last = (facts.until_ns - facts.origin_ns) // facts.bucket_ns
        assert all(0 <= one.bucket <= last for one in facts.groups)
