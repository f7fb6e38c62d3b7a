"""The benchmarks run; their results are not checked here."""

import itertools
import json
import os
import runpy
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from xml.etree.ElementTree import fromstring

import pytest

from netmon._engine import CaptureFile, Engine
from netmon.store import queries
from netmon.store.opening import opened_by_name
from netmon.store.queries import Scope
from netmon.store.resolvers import resolvers
from tests.bench import bench, events, evidence, live, signatures, start, vendor_events, workers
from tests.bench.bench import EVERY_FLOW, contenders, race, table
from tests.bench.callgrind import instructions, instructions_by_object
from tests.bench.curves import look_ups, matcher, syns, write_before_load
from tests.bench.found import find_names
from tests.bench.load import WATCHED, write_load
from tests.bench.places import VENDOR, time_engine, time_places
from tests.bench.plot import Curve, plot, plot_bars
from tests.bench.reports import fill, time_report
from tests.bench.store import measure
from tests.machine import NETMON, ROOT, need, need_root

COMMANDS = sorted(
    file.stem
    for file in (ROOT / "tests" / "bench").glob("*.py")
    if "__main__" in file.read_text(encoding="utf-8")
)


def test_load_is_the_same_each_time(tmp_path):
    """The same seed gives the same bytes, with every kind of packet in them."""
    one, other = tmp_path / "one.pcap", tmp_path / "other.pcap"
    summary = write_load(one, 20_000)
    write_load(other, 20_000)
    assert one.read_bytes() == other.read_bytes()
    assert set(summary["kinds"]) == {"control", "data", "dns", "hello", "quic_initial"}
    assert summary["packets"] >= 20_000


def test_race_measures_each_program(tmp_path):
    """Every program reads the load in turn; its CPU time, its memory and what it found are measured."""
    cat = "reader=cp {load} {out}/names"
    summary, programs = contenders(tmp_path, 5_000, "small", [cat])
    results = race(programs, 1)
    assert list(results)[:2] == ["netmon", EVERY_FLOW]
    assert list(results)[-1] == "reader"
    for result in results.values():
        assert result["cpu_s"] > 0
        assert result["peak_bytes"] > 1_000_000
    watched = len(set(summary["names"]) & set(WATCHED))
    found = {name: result["found"] for name, result in results.items()}
    assert found["netmon"]["watched"] == found["netmon"]["all_watched"] == watched > 0
    assert found["netmon"]["names"] < found[EVERY_FLOW]["names"] > 0.9 * found[EVERY_FLOW]["all_names"]
    assert results["reader"]["vendors_only_ratio"] < 1
    assert f"| {watched} of {watched} |" in table(results)


def test_a_program_that_is_none_is_refused(tmp_path):
    """What `--with` names must be a name and an installed program."""
    for number, text in enumerate(("reader", "=cat", "reader=", "reader=no-such-program {load}")):
        folder = tmp_path / str(number)
        folder.mkdir()
        with pytest.raises(ValueError, match="--with"):
            contenders(folder, 100, "small", [text])


def test_names_are_found_in_texts_and_in_records(tmp_path):
    """A name counts as a word of its own or behind its length, not as a part of another one."""
    (tmp_path / "text").write_bytes(b'{"sni":"a.example"} x.b.example c.example.org')
    (tmp_path / "records").write_bytes(b"\0\1z\x09d.example0")
    names = ("a.example", "b.example", "c.example", "d.example")
    assert find_names(tmp_path, names, ("a.example", "b.example", "other")) == (2, 4, 1, 2)


def test_a_bar_is_as_long_as_its_number():
    """Twice the number is twice the length, and each bar has its name and number."""
    chart = fromstring(plot_bars("Rates", [("netmon", 2_000), ("a & b", 1_000)]))
    _page, one, other = chart.findall(".//{*}rect")
    assert float(one.get("width")) == 2 * float(other.get("width"))
    assert {"Rates", "netmon", "a & b", "2,000", "1,000"} <= {
        each.text for each in chart.findall(".//{*}text")
    }


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


