"""A file that is replaced in one step, also in a folder that belongs to another user."""

import json
import os
import resource

import pytest

from netmon.outputs.machines import CountGroup, MachineSets
from netmon.outputs.machines_file import MachinesFile, erase_machines
from netmon.state_file import StateFile, replace_file


def test_a_link_under_the_name_of_the_new_file_is_not_followed(tmp_path):
    """Root erases in the sensor's folder: what the sensor's user prepares there leads to no other file."""
    victim = tmp_path / "shadow"
    victim.write_text("of another program", encoding="utf-8")
    (tmp_path / "state.json.new").symlink_to(victim)
    replace_file(tmp_path / "state.json", "content")
    assert (tmp_path / "state.json").read_text("utf-8") == "content"
    assert victim.read_text("utf-8") == "of another program"


def test_a_file_keeps_its_rights(tmp_path):
    """Whoever could not read the old file cannot read the new one."""
    file = tmp_path / "state.json"
    file.write_text("old", encoding="utf-8")
    file.chmod(0o640)
    replace_file(file, "new")
    assert (file.read_text("utf-8"), file.stat().st_mode & 0o777) == ("new", 0o640)


def test_a_new_file_is_its_users_alone(tmp_path):
    """It may hold what tells clients apart, whatever the umask."""
    before = os.umask(0)
    try:
        replace_file(tmp_path / "state.json", "new")
    finally:
        os.umask(before)
    assert (tmp_path / "state.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o644, 0o600])
def test_a_process_that_may_change_no_rights_replaces_its_files(tmp_path, monkeypatch, mode):
    """The sensor's filter of system calls refuses to change rights, which are kept all the same."""
    file = tmp_path / "state.json"
    file.write_text("old", encoding="utf-8")
    file.chmod(mode)
    for call in ("fchmod", "fchown"):
        monkeypatch.setattr(os, call, _refuse)
    replace_file(file, "new")
    assert (file.read_text("utf-8"), file.stat().st_mode & 0o777) == ("new", mode)


def _refuse(*_):
    raise PermissionError


def test_a_probe_writes(tmp_path):
    """That a file can be made on a full disk does not mean that it can be written."""
    log = []
    state = StateFile(tmp_path / "state.json", 1, log.append, if_damaged="", if_unsaved="it is lost")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        state.probe()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert log == [f"{tmp_path}/state.json: file too large; until it can be written, it is lost"]
    state.probe()
    assert (len(log), list(tmp_path.iterdir())) == (1, [])


def test_nothing_is_left_beside_the_file(tmp_path):
    """What a crash left is used for the next file, and goes with it."""
    (tmp_path / "state.json.new").write_text("half of", encoding="utf-8")
    replace_file(tmp_path / "state.json", "content")
    assert [one.name for one in tmp_path.iterdir()] == ["state.json"]


def test_a_folder_in_place_of_the_new_file_is_an_error(tmp_path):
    """It is not removed, and the caller says so."""
    (tmp_path / "state.json.new").mkdir()
    with pytest.raises(OSError, match=r"state\.json\.new"):
        replace_file(tmp_path / "state.json", "content")


def test_erasing_machines_follows_no_link(tmp_path):
    """An erasure by root writes the file of the machines, and nothing else."""
    group = CountGroup("2026-11", "0" * 16, "kaspersky")
    file = MachinesFile(tmp_path, lambda _line: None)
    sets = MachineSets()
    sets.begin(1)
    for digit in "12":
        sets.add(group, f"count-{digit * 16}")
    file.save(sets, 0.0)
    victim = tmp_path / "shadow"
    victim.write_text("of another program", encoding="utf-8")
    (tmp_path / "machines.json.erase").symlink_to(victim)
    assert erase_machines(tmp_path, {"count-" + "1" * 16}) == 1
    assert victim.read_text("utf-8") == "of another program"
    assert json.loads((tmp_path / "machines.json").read_text("utf-8"))["groups"][0][-1] == ["2" * 16]
