"""What is read or imported is stored at its end, all of it or nothing, and no flow twice."""

import random
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from netmon.config.settings import Config
from netmon.days import DAY_NS
from netmon.errors import EventError, StoreError
from netmon.outputs.observer import Observer
from netmon.privacy import ADDRESS, NOTHING, PSEUDONYM, Privacy
from netmon.signatures.folder import default_folder
from netmon.signatures.load import load_folder
from netmon.store import queries
from netmon.store.doubles import find_doubles
from netmon.store.kept import imported_into, kept_in
from netmon.store.levels import levels_of
from netmon.store.queries import Scope
from netmon.store.reading import ReadUnder, opened
from netmon.store.rows import rows_of
from netmon.store.sqlite import SqliteStore
from netmon.store.staging import staged
from tests.records import START_NS, classified
from tests.store.conftest import OBSERVER, events_of, lines_of

ROOT = Path(__file__).parents[2]
KILLS = 4
FLOWS = 500
SIGNATURES = load_folder(default_folder())
STATS = {"first_ns": START_NS, "last_ns": START_NS, "view": {}}


def flow(number, **fields):
    """A flow that begins at a time of its own."""
    return classified(flow_id=number, start_ns=START_NS + number * 1000, **fields)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "flows.db"


def stored(path):
    """The number of flows in a store."""
    with opened(path, is_read_only=True) as store:
        return queries.totals(store, Scope()).flows


@contextmanager
def reading(path, run, *flows, names=None, **options):
    """A reading that has seen these flows and has not ended."""
    observer = replace(OBSERVER, run=run)
    names = names or [f"{run}.pcap"]
    under = ReadUnder(Config(), SIGNATURES, [], Privacy(ADDRESS, bytes(32)), observer, names, "")
    with kept_in(path, under, **options) as kept:
        for one in flows:
            kept.reading.flow(one)
        kept.reading.flush()
        yield kept


def read(path, run, *flows):
    """Reads these flows to the end."""
    with reading(path, run, *flows) as kept:
        kept.finish(STATS, [])


def test_a_reading_replaces_at_its_end(path):
    """Until then the store has what it had; what does not come to its end leaves it so."""
    read(path, "a", *map(flow, range(3)))
    with reading(path, "a", flow(0)) as kept:
        assert (stored(path), kept.replaces) == (3, True)
    assert stored(path) == 3
    read(path, "a", flow(0))
    assert stored(path) == 1


@pytest.mark.parametrize("year", [2115, 2117, 2261])
def test_the_end_of_a_run_is_its_latest_record_in_any_year(path, year):
    """The revision of a run has no room for twice its time."""
    time_ns = int((year - 1970) * 365.25 * DAY_NS)
    with reading(path, "a", classified(start_ns=time_ns, last_ns=time_ns)) as kept:
        kept.finish({**STATS, "first_ns": time_ns, "last_ns": time_ns + DAY_NS}, [])
    with opened(path, is_read_only=True) as store:
        [run] = queries.rows(store, "runs", Scope())
    assert run["end_ns"] == (time_ns + DAY_NS) // 1000 * 1000


def test_a_reading_that_no_store_can_hold_leaves_the_store_as_it_was(path):
    """The other events of it are not stored either, and the reading itself goes on."""
    read(path, "a", flow(0))
    late_ns = 331 * 365 * DAY_NS
    late = classified(start_ns=late_ns, last_ns=late_ns)
    with (
        pytest.raises(EventError, match="a store has room for times from 1677 to 2262 only"),
        reading(path, "a", flow(1), late, flow(2)) as kept,
    ):
        kept.finish(STATS, [])
    assert stored(path) == 1


def test_following_ends_at_a_time_that_no_store_can_hold(path):
    """A line says so, and what came before is stored."""
    late_ns = 331 * 365 * DAY_NS
    late = classified(start_ns=late_ns, last_ns=late_ns)
    line = r"s\.db: a store has room for .* following has ended, and what was read before is stored; `editcap"
    with (
        pytest.raises(StoreError, match=line),
        reading(path, "a", flow(1), late, flow(2), is_followed=True),
    ):
        pytest.fail("it goes on")
    assert stored(path) == 1


