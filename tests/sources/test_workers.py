"""With several workers the engine reads on while results are processed; what comes out stays the same."""

import io
import os
import signal

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from netmon import wiring
from netmon._engine import CaptureFile, Engine, Matcher
from netmon.cli.app import app
from netmon.config.load import load
from netmon.config.settings import Config
from netmon.outputs.events import Events
from netmon.outputs.observer import Observer
from netmon.privacy import ADDRESS, Privacy
from netmon.signatures.load import load_folder
from netmon.signatures.match import compile_matcher
from netmon.sources import files
from netmon.sources.files import FileSource
from netmon.sources.stop_request import StopRequest
from tests.bench.load import write_load
from tests.craft import golden, golden_preambles
from tests.craft.packets import UDP, address, ethernet, ip, udp
from tests.craft.pcap import Frame, Interface, pcap, pcapng

SIGNATURES = golden.FOLDER / "signatures"
WORKERS = (1, 2, 3, 4, 8)
ENDS = address("192.0.2.10"), address("203.0.113.20")
NO_RULES = Matcher([], [], [])
SECOND_NS = 10**9


def packets(times_s):
    """Datagrams of one flow each at these times."""
    return [
        Frame(round(at * SECOND_NS), ethernet(ip(*ENDS, UDP, udp(*ENDS, (1024 + number, 6000), b"x"))))
        for number, at in enumerate(times_s)
    ]


@pytest.fixture(scope="module")
def known():
    return load_folder(SIGNATURES)


@pytest.fixture(scope="module")
def matcher(known):
    return compile_matcher(known)


@pytest.fixture
def short_steps(monkeypatch):
    """Sets how many packets are between two batches."""
    return lambda count: monkeypatch.setattr(files, "PACKETS_PER_STEP", count)


def outcome(paths, known, matcher, workers, config=None, **options):
    """Everything that a run shows: its events batch by batch, its counters, problems and gaps."""
    config = replace(config or Config(), signatures=SIGNATURES)
    stream = io.StringIO()
    resolvers = [one.id for one in known.resolvers.entries]
    events = Events(
        stream, Privacy(ADDRESS, b""), known.locations, Observer("a", "b", "c"), resolvers=resolvers
    )
    limits = config.engine_keywords()
    source = FileSource(
        [str(path) for path in paths],
        matcher,
        every_flow=True,
        limits=limits,
        events=events.writer,
        workers=workers,
        **options,
    )
    monitor = wiring.make_monitor(config, known)
    for batch in source.batches():
        wiring.deliver(batch, monitor, [events], events)
        stream.write("end of a batch\n")
    return stream.getvalue(), source.stats(), source.problems, list(source.coverage().lines())


@pytest.mark.parametrize("count", [1, 7])
def test_golden_captures_give_the_same_for_any_number_of_workers(known, matcher, short_steps, count):
    """Whole output, with as many steps as there are packets, or a few packets in each."""
    short_steps(count)
    for case in golden.CASES:
        path = golden.FOLDER / case.__name__ / golden.input_name(case)
        config = load(golden.config(case))
        first, *others = [outcome([path], known, matcher, workers, config) for workers in WORKERS]
        assert all(one == first for one in others), case.__name__


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_generated_loads_give_the_same_for_any_number_of_workers(known, matcher, short_steps, tmp_path, seed):
    """Steps of which some end when flows time out, and some within connections."""
    short_steps(997)
    write_load(tmp_path / "load.pcap", 20_000, seed=seed, span_s=400)
    first, *others = [outcome([tmp_path / "load.pcap"], known, matcher, workers) for workers in WORKERS]
    assert all(one == first for one in others)
    assert first[1]["packets"] >= 20_000
    assert first[0].count("end of a batch") > 20


def test_several_files_give_the_same_for_any_number_of_workers(known, matcher, short_steps, tmp_path):
    """Files that overlap, that leave a gap, that have interfaces of their own, and one that is damaged."""
    short_steps(5)
    spans = {"a": range(0, 60), "b": range(30, 90), "c": range(90, 120), "d": range(500, 533)}
    for name, times_s in spans.items():
        (tmp_path / name).write_bytes(pcapng(packets(times_s), [Interface(f"eth-{name}", 1)]))
    (tmp_path / "e").write_bytes(pcap(packets(range(40, 61)), 1)[:-3])
    paths = [tmp_path / name for name in "abcde"]
    first, *others = [outcome(paths, known, matcher, workers) for workers in WORKERS]
    assert all(one == first for one in others)
    assert first[1]["packets"] == 60 + 60 + 30 + 33 + 20
    assert "cut" in first[2][0] or "complete packets" in first[2][0]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 6, 10, 30, 1000])