def test_events_of_vendors_are_counted(tmp_path):
    """Every flow of a load for events is a vendor's; without vendors there are none."""
    load = tmp_path / "load.pcap"
    write_load(load, 2_000, mix=replace(vendor_events.SMALL, watch_share=0))
    assert vendor_events.read(load, "--json").ends == 0
    write_load(load, 2_000, mix=replace(vendor_events.SMALL, watch_share=1.0))
    found, every = (vendor_events.read(load, *words) for words in (("--json",), vendor_events.EVERY))
    assert found.ends == found.events > 100
    assert every.events > found.events


def test_one_worker_and_two_take_turns(tmp_path):
    """Each pair has both, and each run costs something."""
    load = tmp_path / "load.pcap"
    write_load(load, 2_000)
    pairs = workers.race(load, "--json --all", 2)
    assert len(pairs) == 2
    assert all(cost.wall_s > 0 and cost.cpu_s > 0 for pair in pairs for cost in pair)


@pytest.mark.lab
def test_live_loss_is_measured(tmp_path):
    """Without haste nothing is lost. A program that stands still loses packets, each of which is counted."""
    need_root()
    need("ip", "nsenter", "tcpdump", "tcpreplay", "curl")
    load = tmp_path / "load.pcap"
    packets = write_load(load, 6_000)["packets"]
    netmon, _, tcpdump, *_ = live.contenders(tmp_path / "netmon.yaml", 2, 1)
    results = [live.run(netmon, load, 0, is_stopped=True), live.run(tcpdump, load, 20_000)]
    assert [one.sent for one in results] == [packets, packets]
    assert [one.lost - one.counted for one in results] == [0, 0]
    assert results[0].lost > 0
    assert results[1].lost == 0
    text = live.table(results)
    assert text.count("\n| netmon | ") == text.count("\n| tcpdump | ") == 1
    assert "netmon: no loss at up to 0 packets a second\n" in text


@pytest.mark.lab
def test_a_program_can_be_given_a_part_of_a_core():
    """So long as that is asked for; the control group is gone afterwards."""
    need_root()
    groups = live.cgroups()
    if not os.access(groups, os.W_OK):
        pytest.skip(f"{groups} cannot be written to")
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
        try:
            with live.limited(busy.pid, 10):
                begun_s = live.cpu_s_of(busy.pid)
                time.sleep(2)
                assert live.cpu_s_of(busy.pid) - begun_s < 1
        finally:
            busy.kill()
    assert list(groups.glob("netmon-bench-*")) == []


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


