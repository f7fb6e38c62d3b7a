"""Folders that the user of `netmon check` cannot write to, or make."""

from pathlib import Path

from netmon.cli.output_paths import unwritable
from netmon.config.settings import Config, EvidenceFiles, SpoolOptions, StoreSettings


def test_folders_that_cannot_be_written_to_are_warned_of(tmp_path, monkeypatch):
    """Each once, with the folder that is in the way. It is no error: the sensor has its own user."""
    monkeypatch.setattr("os.access", lambda path, *_, **__: Path(path) == tmp_path)
    (tmp_path / "there").mkdir()
    config = Config(
        state=tmp_path / "there",
        events=tmp_path / "there" / "events.jsonl",
        evidence=EvidenceFiles(tmp_path / "there" / "a" / "b"),
        spool=SpoolOptions(tmp_path / "new"),
        store=StoreSettings(tmp_path / "flows.db"),
    )
    there = tmp_path / "there"
    assert list(unwritable(config, {})) == [
        f"state.folder: {there}: this user cannot write there; the user of the sensor has to be able to",
        f"evidence.folder: {there}/a/b: this user cannot make it in {there}; the user of the sensor has to "
        "be able to",
    ]


def test_a_folder_that_can_be_made_is_no_problem(tmp_path):
    """Also several levels of it."""
    assert list(unwritable(Config(state=tmp_path / "a" / "b" / "c"), {})) == []
