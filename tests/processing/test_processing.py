"""`netmon privacy list`: what is stored follows from the configuration, in every language."""

from __future__ import annotations

import os
import re
from datetime import date
from typing import get_args, get_type_hints

import pytest
from msgspec import Struct
from msgspec.structs import replace

from netmon.config.settings import Config, EvidenceFiles, Rotation, SpoolOptions, StoreSettings
from netmon.language.language import LANGUAGES, Language
from netmon.privacy.key_file import make_key, rotate_key
from netmon.processing.activities import LEVELS, list_activities, readers_of
from netmon.processing.table import as_document, as_lines

READ_ONLY = {"signatures", "databases", "labels", "file", "web.config_file", "web.listen.path"}
"""Settings with files that netmon only reads, and sockets."""
LISTED = {"privacy_key", "events", "state", "evidence.folder", "spool.folder", "store.path"}


def paths_of(settings, prefix=""):
    """The settings that name files or folders, also those in groups."""
    for name, kind in get_type_hints(settings).items():
        groups = [one for one in (kind, *get_args(kind)) if isinstance(one, type) and issubclass(one, Struct)]
        if "Path" in str(kind):
            yield prefix + name
        for group in groups:
            yield from paths_of(group, f"{prefix}{name}.")


def listed(config, environment=None):
    """The list in English, by what is stored."""
    activities = list_activities(config, environment or {"HOME": "/home/netmon"})
    return {one["what"].partition(":")[0]: one for one in as_document(config, activities, str)["stored"]}


@pytest.mark.parametrize("level", range(4))
def test_events_show_clients_as_the_level_says(level, tmp_path):
    """The list names what the events of that level have of clients."""
    config = Config(events=tmp_path / "events.jsonl", privacy_level=level)
    assert listed(config)["Events"]["clients"] == LEVELS[level]
    assert ("hardware" in listed(config)["Flows in progress"]["clients"]) == (level == 0)


@pytest.mark.parametrize(
    ("rotation", "how_long"),
    [
        (Rotation(), "until the file is removed; netmon does not rotate it, see logrotate"),
        (Rotation(rotate_hours=24, keep=30), "30 files of 24 hours each, and the current one"),
        (Rotation(rotate_mib=100, keep=7), "7 files of at most 100 MiB each, and the current one"),
    ],
)
def test_events_are_kept_as_long_as_their_rotation_says(rotation, how_long, tmp_path):
    """By age, by size, or without a limit."""
    assert listed(Config(events=tmp_path / "e", rotation=rotation))["Events"]["how_long"] == how_long


@pytest.mark.parametrize("level", [0, 1])
def test_evidence_is_listed_with_its_retention(level, tmp_path):
    """Above level 0 its packets are rewritten."""
    settings = EvidenceFiles(tmp_path / "evidence", max_mib=100, keep_days=30)
    found = listed(Config(evidence=settings, privacy_level=level))["Evidence for findings"]
    assert found["how_long"] == "30 days, and at most 100 MiB; the oldest files are removed first"
    assert ("replaced" in found["clients"]) == (level > 0)


@pytest.mark.parametrize(
    ("keep_days", "max_mib", "how_long"),
    [
        (90, 1024, "90 days, and at most 1024 MiB; the oldest days are removed first"),
        (90, 0, "90 days"),
        (0, 1024, "at most 1024 MiB; the oldest days are removed first"),
        (0, 0, "without a limit"),
    ],
)
def test_the_store_is_listed_with_its_retention(keep_days, max_mib, how_long):
    """In the folder for state unless it is elsewhere or off."""
    found = listed(Config(store=StoreSettings(keep_days=keep_days, max_mib=max_mib)))["Store"]
    assert found["how_long"] == how_long
    assert found["where"] == "/home/netmon/.local/state/netmon/flows.db"
    assert "Store" not in listed(Config(store=StoreSettings(is_off=True)))


def test_what_is_not_configured_is_not_listed():
    """No events, no key file; the key is then one in memory."""
    found = listed(Config())
    assert set(found) == {
        "Flows in progress",
        "Memory across restarts",
        "Machines that used a vendor's products in the current counting period",
        "Metrics",
        "Store",
        "Key of the pseudonyms",
    }
    assert "random" in found["Key of the pseudonyms"]["where"]


def test_keys_and_the_log_of_their_use_are_listed(tmp_path):
    """With the days until which replaced keys are kept."""
    key = tmp_path / "key"
    make_key(key)
    rotate_key(key, date(2026, 11, 28), 90)
    found = listed(Config(privacy_key=key))
    assert found["Key of the pseudonyms"]["where"] == str(key)
    assert found["Replaced key of the pseudonyms"]["how_long"] == "until 2027-02-26"
    assert found["Log of identifications"]["readers"] == "does not exist yet"


def test_a_spool_is_listed_with_its_size(tmp_path):
    """The oldest files are removed by size."""
    found = listed(Config(spool=SpoolOptions(tmp_path, 300)))["Spool"]
    assert found["where"] == str(tmp_path)
    assert "300 MiB" in found["how_long"]


def test_every_file_that_the_configuration_names_is_listed_or_only_read():
    """A new setting for a file must be listed, or named here as one that is only read."""
    assert set(paths_of(Config)) == READ_ONLY | LISTED


@pytest.mark.parametrize(
    ("mode", "readers"),
    [(0o600, "root"), (0o640, "root, and group {group}"), (0o644, "every user of the machine")],
)
def test_readers_follow_from_the_rights_of_the_file(mode, readers, tmp_path):
    """Not from what the documentation recommends."""
    file = tmp_path / "events.jsonl"
    file.write_text("")
    file.chmod(mode)
    said = readers_of(file).said(str)
    if os.geteuid() == 0:
        group = "root" if file.stat().st_gid == 0 else said.rpartition(" ")[2]
        assert said == readers.format(group=group)
    else:
        assert ("every user" in said) == (mode == 0o644)


def test_numbers_stand_for_users_that_do_not_exist(tmp_path):
    """Such as those of a container."""
    if os.geteuid() != 0:
        pytest.skip("needs root: it gives a file to another user")
    file = tmp_path / "events.jsonl"
    file.write_text("")
    os.chown(file, 54_321, 54_322)
    file.chmod(0o640)
    assert readers_of(file).said(str) == "root, user 54321, and group 54322"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_is_the_same_in_every_language(language, tmp_path):
    """The same number of entries, no braces left, and lines of at most 100 characters."""
    config = replace(Config(), events=tmp_path / "events.jsonl")
    activities = list_activities(config, {"HOME": "/home/netmon"})
    lines = list(as_lines(config, activities, Language(language).say))
    assert sum(bool(re.match(r"\d+\. ", line)) for line in lines) == len(activities)
    assert not any(re.search(r"[{}]", line) for line in lines)
    assert all(len(line) <= 100 or str(tmp_path) in line for line in lines)


@pytest.mark.parametrize(
    ("level", "store", "is_listed"), [(0, True, False), (1, True, True), (1, False, False), (2, True, False)]
)
def test_machines_are_listed_where_they_are_counted(level, store, is_listed):
    """At the level of pseudonyms, for a store or a spool; their pseudonyms are told apart from daily ones."""
    found = listed(Config(privacy_level=level, store=StoreSettings(is_off=not store)))
    [machines] = [one for what, one in found.items() if what.startswith("Machines that")] or [None]
    assert (machines is not None) == is_listed
    if machines is not None:
        assert machines["where"] == "/home/netmon/.local/state/netmon/machines.json"
        assert "each counting period" in machines["clients"]
        assert "each counting period" in found["Store"]["clients"]