@pytest.mark.parametrize("case", evidence.CASES)
def test_evidence_is_measured_by_privacy_level(monkeypatch, case):
    """The files of findings cost something at each level, with and without a configuration."""
    monkeypatch.setattr(evidence, "REPEATS", 1)
    costs = [evidence.time_level(*evidence.CASES[case], level) for level in evidence.LEVELS]
    assert all(cost.milliseconds > 0 and cost.size > 1_000 for cost in costs)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_benchmark_says_what_it_measures(monkeypatch, capsys, name):
    """`--help` measures nothing."""
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    monkeypatch.delitem(sys.modules, f"tests.bench.{name}", raising=False)
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(f"tests.bench.{name}", run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage: ")


def test_a_capture_of_few_packets_does_not_tell_what_events_cost(monkeypatch, capsys):
    """Their cost is less than what two starts differ by, and could be negative."""
    monkeypatch.setattr(sys, "argv", ["events", "--packets", "1000"])
    with pytest.raises(SystemExit, match="2"):
        events.main()
    assert "at least 200,000 are needed" in capsys.readouterr().err


def test_large_sets_of_signatures_are_measured(monkeypatch, capsys):
    """Each set is measured in a process of its own, which says what it costs."""
    monkeypatch.setattr(sys, "argv", ["signatures", "20"])
    signatures.main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 9
    assert all(line.startswith("20 ") and line.endswith(" MB at most") for line in lines)


def stats_after(before, frames, count):
    """The engine's numbers after it has read what fills a table."""
    write_before_load(before, frames, count)
    engine, file = Engine(matcher(10)), CaptureFile(str(before))
    while engine.read(file, 1_000):
        pass
    return engine.stats()


def test_what_fills_a_table_fills_it(tmp_path):
    """As many flows are live as asked for, or as many names learned, by client and by server."""
    assert stats_after(tmp_path / "syns.pcap", syns(500), 500)["live_flows"] == 500
    assert stats_after(tmp_path / "names.pcap", look_ups(500), 1_000)["dns_names"] == 1_000


def test_a_plot_has_every_point_and_every_name():
    """Larger costs are higher, larger sizes further to the right."""
    chart = fromstring(
        plot("Costs", "entries", [Curve("one", [(10, 5), (1_000, 7)]), Curve("other", [(10, 9)])])
    )
    circles = [(float(one.get("cx")), float(one.get("cy"))) for one in chart.findall(".//{*}circle")]
    assert len(circles) == 3
    assert circles[0][0] < circles[1][0]
    assert circles[2][1] < circles[1][1] < circles[0][1]
    texts = {one.text for one in chart.findall(".//{*}text")}
    assert {"Costs", "entries", "one", "other", "10", "100", "1,000"} <= texts


def test_instructions_are_counted():
    """Even a program that does nothing has some, and one that fails is no measure."""
    need("valgrind")
    assert instructions(("true",)) > 10_000
    reading = instructions_by_object((*NETMON, "read", start.CAPTURE))
    assert 1_000_000 < reading[bench.ENGINE] < 0.9 * reading.total()
    with pytest.raises(RuntimeError, match="false ended with 1"):
        instructions(("false",))


def test_the_instructions_of_netmon_and_tcpdump_are_told_by_name(monkeypatch, capsys, tmp_path):
    """What is printed and saved says which program it is, not which interpreter runs it."""
    counts = itertools.count(10**9, 10**6)
    monkeypatch.setattr(bench, "instructions_by_object", lambda _words: Counter({"libc": next(counts)}))
    monkeypatch.setattr(bench, "COUNTED_PACKETS", (1_000, 2_000))
    saved = tmp_path / "numbers.json"
    words = ["bench", "--packets", "1000", "--rounds", "1", "--instructions", "--json", str(saved)]
    monkeypatch.setattr(sys, "argv", words)
    bench.main()
    named = [line.split(":")[0] for line in capsys.readouterr().out.splitlines() if "for a packet" in line]
    assert named == list(json.loads(saved.read_text(encoding="utf-8"))["instructions"])
    assert named == ["netmon"] + ["tcpdump"] * bool(shutil.which("tcpdump"))


@pytest.mark.slow
@pytest.mark.parametrize("mix", ["enterprise", "small"])
def test_a_packet_takes_few_instructions(tmp_path, mix):
    """About as many as docs/performance.md says: what costs a tenth more is noticed on any machine."""
    need("valgrind")
    netmon = bench.counted(tmp_path, mix)["netmon"]
    assert 0.9 * netmon["packet"] < netmon["packet_in_engine"] < netmon["packet"] < 865


def test_instructions_of_a_start_are_printed(monkeypatch, capsys):
    """They are those of the program, also if another one sets its environment first."""
    need("valgrind")
    words = (sys.executable, "-c", "pass")
    starts = {"python": words, "in an environment": ("env", "A=1", *words)}
    monkeypatch.setattr(start, "STARTS", starts)
    monkeypatch.setattr(sys, "argv", ["start", "--rounds", "1", "--instructions"])
    start.main()
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.endswith("M instructions")
    plain, with_environment = (int(row.split()[-1]) for row in rows)
    assert with_environment == pytest.approx(plain, rel=0.1)
    assert plain > 5
