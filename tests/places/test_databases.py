"""All databases: where they are looked for, and how they are kept up to date."""

import ipaddress
import multiprocessing
import os
import shutil
import threading
from pathlib import Path

import pytest

from netmon.places.databases import Databases, DatabaseState, default_folders
from netmon.places.labels import DatabaseLabel
from tests.places.mmdb import DAY_S, JUNE_S, nested, write_database, write_flat

NET = "192.0.2.0/24"
ADDRESS = ipaddress.ip_address("192.0.2.1")


@pytest.fixture
def folder(tmp_path):
    """A folder for databases."""
    path = tmp_path / "GeoIP"
    path.mkdir()
    return path


def countries(databases):
    return [(vote.source, vote.country) for vote in databases.votes(databases.current, ADDRESS)]


def replace_by(file, *words, **more):
    """Replace a file by another database atomically, as updaters do."""
    write_database(file.with_suffix(".new"), *words, **more).replace(file)


def test_files_and_folders(folder, tmp_path):
    """Files are opened, and *.mmdb in folders without subfolders; the databases are sorted by name."""
    write_database(folder / "b.mmdb", {NET: nested("CH")}, "GeoLite2-City")
    write_database(folder / "a.mmdb", {NET: nested("DE")}, "DBIP-City-Lite")
    write_database(folder / "deeper" / "c.mmdb", {NET: nested("RU")}, "Deeper")
    single = write_database(tmp_path / "single", {NET: nested("FR")}, "Acme")
    databases = Databases([single, folder], required=True)
    assert databases.refresh()
    assert countries(databases) == [("Acme", "FR"), ("DBIP-City-Lite", "DE"), ("GeoLite2-City", "CH")]
    assert databases.take_problems() == []
    assert not databases.refresh()


def test_default_folders():
    """They are the system's folders and the user's own."""
    folders = default_folders({"HOME": "/home/me"})
    assert folders[0] == Path("/usr/share/GeoIP")
    assert folders[-1] == Path("/home/me/.local/share/netmon")
    assert default_folders({"XDG_DATA_HOME": "/data"})[-1] == Path("/data/netmon")


def test_a_default_folder_may_be_missing_or_empty(folder, tmp_path):
    """Location databases are optional."""
    databases = Databases([folder, tmp_path / "nowhere"])
    assert not databases.refresh()
    assert (databases.current, databases.take_problems()) == ((), [])


def test_configured_paths_must_exist(folder, tmp_path):
    """A missing file and an empty folder are reported once, and again if the problem returns."""
    missing = tmp_path / "one.mmdb"
    databases = Databases([missing, folder], required=True)
    databases.refresh()
    problems = [
        f"{folder}: contains no location database (*.mmdb)",
        f"{missing}: no such file or directory",
    ]
    assert sorted(databases.take_problems()) == problems
    databases.refresh()
    assert databases.take_problems() == []
    write_database(missing, {NET: nested("CH")})
    assert databases.refresh()
    missing.unlink()
    assert not databases.refresh()
    assert databases.take_problems() == [
        f"{missing}: no such file or directory; its last good version stays in use"
    ]
    assert countries(databases) == [("GeoLite2-City", "CH")]


def test_a_replaced_file_is_opened_again(folder):
    """The new build is in use after the next refresh."""
    file = write_database(folder / "city.mmdb", {NET: nested("CH")})
    databases = Databases([folder])
    databases.refresh()
    replace_by(file, {NET: nested("RU")}, built_s=JUNE_S + DAY_S)
    assert countries(databases) == [("GeoLite2-City", "CH")]
    assert databases.refresh()
    assert countries(databases) == [("GeoLite2-City", "RU")]
    assert databases.states == (DatabaseState("GeoLite2-City", JUNE_S + DAY_S, is_current=True),)


