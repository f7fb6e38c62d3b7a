"""The key of the pseudonyms: who may read it, how it is made and replaced."""

from __future__ import annotations

import os
from datetime import date

import pytest

from netmon.errors import ConfigError
from netmon.privacy.key_file import kept_keys, make_key, read_all_keys, read_key, remove_expired, rotate_key

TODAY = date(2026, 11, 28)


@pytest.fixture
def key(tmp_path):
    """A key."""
    make_key(tmp_path / "key")
    return tmp_path / "key"


def test_without_a_key_file_each_process_has_its_own_key():
    """It is a random key of 32 bytes."""
    assert read_key(None) != read_key(None)
    assert len(read_key(None)) == 32


def test_a_key_file_is_used(key):
    """All bytes of the file are the key, whatever their values."""
    key.write_bytes(b"\n" + bytes(range(32)) + b" ")
    assert read_key(key) == b"\n" + bytes(range(32)) + b" "


def test_a_new_key_is_random_and_only_its_owners(key, tmp_path):
    """32 bytes that differ each time, with the rights 0600 whatever the umask."""
    before = os.umask(0)
    try:
        make_key(tmp_path / "other")
    finally:
        os.umask(before)
    assert len(read_key(key)) == 32
    assert read_key(key) != read_key(tmp_path / "other")
    assert {one.stat().st_mode & 0o777 for one in (key, tmp_path / "other")} == {0o600}


@pytest.mark.parametrize("kind", ["file", "link", "dangling link"])
def test_a_key_is_never_overwritten(key, tmp_path, kind):
    """Neither a file nor where a link leads: whoever wants a new key is told how to replace it."""
    target, before = tmp_path / "target", read_key(key)
    if kind != "file":
        target = tmp_path / "target"
        (tmp_path / "link").symlink_to(key if kind == "link" else target)
        target = tmp_path / "link"
    else:
        target = key
    with pytest.raises(ConfigError, match="exists already; to replace the key, run: netmon privacy rotate"):
        make_key(target)
    assert read_key(key) == before
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644, 0o610])
def test_a_key_that_others_may_read_is_refused(key, mode):
    """Whoever may read it could identify clients; the message says what to do."""
    key.chmod(mode)
    with pytest.raises(ConfigError) as caught:
        read_key(key)
    assert str(caught.value) == (
        f"{key}: may be read by others than its owner, who could then identify clients; run: chmod 600 {key}"
    )


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_key_of_its_owner_is_accepted(key, mode):
    """With or without the right to write."""
    key.chmod(mode)
    assert len(read_key(key)) == 32


def test_the_rights_of_a_credential_are_systemds(key, tmp_path):
    """systemd gives the service's user access by group or ACL; a file elsewhere is not a credential."""
    key.chmod(0o440)
    assert read_key(key, {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    for environment in (
        {"CREDENTIALS_DIRECTORY": str(tmp_path / "other")},
        {"CREDENTIALS_DIRECTORY": "/"},
        {},
    ):
        with pytest.raises(ConfigError, match="may be read by others"):
            read_key(key, environment)


def test_a_short_key_is_refused(key):
    """A key that could be guessed is rejected in one line that says how to create a good one."""
    key.write_bytes(b"secret")
    with pytest.raises(ConfigError) as caught:
        read_key(key)
    assert str(caught.value) == (
        f"{key}: a key of 6 bytes is too short (at least 32); remove it, and create one with: "
        f"netmon privacy key {key}"
    )


def test_a_missing_key_is_refused(tmp_path):
    """It is never silently replaced by a random key; the message says how to create one."""
    with pytest.raises(ConfigError, match="no such file or directory; create it with: netmon privacy key"):
        read_key(tmp_path / "key")


def test_a_replaced_key_is_kept_for_a_while(key):
    """The new one differs, the old one has its rights, and both may have made a pseudonym."""
    before = read_key(key)
    kept = rotate_key(key, TODAY, 90)
    assert kept.file.name == "key.2026-11-28.until-2027-02-26"
    assert read_key(kept.file) == before != read_key(key)
    assert read_all_keys(key) == [read_key(key), before]
    assert kept.file.stat().st_mode & 0o777 == key.stat().st_mode & 0o777 == 0o600
    assert list(kept_keys(key)) == [kept]
    assert sorted(one.name for one in key.parent.iterdir()) == ["key", kept.file.name]


def test_an_expired_key_is_removed_on_the_day_after(key):
    """Afterwards no one can identify the clients of its time."""
    first = rotate_key(key, TODAY, 1)
    second = rotate_key(key, date(2026, 11, 29), 90)
    assert remove_expired(key, date(2026, 11, 29)) == []
    assert remove_expired(key, date(2026, 11, 30)) == [first.file]
    assert [one.file for one in kept_keys(key)] == [second.file]


def test_a_key_is_replaced_once_a_day(key):
    """The key before is not lost."""
    kept = rotate_key(key, TODAY, 90)
    before = read_key(key)
    with pytest.raises(ConfigError, match="the key was replaced today: try tomorrow"):
        rotate_key(key, TODAY, 90)
    assert read_key(key) == before
    assert [one.file for one in kept_keys(key)] == [kept.file]


def test_what_was_left_of_an_interrupted_replacement_does_no_harm(key):
    """The key of an interrupted replacement was never used."""
    (key.parent / "key.new").write_bytes(b"half")
    rotate_key(key, TODAY, 90)
    assert len(read_key(key)) == 32


def test_other_files_beside_the_key_are_not_keys(key):
    """Such as its log, or a copy."""
    for name in ("key.log", "key.bak", "key.2026-11-28", "key.2026-11-28.until-2027-02-26.gz", "other.key"):
        (key.parent / name).write_bytes(b"x")
    assert list(kept_keys(key)) == []
    assert remove_expired(key, date(2100, 1, 1)) == []