def test_killed_replacements_leave_one_of_both(path):
    """The earlier rows or the later ones, as often as it is killed in between."""
    chance = random.Random(14)
    for number in range(KILLS):
        flows = FLOWS + number % 2
        earlier = stored(path) if number else None
        command = [sys.executable, "-m", "tests.store.replacing", str(path), str(flows)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "0\n"
            time.sleep(chance.uniform(0, 0.05))
            process.kill()
        with opened(path) as store:
            assert store.value("PRAGMA integrity_check") == "ok"
            found = queries.totals(store, Scope()).flows
        assert found in {flows, earlier if number else 0}


def test_a_full_disk_is_one_clear_line(path):
    """Of the temporary file: the store is not touched."""
    read(path, "a", flow(0))
    with staged("s.db") as stage:
        stage.store.execute("PRAGMA max_page_count = 1")
        with pytest.raises(StoreError, match=r"^s\.db: nothing was stored: .* full .* SQLITE_TMPDIR$"):
            stage.write(row for one in events_of(*map(flow, range(3000))) for row in rows_of(one))


def test_flows_of_another_run_are_no_new_ones(path):
    """Whatever the run is called, and however few of the flows are the same: nothing is stored."""
    read(path, "a", *map(flow, range(3)))
    with (
        pytest.raises(StoreError, match=r"flows\.db: 1 of the flows is .* from a\.pcap: nothing was stored"),
        reading(path, "b", flow(2), *map(flow, range(10, 20))) as kept,
    ):
        kept.finish(STATS, [])
    assert stored(path) == 3


LATE_NS = (START_NS // DAY_NS + 1) * DAY_NS - 5_000_000_000
"""Five seconds before a midnight."""


def late(number, days):
    """A flow that ends so many midnights after it began."""
    start_ns = LATE_NS + number * 1000
    return classified(flow_id=number, start_ns=start_ns, last_ns=start_ns + 2_000_000_000 + days * DAY_NS)


@pytest.mark.parametrize(("stored_days", "days"), [(0, 1), (1, 0), (3, 0), (1, 3)])
def test_a_flow_over_midnight_is_no_new_one(path, stored_days, days):
    """A capture and one that was cut before a midnight: their flows end on other days, and are the same."""
    read(path, "a", *(late(number, stored_days) for number in range(2)))
    with (
        pytest.raises(StoreError, match=r"2 of the flows are .* from a\.pcap: nothing was stored"),
        reading(path, "b", *(late(number, days) for number in range(3))) as kept,
    ):
        kept.finish(STATS, [])
    with (
        pytest.raises(StoreError, match=r"1 of the flows is .* from a\.pcap: they are not stored"),
        reading(path, "c", late(1, days), is_followed=True),
    ):
        pass
    assert stored(path) == 2


def test_a_flow_of_several_days_is_one(path):
    """Its rows for each day are compared once, and they are no doubles of each other."""
    lines = [lines_of(late(1, days), observer=Observer("berlin", "", "a")) for days in range(3)]
    brought(path, *lines[0], *lines[1], *lines[2])
    brought(path, *lines[1])
    with pytest.raises(StoreError, match="1 of the flows is in the store already"):
        brought(path, *(line.replace('"run":"a"', '"run":"b"') for of_day in lines for line in of_day))
    assert stored(path) == 1


def test_followed_captures_are_compared_as_they_come(path):
    """What is there from another run is refused at once, with what came with it; what came before stays."""
    read(path, "a", *map(flow, range(3)))
    with reading(path, "b", flow(7), is_followed=True) as kept:
        assert stored(path) == 4
        kept.reading.flow(flow(8))
        kept.reading.flow(flow(1))
        with pytest.raises(StoreError, match=r"1 of the flows is .* from a\.pcap: they are not stored"):
            kept.reading.flush()
    assert stored(path) == 4


def brought(path, *lines):
    """Imports lines."""
    with imported_into(path) as intake:
        for line in lines:
            intake.write(line)
        intake.flush()


def run_lines(run, numbers, sensor="berlin"):
    """Events of flows of a run."""
    return lines_of(*map(flow, numbers), observer=Observer(sensor, "", run))


def test_the_same_events_may_come_again(path):
    """Completely, in part, and with others of their run."""
    brought(path, *run_lines("a", range(4)))
    brought(path, *run_lines("a", range(4)))
    brought(path, *run_lines("a", range(2, 6)), *run_lines("a", range(3)))
    assert stored(path) == 6


def test_the_same_flows_of_another_run_are_refused(path):
    """Such as the events of a copy of a capture: the store stays as it was, with a line about what to do."""
    brought(path, *run_lines("a", range(4)))
    with pytest.raises(
        StoreError, match=r"2 of the flows .* run a of the sensor berlin: .*; leave these events"
    ):
        brought(path, *run_lines("b", range(2, 9)))
    assert stored(path) == 4


@pytest.mark.parametrize("levels", [(NOTHING, ADDRESS), (ADDRESS, NOTHING), (PSEUDONYM, ADDRESS)])
def test_a_run_has_clients_of_one_level(path, levels):
    """Events of the run at another one, also of other flows, or in one import: none of them is stored."""
    first, second = (lines_of(*map(flow, range(3)), level=level) for level in levels)
    refused = rf"cafe of .* \(level {levels[0]}\), .* \(level {levels[1]}\): nothing was stored; leave"
    with pytest.raises(StoreError, match=refused):
        brought(path, *first, *second)
    assert stored(path) == 0
    brought(path, *first)
    for others in (second, lines_of(flow(7), level=levels[1])):
        with pytest.raises(StoreError, match="nothing was stored"):
            brought(path, *others)
    with opened(path, is_read_only=True) as store:
        assert (levels_of(store), stored(path)) == ((levels[0],), 3)


@pytest.mark.parametrize("levels", [(NOTHING, ADDRESS), (ADDRESS, NOTHING)])
def test_a_run_that_another_import_has_stored_meanwhile_keeps_its_level(path, levels):
    """The level is looked at once more when the rows are stored."""
    first, second = (lines_of(*map(flow, range(3)), level=level) for level in levels)
    brought(path)

    def bring_late():
        with imported_into(path) as intake:
            for line in second:
                intake.write(line)
            intake.flush()
            brought(path, *first)

    with pytest.raises(StoreError, match=r"cafe of .*: nothing was stored"):
        bring_late()
    with opened(path, is_read_only=True) as store:
        assert (levels_of(store), stored(path)) == ((levels[0],), 3)


def test_what_is_read_is_of_one_moment(path):
    """A report asks many questions, and a sensor writes meanwhile."""
    brought(path, *run_lines("a", range(3)))
    with opened(path, is_read_only=True) as store:
        assert store.value("SELECT count(*) FROM flows") == 3
        brought(path, *run_lines("b", range(3, 9)))
        assert store.value("SELECT count(*) FROM flows") == 3
    assert stored(path) == 9


def test_the_same_flows_twice_in_one_import_are_refused(path):
    """Two files of events, in one command."""
    with pytest.raises(StoreError, match="nothing was stored"):
        brought(path, *run_lines("a", range(4)), *run_lines("b", range(4)))
    assert stored(path) == 0


def test_two_imports_at_the_same_time_store_flows_once(path):
    """Both wait for the lock with the same flows: the one that gets it later sees those of the other."""
    commands = [[sys.executable, "-m", "tests.store.importing", str(path), run, "50"] for run in "ab"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    processes = []
    for one in commands:
        processes.append(subprocess.Popen(one, cwd=ROOT, text=True, **pipes))
        assert processes[-1].stdout.readline() == "ready\n"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for one in processes:
        one.stdin.write("\n")
        one.stdin.flush()
    time.sleep(0.5)
    other.execute("ROLLBACK")
    other.close()
    said = sorted(one.communicate()[0].strip() for one in processes)
    assert said[0] == ""
    assert "50 of the flows are in the store already" in said[1]
    assert stored(path) == 50


def test_files_that_were_stored_in_the_meantime_are_not_stored_again(path, tmp_path, monkeypatch):
    """Also if they have no flow: what the sensor saw would count twice."""
    monkeypatch.chdir(tmp_path)
    for number, run in enumerate("ab"):
        Path(f"{run}.pcap").write_bytes(bytes([number]) * 2000)
    with reading(path, "both", names=["a.pcap", "b.pcap"]) as kept:
        read(path, "b")
        with pytest.raises(StoreError, match=r"has stored b\.pcap in the meantime: nothing was stored"):
            kept.finish(STATS, [])
    with reading(path, "both", names=["a.pcap", "b.pcap"]) as kept:
        read(path, "c")  # which has nothing to do with these files
        kept.finish(STATS, [])
    with opened(path, is_read_only=True) as store:
        assert [one["run"] for one in queries.rows(store, "runs", Scope())] == ["both", "c"]


def test_followed_captures_are_compared_with_what_others_have_just_stored(path):
    """Not only with what was there when the first flow of a day came."""
    with reading(path, "b", flow(7), is_followed=True) as kept:
        brought(path, *run_lines("a", range(8, 12)))
        kept.reading.flow(flow(9))
        with pytest.raises(StoreError, match="1 of the flows is"):
            kept.reading.flush()
    assert stored(path) == 5


def test_a_chance_between_sensors_is_no_double():
    """Few flows that begin in the same microsecond at two sensors are two; many are the same traffic."""
    known, new = SqliteStore(":memory:"), SqliteStore(":memory:")
    put(known, "a", range(30))
    put(new, "b", range(29, 60))
    assert find_doubles(known, new, ()) is None
    put(new, "b", range(20, 29))
    assert find_doubles(known, new, ()).flows == 10
    assert find_doubles(known, new, [("a", "1")]) is None


def put(store, sensor, numbers):
    """Stores flows of a sensor."""
    events = events_of(*map(flow, numbers), observer=Observer(sensor, "", "1"))
    store.write(row for event in events for row in rows_of(event))