def test_a_broken_replacement_leaves_the_old_one_in_use(folder):
    """It is reported once, shows in the state, and is resolved by the next valid file."""
    file = write_database(folder / "city.mmdb", {NET: nested("CH")})
    databases = Databases([folder])
    databases.refresh()
    file.write_bytes(b"<html>429 Too Many Requests</html>")
    assert not databases.refresh()
    assert not databases.refresh()
    assert databases.take_problems() == [
        f"{file}: not an MMDB file, or damaged; its last good version stays in use"
    ]
    assert countries(databases) == [("GeoLite2-City", "CH")]
    assert databases.states == (DatabaseState("GeoLite2-City", JUNE_S, is_current=False),)
    replace_by(file, {NET: nested("DE")})
    assert databases.refresh()
    assert databases.states == (DatabaseState("GeoLite2-City", JUNE_S, is_current=True),)


def test_a_file_that_never_opened(folder):
    """Its state has the name of the file, since the name of the database is unknown."""
    (folder / "city.mmdb").write_bytes(b"")
    databases = Databases([folder])
    databases.refresh()
    assert databases.take_problems() == [f"{folder}/city.mmdb: not an MMDB file, or damaged"]
    assert databases.states == (DatabaseState("city", None, is_current=False),)


def test_states_have_different_names(folder, tmp_path):
    """They label metrics, so a file that never opened is distinguished from others of its name."""
    write_flat(folder / "city.mmdb", {NET: "CH/Zurich"})
    broken = [tmp_path / name / "city.mmdb" for name in ("a", "b")]
    for file in broken:
        file.parent.mkdir()
        file.write_bytes(b"")
    databases = Databases([folder, *broken], required=True)
    databases.refresh()
    assert [state.name for state in databases.states] == ["city", *(f"city ({file})" for file in broken)]


def test_the_next_month_has_another_file_name(folder):
    """With the month in the file name, the newest build is used and the old file may be deleted."""
    old = write_database(folder / "dbip-2026-06.mmdb", {NET: nested("CH")}, "DBIP-City-Lite")
    databases = Databases([folder])
    databases.refresh()
    later_s = JUNE_S + 30 * DAY_S
    write_database(folder / "dbip-2026-07.mmdb", {NET: nested("RU")}, "DBIP-City-Lite", built_s=later_s)
    assert databases.refresh()
    assert countries(databases) == [("DBIP-City-Lite", "RU")]
    old.unlink()
    assert not databases.refresh()
    assert databases.take_problems() == []
    assert databases.states == (DatabaseState("DBIP-City-Lite", later_s, is_current=True),)


def test_two_providers_of_one_type(folder):
    """Both are used, and both providers are known from their file names."""
    write_flat(folder / "dbip-city-ipv4.mmdb", {NET: "RU/Moscow"})
    write_flat(folder / "geolite2-city-ipv4.mmdb", {NET: "CH/Zurich"}, built_s=JUNE_S + DAY_S)
    databases = Databases([folder])
    databases.refresh()
    assert countries(databases) == [("dbip-city-ipv4", "RU"), ("geolite2-city-ipv4", "CH")]
    assert [one.provider for one in databases.current] == ["dbip", "maxmind"]
    assert databases.unused == ()


def test_unknown_providers_of_one_type(folder):
    """Both are used, whatever their age: nothing says that one is a build of the other."""
    write_database(folder / "a.mmdb", {NET: nested("RU")}, "Acme-City")
    write_database(folder / "b.mmdb", {NET: nested("CH")}, "Acme-City", built_s=JUNE_S + DAY_S)
    databases = Databases([folder])
    assert databases.refresh()
    names = [f"Acme-City ({folder}/{name}.mmdb)" for name in "ab"]
    assert countries(databases) == [(names[0], "RU"), (names[1], "CH")]
    assert [state.name for state in databases.states] == names
    assert not databases.refresh()


