"""Events that the engine writes into batches are those that it writes for Python's records."""

import io

import pytest
from msgspec.structs import replace

from netmon import wiring
from netmon._engine import Engine, EventWriter
from netmon.config.load import load
from netmon.outputs.events import Events
from netmon.outputs.observer import Observer
from netmon.privacy import ADDRESS, NETWORK, NOTHING, PSEUDONYM, Privacy
from netmon.records import FlowRecord
from netmon.signatures.load import load_folder
from netmon.signatures.match import compile_matcher
from netmon.sources import to_batch
from netmon.sources.files import FileSource
from tests.craft import golden
from tests.records import QUERY, classified, flow

SIGNATURES = golden.FOLDER / "signatures"
LEVELS = [ADDRESS, PSEUDONYM, NETWORK, NOTHING]


@pytest.fixture(scope="module")
def known():
    return load_folder(SIGNATURES)


@pytest.fixture(scope="module")
def matcher(known):
    return compile_matcher(known)


def read(case, known, matcher, level, *, by_engine):
    """The events of a golden capture, and how many flows and messages reached Python."""
    config = replace(load(golden.config(case)), signatures=SIGNATURES, privacy_level=level)
    stream = io.StringIO()
    resolvers = [one.id for one in known.resolvers.entries]
    privacy, observer = Privacy(level, b"k" * 32), Observer("a", "b", "c")
    events = Events(stream, privacy, known.locations, observer, resolvers=resolvers)
    path = str(golden.FOLDER / case.__name__ / golden.input_name(case))
    source = FileSource(
        [path],
        matcher,
        every_flow=True,
        limits=config.engine_keywords(),
        events=events.writer if by_engine else None,
    )
    monitor = wiring.make_monitor(config, known)
    records = 0
    for batch in source.batches():
        records += len(batch.flows) + len(batch.dns)
        wiring.deliver(batch, monitor, [events], events)
    return stream.getvalue(), records


@pytest.mark.parametrize("level", LEVELS)
def test_both_ways_give_the_same_lines(known, matcher, level):
    """For every golden capture, in the same order; and many records never reach Python."""
    reached = written = 0
    for case in golden.CASES:
        lines, few = read(case, known, matcher, level, by_engine=True)
        expected, every = read(case, known, matcher, level, by_engine=False)
        assert lines == expected, case.__name__
        reached, written = reached + few, written + every
    assert 0 < reached < written - 100


def test_a_flow_keeps_its_place_among_those_that_the_engine_wrote():
    """Lines come before, between and after the flows that Python judges; messages come last."""
    row = tuple(getattr(flow(), name) for name in FlowRecord.__slots__)
    batch = to_batch((["a\n", row, row, "b\n", row, "c\n"], ["d\n"]))
    stream = io.StringIO()

    class Told:
        def flow(self, _classified):
            stream.write("flow\n")

        def flush(self):
            pass

    class Monitor:
        def classify(self, record):
            return classified(flow_id=record.flow_id)

    events = Events(stream, Privacy(ADDRESS, b""), {})
    wiring.deliver(batch, Monitor(), [Told()], events)
    assert stream.getvalue().split() == ["a", "flow", "flow", "b", "flow", "c", "d"]


def test_a_pseudonym_is_asked_for_once_a_day():
    """The same client on the same day is not asked for again; on another day it is."""
    asked = []

    def show(address, when_ns):
        asked.append((address, when_ns))
        return f"client-{len(asked)}"

    writer = EventWriter("a", "", None, show=show)
    day_ns = 86_400 * 10**9
    lines = [writer.flow(flow(start_ns=when)) for when in (day_ns, 2 * day_ns - 1, 2 * day_ns)]
    assert [f'"client-{number}"' in line for number, line in zip((1, 1, 2), lines, strict=True)] == [True] * 3
    assert asked == [("192.0.2.17", day_ns), ("192.0.2.17", 2 * day_ns)]


def test_what_cannot_be_shown_is_an_error():
    """An error of the function that shows clients is not lost, and neither is a wrong value of a record."""

    def show(_address, _when_ns):
        raise KeyError("no key")

    with pytest.raises(KeyError, match="no key"):
        EventWriter("a", "", None, show=show).dns(QUERY)
    with pytest.raises(TypeError, match="no value of a record"):
        EventWriter("a", "", None).flow(flow(name=b"bytes"))
    with pytest.raises(OverflowError):
        EventWriter("a", "", None).flow(flow(sent_bytes=-1))
    with pytest.raises(TypeError, match="no record of"):
        EventWriter("a", "", None).flow(QUERY)


def test_an_engine_without_writer_gives_records(matcher):
    """Only a source that was given a writer writes events."""
    assert Engine(matcher).drain() == ([], [])
