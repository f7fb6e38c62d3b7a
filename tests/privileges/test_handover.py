"""Only what is certainly netmon's own changes its owner; and which user a sensor of root becomes."""

import os
import pwd
import shutil
from pathlib import Path

import pytest

from netmon.errors import ConfigError, StartError
from netmon.evidence.folder import OWN_FILE
from netmon.privileges.account import Account, can_reach, choose
from netmon.privileges.handover import hand_over_events, hand_over_folder, names_beside

pytestmark = pytest.mark.lab  # needs root: it changes owners

NOBODY = pwd.getpwnam("nobody")
USER = Account("nobody", NOBODY.pw_uid, NOBODY.pw_gid, (NOBODY.pw_gid,))


def owner(path):
    return path.lstat().st_uid


def test_a_missing_folder_is_made(tmp_path):
    """For the user alone; the folders above it remain root's."""
    folder = tmp_path / "var" / "state"
    hand_over_folder(folder, USER)
    assert (owner(folder), folder.stat().st_mode & 0o777) == (USER.user, 0o700)
    assert owner(folder.parent) == 0


def test_a_folder_of_netmon_is_handed_over(tmp_path):
    """With its files, also those that a crash left."""
    names = ("series.json", "series.json.new", "destinations.json.damaged", "passwords-0a.json.1f")
    for name in names:
        (tmp_path / name).touch()
    hand_over_folder(tmp_path, USER)
    assert {owner(tmp_path / name) for name in (*names, ".")} == {USER.user}


def test_a_folder_of_evidence_is_handed_over(tmp_path):
    """With the files of findings and of the chain, also those that a crash left; not one with other YAML."""
    stem = "20260301T120000Z-acme-0123456789ab"
    names = (
        f"{stem}.json",
        f"{stem}.pcapng.new",
        f"{stem}.yaml",
        "chain-000001.jsonl",
        "chain.lock",
        "probe",
    )
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / "netmon.yaml").touch()
    hand_over_folder(tmp_path, USER, own=OWN_FILE)
    assert {owner(tmp_path / name) for name in (*names, "netmon.yaml", ".")} == {0}
    (tmp_path / "netmon.yaml").unlink()
    hand_over_folder(tmp_path, USER, own=OWN_FILE)
    assert {owner(tmp_path / name) for name in (*names, ".")} == {USER.user}


def test_evidence_in_the_folder_of_the_state(tmp_path):
    """The folder of the evidence, made by root, does not keep the state from being handed over."""
    for name in ("series.json", "events.jsonl.1"):
        (tmp_path / name).touch()
    (tmp_path / "evidence").mkdir()
    hand_over_folder(tmp_path, USER, own=names_beside(Path("events.jsonl"), Path("evidence")))
    owners = {name: owner(tmp_path / name) for name in (".", "series.json", "events.jsonl.1", "evidence")}
    assert owners == {".": USER.user, "series.json": USER.user, "events.jsonl.1": USER.user, "evidence": 0}


@pytest.mark.parametrize("name", ["passwd", "events.jsonl", "a folder"])
def test_a_folder_with_anything_else_is_not(tmp_path, name):
    """It is another program's, or the system's."""
    (tmp_path / "series.json").touch()
    (tmp_path / name).mkdir() if " " in name else (tmp_path / name).touch()
    hand_over_folder(tmp_path, USER)
    assert {owner(one) for one in (tmp_path, *tmp_path.iterdir())} == {0}


@pytest.mark.parametrize(("user", "mode"), [(0, 0o777), (0, 0o770), (1, 0o755)])
def test_a_folder_of_others_is_not(tmp_path, user, mode):
    """Who can write to a folder could put anything in place of a file."""
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / "series.json").touch()
    os.chown(folder, user, 0)
    folder.chmod(mode)
    hand_over_folder(folder, USER)
    assert (owner(folder), owner(folder / "series.json")) == (user, 0)


def test_a_folder_of_the_system_is_not():
    """Even an empty one at the top, such as /srv."""
    hand_over_folder(Path("/mnt"), USER)
    assert owner(Path("/mnt")) == 0


def test_links_are_not_followed(tmp_path):
    """Neither symbolic ones nor further names of a file: they may lead to any file of the system."""
    secret, other = tmp_path / "secret", tmp_path / "other"
    secret.touch()
    other.touch()
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / "series.json").symlink_to(secret)
    os.link(other, folder / "destinations.json")
    hand_over_folder(folder, USER)
    assert (owner(secret), owner(other), owner(folder)) == (0, 0, USER.user)