def test_files_of_one_name_in_two_folders(folder, tmp_path):
    """They are used both, under names that tell them apart."""
    write_flat(folder / "city.mmdb", {NET: "RU/Moscow"})
    write_flat(tmp_path / "other" / "city.mmdb", {NET: "CH/Zurich"})
    databases = Databases([folder, tmp_path / "other"])
    databases.refresh()
    assert countries(databases) == [
        (f"city ({folder}/city.mmdb)", "RU"),
        (f"city ({tmp_path}/other/city.mmdb)", "CH"),
    ]


def test_an_older_build_is_not_used(folder):
    """Of two builds of one database, the newer one counts; the other one is listed."""
    old = write_flat(folder / "dbip-city-2026-06.mmdb", {NET: "RU/Moscow"})
    new = write_flat(folder / "dbip-city-2026-07.mmdb", {NET: "CH/Zurich"}, built_s=JUNE_S + 30 * DAY_S)
    databases = Databases([folder])
    databases.refresh()
    assert countries(databases) == [("dbip-city-2026-07", "CH")]
    assert databases.unused == ((old, f"{new} is a newer build of the same database"),)


def test_other_names_of_one_file(folder, tmp_path):
    """A link is the same file, and the name that tells the provider counts."""
    file = write_flat(folder / "dbip-city-ipv4.mmdb", {NET: "CH/Zurich"})
    (folder / "city.mmdb").symlink_to(file)
    (tmp_path / "other").symlink_to(folder)
    databases = Databases([folder, tmp_path / "other"])
    databases.refresh()
    assert countries(databases) == [("dbip-city-ipv4", "CH")]
    others = (folder / "city.mmdb", tmp_path / "other" / "city.mmdb", tmp_path / "other" / file.name)
    assert databases.unused == tuple(sorted((other, f"{file} is the same file") for other in others))


def test_names_stay_when_a_file_is_replaced(folder):
    """The name that tells two databases apart is the same for every build."""
    write_database(folder / "a.mmdb", {NET: nested("RU")}, "Acme-City")
    file = write_database(folder / "b.mmdb", {NET: nested("CH")}, "Acme-City")
    databases = Databases([folder])
    databases.refresh()
    before = [state.name for state in databases.states]
    replace_by(file, {NET: nested("DE")}, "Acme-City", built_s=JUNE_S + DAY_S)
    assert databases.refresh()
    assert [state.name for state in databases.states] == before
    assert not databases.refresh()


def test_parts_of_one_build(folder):
    """Files of one provider, type and build time complete each other."""
    write_flat(folder / "dbip-city-a-ipv4.mmdb", {"192.0.2.0/25": "CH/Zurich"})
    write_flat(folder / "dbip-city-b-ipv4.mmdb", {"192.0.2.128/25": "RU/Moscow"})
    databases = Databases([folder])
    databases.refresh()
    assert countries(databases) == [("dbip-city-a-ipv4", "CH")]
    assert len(databases.current) == 2


def test_a_name_in_capitals(folder):
    """IP2Location's files end in .MMDB."""
    write_database(folder / "IP2LOCATION-LITE-DB1.MMDB", {NET: nested("CH")}, "IP2LITE-Country")
    databases = Databases([folder], required=True)
    databases.refresh()
    assert countries(databases) == [("IP2LITE-Country", "CH")]
    assert databases.take_problems() == []


def test_labels_of_files_and_folders(folder):
    """A label applies to a file, or to all files of a folder that have none of their own."""
    for name in "ab":
        write_flat(folder / f"{name}.mmdb", {NET: "CH"})
    labels = {folder: DatabaseLabel("acme"), folder / "b.mmdb": DatabaseLabel("dbip", "registration")}
    databases = Databases([folder, folder / "b.mmdb"], labels=labels)
    databases.refresh()
    assert [(one.name, one.provider, one.about) for one in databases.current] == [
        ("a", "acme", "location"),
        ("b", "dbip", "registration"),
    ]


