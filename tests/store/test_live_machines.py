"""The live sensor counts machines across restarts, and writes them to its record once the period is over."""

import json
import time

import pytest

from netmon.days import DAY_NS
from netmon.outputs.lines import Lines
from netmon.outputs.machines_file import NAME
from netmon.privacy import PSEUDONYM, Privacy
from netmon.sources import Batch
from tests import records
from tests.test_sensor import STATUS, Source, a_rule, config, log, make  # noqa: F401 - fixtures

pytestmark = pytest.mark.usefixtures("log")


class Kept:
    """Where lines are written to."""

    def __init__(self):
        self.data = b""

    def begin(self, _size):
        """Does nothing."""

    def write(self, data):
        """Keeps all."""
        self.data += bytes(data)
        return len(data)

    def events(self, dataset):
        """The events of a dataset."""
        return [one for one in map(json.loads, self.data.splitlines()) if one["event"]["dataset"] == dataset]


@pytest.fixture
def watch(make, a_rule):  # noqa: F811
    """Runs a sensor on flows of these machines; what it wrote."""

    def watch(*machines):
        now_ns, kept = time.time_ns(), Kept()
        flows = [
            records.flow(
                flow_id=machine,
                client=f"192.0.2.{machine}",
                start_ns=now_ns,
                last_ns=now_ns + 10,
                signature=a_rule.number,
            )
            for machine in machines
        ]
        sensor = make(Source(Batch(flows, [])))
        sensor.add_record(Privacy(PSEUDONYM, bytes(32)), None, Lines(kept, "kept", print))
        sensor.run(STATUS)
        return kept

    return watch


def test_machines_of_several_runs_are_written_after_the_period(watch, config, monkeypatch):  # noqa: F811
    """Each once; what was written is forgotten."""
    for machines in ((1, 2), (2, 3)):
        kept = watch(*machines)
        assert len(kept.events("netmon.flow")) == 2
        assert not kept.events("netmon.count")
    file = config.state / NAME
    assert "192.0.2." not in file.read_text()
    later_ns = time.time_ns() + 40 * DAY_NS
    monkeypatch.setattr(time, "time_ns", lambda: later_ns)
    kept = watch()
    addresses = [one["source"]["address"] for one in kept.events("netmon.counted")]
    assert len(set(addresses)) == len(addresses) == 3
    [count] = kept.events("netmon.count")
    assert (count["netmon"]["machines"], count["netmon"]["is_complete"]) == (3, True)
    assert count["@timestamp"].endswith("T00:00:00.000000Z")
    watch()
    assert json.loads(file.read_text())["groups"] == []
