"""`events.datasets`: which events the file and standard output get."""

import json

import pytest

from netmon.config.settings import Config
from netmon.outputs.lines import Lines, StandardOutput
from netmon.privacy import ADDRESS, Privacy
from netmon.report.gather import gather
from netmon.sensor import Sensor
from netmon.signatures.folder import default_folder
from netmon.signatures.load import load_folder
from netmon.sources import Batch
from netmon.store.intake import Intake, import_lines
from netmon.store.queries import Scope
from netmon.store.reading import opened
from netmon.store.sqlite import MEMORY
from tests import records
from tests.test_sensor import STATUS, Source


@pytest.fixture
def make(tmp_path):
    """Makes a sensor on a source, with these datasets."""

    def make(source, datasets):
        config = Config(state=tmp_path / "state", databases=(), datasets=datasets)
        return Sensor(config, source.open, lambda _line: None)

    return make


def source_of_a_flow():
    """A source with one flow of a vendor."""
    rules = load_folder(default_folder()).rules
    number = next(rule.number for rule in rules if rule.status != "unverified")
    return Source(Batch([records.flow(signature=number)], []))


@pytest.mark.parametrize(
    ("datasets", "written"),
    [
        (("flow",), ["flow"]),
        (("flow", "run", "view"), ["run", "flow", "view", "run"]),
        (("run",), ["run", "run"]),
        (("view",), ["view"]),
    ],
)
def test_the_file_of_the_events_gets_what_was_chosen(make, tmp_path, datasets, written):
    """With or without a store, whose events have the same identifiers: they may be imported there."""
    path, spool = tmp_path / "events.jsonl", tmp_path / "spool.jsonl"
    sensor = make(source_of_a_flow(), datasets=datasets)
    with path.open("ab") as file, spool.open("ab") as other:
        lines, spooled = (Lines(StandardOutput(one.fileno()), "events", pytest.fail) for one in (file, other))
        sensor.add_events(lines, Privacy(ADDRESS, b""))
        sensor.add_record(Privacy(ADDRESS, b""), None, spooled)
        sensor.run(STATUS)
    events, record = ([json.loads(line) for line in one.read_text().splitlines()] for one in (path, spool))
    assert [one["event"]["dataset"] for one in events] == [f"netmon.{one}" for one in written]
    assert {one["event"]["id"] for one in events} <= {one["event"]["id"] for one in record}
    assert {one["event"]["dataset"] for one in record} == {"netmon.flow", "netmon.run", "netmon.view"}


def test_events_of_the_run_need_no_store(make, tmp_path):
    """Nor a spool: the file of the events is enough for a report elsewhere."""
    path = tmp_path / "events.jsonl"
    sensor = make(source_of_a_flow(), datasets=("flow", "run", "view"))
    with path.open("ab") as file:
        sensor.add_events(Lines(StandardOutput(file.fileno()), "events", pytest.fail), Privacy(ADDRESS, b""))
        sensor.add_record(Privacy(ADDRESS, b""), None, None)
        sensor.run(STATUS)
    with opened(MEMORY) as store:
        count, problems = import_lines(path.read_text().splitlines(), Intake(store, "memory"))
        assert (count, problems) == (4, [])
        assert gather(store, Scope()).runs[0].is_ended
