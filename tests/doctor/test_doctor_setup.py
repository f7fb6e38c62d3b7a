"""What the doctor says about country, databases, signatures, the clock, folders, disks and addresses."""

import os
import socket
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from grafana.src.thresholds import Thresholds
from netmon.config.settings import Config, Rotation, SpoolOptions, StoreSettings
from netmon.doctor.checks.outputs import disk_findings, folder_findings, web_findings
from netmon.doctor.checks.setup import (
    DATABASE_DAYS,
    SIGNATURES_DAYS,
    KnownDatabase,
    clock_findings,
    country_findings,
    database_findings,
    signature_findings,
)
from netmon.doctor.facts.clock import ClockState, clock_state
from netmon.doctor.facts.files import WrittenFolder, written_folders
from netmon.doctor.facts.web import WebAddress, web_addresses
from netmon.doctor.findings import Mark
from netmon.language.language import ENGLISH
from netmon.privileges.account import choose
from netmon.verdict.subjects import Subjects
from netmon.web.options import ListenAddress, WebOptions

TODAY = date(2026, 11, 29)
CITIES = KnownDatabase("GeoLite2-City", "maxmind", date(2026, 11, 20), locates=True, has_ipv6=True)
GB = 10**9


def marks(findings):
    return [one.mark for one in findings]


def test_the_country_of_the_users():
    """Without one, promises to users of a country are not applied."""
    [known] = country_findings(Subjects("DE"), ENGLISH)
    assert (known.mark, known.text) == (Mark.OK, "users in Germany")
    [unknown] = country_findings(Subjects(), ENGLISH)
    assert (unknown.mark, unknown.command) == (Mark.WARNING, "netmon run --country DE …")


def test_location_databases():
    """A fresh one is good; an old one, none, and none with IPv6 are warnings with what they mean."""
    assert marks(database_findings([CITIES], {"dbip"}, TODAY, ENGLISH)) == [Mark.OK]
    old = replace(CITIES, day=date(2026, 9, 1))
    [found] = database_findings([old, CITIES], {"dbip"}, TODAY, ENGLISH)
    assert (found.mark, found.text) == (
        Mark.WARNING,
        "location databases of more than 45 days: GeoLite2-City (1 Sep 2026)",
    )
    [_, found] = database_findings([replace(CITIES, has_ipv6=False)], {"dbip"}, TODAY, ENGLISH)
    assert found.text == "no location database has IPv6"
    [found] = database_findings([replace(CITIES, locates=False)], {"dbip"}, TODAY, ENGLISH)
    assert found.text == "no location database was found"
    assert "single_source" in found.meaning


def test_a_database_that_repeats_the_signatures():
    """It confirms nothing; one of another provider beside it does."""
    repeats = replace(CITIES, name="dbip-city-lite", provider="dbip")
    [_, found] = database_findings([repeats], {"dbip"}, TODAY, ENGLISH)
    assert (found.mark, found.text.rpartition(": ")[2]) == (Mark.WARNING, "dbip")
    assert "count as one source" in found.meaning
    assert marks(database_findings([repeats, CITIES], {"dbip"}, TODAY, ENGLISH)) == [Mark.OK]


def test_signatures():
    """By the day of their last review."""
    reviewed = {"acme": date(2026, 11, 1), "old": date(2026, 1, 1), "unknown": None}
    assert marks(signature_findings(reviewed, TODAY, ENGLISH)) == [Mark.OK, Mark.WARNING, Mark.NOT_CHECKED]


def test_ages_are_those_of_the_alerts():
    """What is stale for the doctor is stale for Grafana."""
    assert (Thresholds().database_days, Thresholds().signatures_days) == (DATABASE_DAYS, SIGNATURES_DAYS)


def test_the_clock():
    """Not synchronised is a warning, packets of another time are a problem, and nothing is guessed."""
    assert marks(clock_findings(ClockState(True, 0.1), 0.2, ENGLISH)) == [Mark.OK]
    assert marks(clock_findings(ClockState(False, 16.0), None, ENGLISH)) == [Mark.WARNING]
    assert marks(clock_findings(None, None, ENGLISH)) == [Mark.NOT_CHECKED]
    [found, _] = clock_findings(ClockState(True, 0.1), -3600.0, ENGLISH)
    assert (found.mark, found.text) == (
        Mark.PROBLEM,
        "packets have a time that is -3,600.0 s off the system's clock",
    )


def test_this_machine_tells_the_state_of_its_clock():
    """Without any right."""
    assert clock_state() is not None


def folder(**changes):
    good = WrittenFolder("state.folder", Path("/var/lib/netmon"), None, 1, 50 * GB, GB)
    return replace(good, **changes)