def test_a_deleted_file_stays_in_use(folder):
    """An updater may delete the old file a moment before the new one exists."""
    file = write_database(folder / "city.mmdb", {NET: nested("CH")})
    databases = Databases([folder])
    databases.refresh()
    away = file.rename(folder / "city.away")
    databases.refresh()
    assert databases.take_problems() == [f"{file}: no longer exists; its last good version stays in use"]
    assert countries(databases) == [("GeoLite2-City", "CH")]
    assert databases.states == (DatabaseState("GeoLite2-City", JUNE_S, is_current=False),)
    away.rename(file)
    databases.refresh()
    assert databases.states == (DatabaseState("GeoLite2-City", JUNE_S, is_current=True),)


def test_a_folder_that_may_not_be_read(folder, monkeypatch):
    """A default folder without read permission is ignored."""
    monkeypatch.setattr(os.path, "isdir", lambda _: False)
    databases = Databases([folder])
    databases.refresh()
    assert databases.take_problems() == []


def test_damage_is_reported_once(folder):
    """A damaged record gives no vote, and its database is reported once and not current."""
    many = {f"10.{i}.{j}.0/24": nested("CH", f"c{i}-{j}") for i in range(16) for j in range(256)}
    file = write_database(folder / "city.mmdb", many)
    data = bytearray(file.read_bytes())
    data[data.index(b"c15-200") - 1] = 0xFF
    file.write_bytes(data)
    databases = Databases([folder])
    databases.refresh()
    for _ in range(3):
        assert list(databases.votes(databases.current, ipaddress.ip_address("10.15.200.1"))) == []
    assert databases.take_problems() == [f"{file}: some of its records are damaged"]
    assert databases.states[0].is_current is False
    assert len(list(databases.votes(databases.current, ipaddress.ip_address("10.15.199.1")))) == 1


REPLACEMENTS = 100
LOOKUPS = 1_000_000


def replace_often(folder, first, second, file, looked_up):
    """Replace a file by the first and the second in turn; runs in a process of its own."""
    for number in range(REPLACEMENTS):
        looked_up.acquire()
        copy = folder / "copy"
        shutil.copyfile((first, second)[number % 2], copy)
        copy.replace(file)


@pytest.mark.slow
def test_replacement_under_load(folder, tmp_path):
    """In a million lookups, while the file is replaced a hundred times, each vote is from one version of it.

    Another process replaces the file and a second thread refreshes. Country and city of a vote come from one
    record, so a mixture would be noticed.
    """
    networks = [f"10.{i}.{j}.0/24" for i in range(4) for j in range(256)]
    first = write_database(tmp_path / "1", {net: nested("CH", "Bern") for net in networks})
    second = write_database(
        tmp_path / "2", {net: nested("DE", "Ulm") for net in networks[::-1]}, built_s=JUNE_S + DAY_S
    )
    file = folder / "city.mmdb"
    shutil.copyfile(first, file)
    databases = Databases([folder])
    databases.refresh()
    looked_up = multiprocessing.get_context("fork").Semaphore(0)
    updater = multiprocessing.get_context("fork").Process(
        target=replace_often, args=(tmp_path, first, second, file, looked_up)
    )
    updater.start()
    over = threading.Event()
    changes = []

    def refresh():
        while not over.wait(0.001):
            changes.append(databases.refresh())

    refresher = threading.Thread(target=refresh)
    refresher.start()
    found = set()
    addresses = [ipaddress.ip_address(net.removesuffix("0/24") + "9") for net in networks]
    try:
        for number in range(LOOKUPS):
            for vote in databases.votes(databases.current, addresses[number % len(addresses)]):
                found.add((vote.country, vote.city, vote.date))
            if number % (LOOKUPS // REPLACEMENTS) == 0:
                looked_up.release()
    finally:
        over.set()
        refresher.join()
        updater.join()
    assert found == {("CH", "Bern", "2026-06-17"), ("DE", "Ulm", "2026-06-18")}
    assert sum(changes) > REPLACEMENTS // 2
    assert databases.take_problems() == []