def test_events_in_a_folder_of_their_own(tmp_path):
    """The file is made, and the folder is handed over with rotated files, so that new ones can be made."""
    for name in ("events.jsonl.20260601T120000Z.gz", "events.jsonl.1"):
        (tmp_path / name).touch()
    hand_over_events(tmp_path / "events.jsonl", USER)
    assert {owner(one) for one in (tmp_path, *tmp_path.iterdir())} == {USER.user}


def test_events_among_other_files(tmp_path):
    """Only the file itself is handed over."""
    (tmp_path / "syslog").touch()
    hand_over_events(tmp_path / "events.jsonl", USER)
    hand_over_events(tmp_path / "events.jsonl", USER)
    assert owner(tmp_path / "events.jsonl") == USER.user
    assert {owner(tmp_path), owner(tmp_path / "syslog")} == {0}


def test_existing_events_among_other_files(tmp_path):
    """Those of root are handed over, with their contents; those of others are not."""
    (tmp_path / "syslog").touch()
    file = tmp_path / "events.jsonl"
    file.write_text("one\n")
    hand_over_events(file, USER)
    assert (owner(file), file.read_text()) == (USER.user, "one\n")
    os.chown(file, 1, 1)
    hand_over_events(file, USER)
    assert owner(file) == 1


def test_events_that_are_a_link(tmp_path):
    """What the link leads to stays as it is."""
    secret = tmp_path / "secret"
    secret.touch()
    folder = tmp_path / "log"
    folder.mkdir()
    (folder / "events.jsonl").symlink_to(secret)
    (folder / "dangling.jsonl").symlink_to(tmp_path / "missing")
    hand_over_events(folder / "events.jsonl", USER)
    hand_over_events(folder / "dangling.jsonl", USER)
    assert owner(secret) == 0
    assert not (tmp_path / "missing").exists()


def test_events_in_a_folder_that_all_can_write(tmp_path):
    """A new file is made for the user; an existing one stays whose it is."""
    tmp_path.chmod(0o1777)
    hand_over_events(tmp_path / "new.jsonl", USER)
    (tmp_path / "old.jsonl").touch()
    hand_over_events(tmp_path / "old.jsonl", USER)
    assert (owner(tmp_path / "new.jsonl"), owner(tmp_path / "old.jsonl")) == (USER.user, 0)


def test_folders_in_reach(tmp_path):
    """A folder of root's home is not; a missing one is if the nearest above it is."""
    home = tmp_path / "root"
    home.mkdir(mode=0o700)
    assert not can_reach(USER, home / "state")
    assert not can_reach(USER, home / "a" / "b")
    assert can_reach(USER, home)  # it can be handed over
    assert can_reach(USER, tmp_path / "a" / "b")
    assert os.geteuid() == 0


def test_choice_of_the_user(tmp_path):
    """nobody, if it can read netmon; else the user of sudo; else there is an error that says what to do."""
    if any(one.pw_name == "netmon" for one in pwd.getpwall()):
        pytest.skip("this machine has a user netmon")
    program = tmp_path / "venv"
    program.mkdir()
    assert choose("", {"SUDO_UID": "1"}, program).name == "nobody"
    program.chmod(0o700)
    os.chown(program, 1, 1)
    found = choose("", {"SUDO_UID": "1"}, program)
    assert (found.user, found.reason) == (1, f"nobody cannot read {program}")
    for environment in ({}, {"SUDO_UID": "0"}, {"SUDO_UID": "x"}, {"SUDO_UID": "4294967290"}):
        with pytest.raises(StartError, match="--stay-root"):
            choose("", environment, program)
    shutil.rmtree(program)


def test_a_named_user_must_be_able_to_read_netmon(tmp_path):
    """Otherwise a reload would fail later."""
    tmp_path.chmod(0o700)
    with pytest.raises(StartError, match="the user nobody cannot read"):
        choose("nobody", {}, tmp_path)
    with pytest.raises(ConfigError, match="no user"):
        choose("4294967290", {}, tmp_path)


@pytest.mark.parametrize(
    "name", ["\N{FULLWIDTH DIGIT SIX}5534", "\N{ARABIC-INDIC DIGIT SIX}5534", "6_5534", "+65534", "9" * 30]
)
def test_a_user_is_a_name_or_a_number_in_plain_digits(name):
    """Python also takes digits of other scripts, signs and underscores for a number."""
    with pytest.raises(ConfigError, match="there is no user"):
        choose(name, {}, Path("/"))
    assert choose("65534", {}, Path("/")).name == "nobody"