@pytest.mark.parametrize("workers", [1, 2])
def test_the_problem_of_each_file_is_told_once(short_steps, tmp_path, count, workers):
    """Wherever steps end, also with the last complete packet of a file that is cut."""
    short_steps(count)
    spans = {"a": range(0, 31), "b": range(100, 131), "c": range(110, 141), "d": range(131, 162)}
    for name, times_s in spans.items():
        (tmp_path / name).write_bytes(pcap(packets(times_s), 1)[:-3])
    paths = [str(tmp_path / name) for name in spans]
    source = FileSource(paths, NO_RULES, workers=workers)
    for _ in source.batches():
        pass
    assert [line.partition(": ")[0] for line in source.problems] == paths


def test_a_filter_that_matches_nothing_gives_the_same(known, matcher, short_steps, tmp_path):
    """Steps without any packet are steps as well."""
    short_steps(5)
    (tmp_path / "a").write_bytes(pcap(packets(range(60)), 1))
    runs = [
        outcome([tmp_path / "a"], known, matcher, workers, filter_expression="tcp") for workers in WORKERS
    ]
    assert all(run == runs[0] for run in runs)
    assert runs[0][1]["packets"] == 0


def test_the_next_step_is_taken_while_results_are_processed(tmp_path):
    """Without another call, the thread reads on: its file is in use then, and is free again at the end."""
    (tmp_path / "a").write_bytes(pcap(packets(range(30)), 1))
    engine, file = Engine(NO_RULES, every_flow=True), CaptureFile(str(tmp_path / "a"))
    assert engine.read(file, 10, ahead=True)
    assert file.packets == 10
    with pytest.raises(RuntimeError, match="the file is being read"):
        file.set_growing(True)
    assert engine.read(file, 10, ahead=True)
    assert file.packets == 20
    assert engine.stats()["packets"] == 30
    assert file.packets == 30


def test_another_call_than_the_next_step_waits_for_it_and_loses_nothing(tmp_path):
    """Such as when the reading is interrupted: what was read ahead is in the results."""
    (tmp_path / "a").write_bytes(pcap(packets(range(200)), 1))
    engine, file = Engine(NO_RULES, every_flow=True), CaptureFile(str(tmp_path / "a"))
    engine.read(file, 10, ahead=True)
    engine.read(file, 3, ahead=True)
    assert file.packets == 10 + 4 * 10 + 3  # four steps are taken in a row
    assert len(engine.finish()[0]) == engine.stats()["packets"] == file.packets == 53 + 4 * 3


def test_packets_that_are_kept_are_not_read_ahead(tmp_path):
    """The packets of a flow must be there until it was judged, so evidence means one worker."""
    (tmp_path / "a").write_bytes(pcap(packets(range(30)), 1))
    engine = Engine(NO_RULES, every_flow=True, max_evidence_bytes=1 << 20)
    file = CaptureFile(str(tmp_path / "a"))
    engine.read(file, 10, ahead=True)
    assert engine.stats()["packets"] == 10


def test_an_interrupted_reading_reports_all_that_it_read(matcher, short_steps, tmp_path):
    """Each packet that is counted belongs to a flow that is reported, also those read ahead."""
    short_steps(10)
    for name, shift in (("a", 0), ("b", 0.5)):
        (tmp_path / name).write_bytes(pcap(packets([at + shift for at in range(400)]), 1))
    for paths in ([tmp_path / "a"], [tmp_path / "a", tmp_path / "b"]):
        stop, flows = StopRequest(), []
        source = FileSource([str(one) for one in paths], matcher, every_flow=True, stop=stop, workers=2)
        for number, batch in enumerate(source.batches()):
            flows += batch.flows
            if number == 2:
                stop.ask(signal.SIGINT)
        read = source.stats()["packets"]
        assert sum(flow.sent_packets for flow in flows) == read
        assert 30 <= read <= 30 + 8 * 10  # at most so many were read ahead
        assert source.problems == [f"interrupted by SIGINT after {read} packets"]


def test_a_pipe_is_reported_while_it_is_still_written(matcher):
    """What has ended is reported although the writer neither writes more nor closes the pipe."""
    reader, writer = os.pipe()
    os.write(writer, pcap(packets(number * 0.9 for number in range(100)), 1))
    source = FileSource([f"/dev/fd/{reader}"], matcher, every_flow=True, workers=2)
    batches, seen = source.batches(), 0
    while seen < 20:
        seen += len(next(batches).flows)
    assert seen < 100
    os.close(writer)
    assert seen + sum(len(batch.flows) for batch in batches) == 100
    os.close(reader)


def test_the_summary_is_the_same_and_a_wrong_number_of_workers_is_an_error():
    """`--workers` changes nothing that is shown; it is a whole number from 1."""

    def read(workers):
        capture = golden.FOLDER / "http_host" / golden.input_name(golden_preambles.http_host)
        return CliRunner().invoke(app, ["read", "--workers", workers, str(capture)])

    runs = [read(workers) for workers in map(str, WORKERS)]
    assert runs[0].exit_code in (0, 3)
    assert len({(run.exit_code, run.stdout) for run in runs}) == 1
    for wrong in ("0", "-1", "x", "65"):
        assert read(wrong).exit_code == 2