def test_folders():
    """One line for those that can be written, and a problem for each of the others."""
    bad = folder(key="evidence.folder", folder=Path("/srv/my evidence"), problem="a reason")
    found, good = folder_findings([folder(), bad], "netmon", ENGLISH)
    assert (found.mark, found.text) == (Mark.PROBLEM, "evidence.folder: /srv/my evidence: a reason")
    assert found.command == "sudo install -d -o netmon -m 700 '/srv/my evidence'"
    assert (good.mark, good.text) == (Mark.OK, "can be written by netmon: state.folder (/var/lib/netmon)")


def test_a_user_without_a_name():
    """The command gives its number, as install(1) takes it."""
    [found] = folder_findings([folder(problem="a reason")], "uid 65534", ENGLISH)
    assert found.command == "sudo install -d -o 65534 -m 700 /var/lib/netmon"


def test_disks():
    """What several folders on a disk may need adds up."""
    assert marks(disk_findings([folder(), folder(key="spool.folder")], ENGLISH)) == [Mark.OK]
    [found] = disk_findings([folder(needed_bytes=30 * GB), folder(needed_bytes=30 * GB)], ENGLISH)
    assert (found.mark, found.text) == (
        Mark.WARNING,
        "50.0 GB free for state.folder, state.folder, which may still grow by 60.0 GB",
    )
    assert marks(disk_findings([folder(free_bytes=10**6)], ENGLISH)) == [Mark.PROBLEM]
    assert marks(disk_findings([folder(), folder(device=2)], ENGLISH)) == [Mark.OK, Mark.OK]
    assert marks(disk_findings([folder(free_bytes=None)], ENGLISH)) == [Mark.NOT_CHECKED]


def test_folders_of_a_configuration(tmp_path):
    """Each with what it may still grow by; nothing is made."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "flows.db").write_bytes(bytes(1 << 20))
    config = Config(
        state=tmp_path / "state",
        store=StoreSettings(max_mib=10),
        spool=SpoolOptions(tmp_path / "new" / "spool", 256),
        events=tmp_path / "events.jsonl",
        rotation=Rotation(rotate_mib=5, keep=2),
    )
    before = sorted(tmp_path.rglob("*"))
    found = {one.key: one for one in written_folders(config, {}, None)}
    assert {key: one.needed_bytes and one.needed_bytes >> 20 for key, one in found.items()} == {
        "state.folder": 9,
        "events.file": 15,
        "spool.folder": 256,
    }
    assert {one.problem for one in found.values()} == {None}
    assert all(one.free_bytes for one in found.values())
    assert sorted(tmp_path.rglob("*")) == before


def test_a_file_in_place_of_a_folder(tmp_path):
    """It can hold no state."""
    (tmp_path / "state").write_text("")
    [found] = written_folders(Config(state=tmp_path / "state"), {}, None)
    assert found.problem == "not a folder"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, who becomes another user")
def test_a_folder_that_another_user_cannot_write(tmp_path):
    """Root's own folder with netmon's files is handed over, and one with other files is not."""
    account = choose("nobody", {}, Path("/"))
    tmp_path.chmod(0o755)
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (state / "flows.db").touch()
    [found] = written_folders(Config(state=state), {}, account)
    assert found.problem is None
    (state / "letter.txt").touch()
    [found] = written_folders(Config(state=state), {}, account)
    assert found.problem == f"the user nobody cannot write in {state}"


def test_addresses_for_metrics():
    """Free, taken by another program, or by a sensor already."""
    free, taken, own = (
        WebAddress("127.0.0.1:1", None, is_sensor=False),
        WebAddress("127.0.0.1:2", "127.0.0.1:2: cannot serve", is_sensor=False),
        WebAddress("127.0.0.1:3", "127.0.0.1:3: cannot serve", is_sensor=True),
    )
    found = list(web_findings([free, taken, own], is_passed=False, language=ENGLISH))
    assert marks(found) == [Mark.OK, Mark.PROBLEM, Mark.OK]
    assert marks(web_findings([], is_passed=True, language=ENGLISH)) == [Mark.NOT_CHECKED]


def test_an_address_that_another_program_uses(tmp_path):
    """Over TCP and as a Unix socket; each is left as it was."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        addresses = (ListenAddress("127.0.0.1", port), ListenAddress(path=tmp_path / "socket"))
        taken, free = web_addresses(WebOptions(listen=addresses))
    assert (taken.address, taken.is_sensor) == (f"127.0.0.1:{port}", False)
    assert "address already in use" in taken.problem
    assert free.problem is None
    assert not (tmp_path / "socket").exists()
