"""The benchmarks run; their results are not checked here."""

from netmon.store import queries
from netmon.store.opening import opened_by_name
from netmon.store.queries import Scope
from netmon.store.resolvers import resolvers
from tests.bench import evidence
from tests.bench.bench import Contender, contenders, race
from tests.bench.load import write_load
from tests.bench.places import VENDOR, time_engine, time_places
from tests.bench.reports import fill, time_report
from tests.bench.store import measure


def test_load_is_the_same_each_time(tmp_path):
    """The same seed gives the same bytes, with every kind of packet in them."""
    one, other = tmp_path / "one.pcap", tmp_path / "other.pcap"
    summary = write_load(one, 20_000)
    write_load(other, 20_000)
    assert one.read_bytes() == other.read_bytes()
    assert set(summary["kinds"]) == {"control", "data", "dns", "hello", "quic_initial"}
    assert summary["packets"] >= 20_000


def test_race_measures_each_program(tmp_path):
    """Every installed program reads the complete load, and its CPU seconds and memory are measured."""
    load = tmp_path / "load.pcap"
    summary = write_load(load, 5_000)
    programs = contenders(load, load, summary["packets"])
    assert isinstance(programs[0], Contender)
    results = race(programs, 1)
    assert next(iter(results)) == "netmon"
    for result in results.values():
        assert result["cpu_s"] > 0
        assert result["peak_bytes"] > 1_000_000


def test_places_are_measured_beside_the_engine(tmp_path):
    """Every kind of look-up has a cost, and the load has flows of the vendor to compare it with."""
    load = tmp_path / "load.pcap"
    write_load(load, 5_000, mix=VENDOR)
    engine_s, flows = time_engine(load)
    assert engine_s > 0
    assert len(flows) > 100
    costs = time_places(tmp_path / "GeoIP", flows, 1_000)
    assert all(cost_s > 0 for cost_s in costs.values())
    assert costs["again"] < costs["new"]


def test_report_is_measured(tmp_path):
    """The store has as many flows as asked for, and the report on them is written."""
    store, page = tmp_path / "flows.db", tmp_path / "report.html"
    fill(store, 1_000)
    cost = time_report(store, page)
    with opened_by_name(str(store), is_read_only=True) as opened:
        flows = queries.totals(opened, Scope()).flows
        assert flows + sum(one.flows for one in resolvers(opened, Scope())) == 1_000
    assert f" of {flows} connections ended there" in page.read_text(encoding="utf-8")
    assert cost.cpu_s > 0
    assert cost.store_bytes > 100_000


def test_the_store_is_measured(tmp_path):
    """Flows are written and asked for, and each of them takes room."""
    cost = measure(tmp_path / "flows.db", 200)
    assert cost.write_s > 0
    assert cost.store_bytes > 200 * 100


def test_evidence_is_measured_by_privacy_level(monkeypatch):
    """The files of findings cost something at each level, in a capture with signatures of its own as well."""
    monkeypatch.setattr(evidence, "REPEATS", 1)
    capture, file = evidence.CASES["CONNECT and TLS"]
    costs = [evidence.time_level(capture, file, level) for level in evidence.LEVELS]
    assert all(cost.milliseconds > 0 and cost.size > 1_000 for cost in costs)
