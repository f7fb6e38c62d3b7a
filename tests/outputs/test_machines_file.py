"""The machines of a period that lasts survive a restart, and are erased while the sensor runs."""

import json
import math

import pytest

from netmon.outputs.machines import CountGroup, MachineSets
from netmon.outputs.machines_file import NAME, MachinesFile, erase_machines

GROUP = CountGroup("2026-11", "0" * 16, "acme")
ONE, TWO, THREE = (f"count-{number:016x}" for number in range(3))


@pytest.fixture
def file(tmp_path):
    """The file with two machines, and the sets of the sensor that wrote it."""
    sets = MachineSets()
    sets.begin(5)
    for one in (ONE, TWO):
        sets.add(GROUP, one)
    log = []
    file = MachinesFile(tmp_path, log.append)
    file.save(sets, math.inf)
    yield file, sets
    assert log == []


def saved(folder):
    """What a sensor that starts now knows."""
    sets = MachinesFile(folder, print).load()
    return [machine for _, machines, _ in sets.groups() for machine in machines], sets.since_ns


def test_a_restart_forgets_nothing(tmp_path, file):
    """Neither machines nor since when they were counted."""
    assert saved(tmp_path) == ([ONE, TWO], 5)
    _, sets = file
    sets.begin(99)
    assert sets.since_ns == 5


def test_a_machine_is_erased_while_the_sensor_runs(tmp_path, file):
    """The sensor forgets it, and not those that came meanwhile."""
    writer, sets = file
    sets.add(GROUP, THREE)
    assert erase_machines(tmp_path, [ONE, "192.0.2.1"]) == 1
    assert saved(tmp_path) == ([TWO], 5)
    writer.save(sets, math.inf)
    assert saved(tmp_path) == ([TWO, THREE], 5)
    assert len(sets) == 2
    assert erase_machines(tmp_path, [ONE]) == 0


def test_a_damaged_file_erases_nothing(tmp_path, file):
    """What the sensor has in memory is written again."""
    writer, sets = file
    (tmp_path / NAME).write_text("{")
    sets.add(GROUP, THREE)
    log = []
    writer.file._log = log.append
    writer.save(sets, math.inf)
    assert saved(tmp_path)[0] == [ONE, TWO, THREE]
    assert len(log) == 1


def test_without_a_file_there_is_nothing_to_erase(tmp_path):
    """And none is made."""
    assert erase_machines(tmp_path, [ONE]) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "row",
    [
        None,
        [],
        ["2026-13", "0" * 16, "acme", True, []],
        ["2026-11", "0" * 16, "acme", True, ["192.0.2.1"]],
        ["2026-11", "0" * 16, "acme", 1, []],
        ["2026-11", "0" * 16, 5, True, []],
        ["2026-11", "k", "acme", True, []],
    ],
)
def test_other_content_is_damage(tmp_path, row):
    """It is renamed, and counting begins anew."""
    (tmp_path / NAME).write_text(json.dumps({"version": 1, "since_ns": 1, "groups": [row]}))
    log = []
    assert len(MachinesFile(tmp_path, log.append).load()) == 0
    assert "counted anew" in log[0]
