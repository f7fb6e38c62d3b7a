"""`--store clickhouse://…`: commands that keep flows at a server, and report what several sensors saw.

The server is ClickHouse's own engine, behind HTTP; commands reach it by clickhouse-connect.
"""

import json
from collections import Counter, defaultdict
from contextlib import ExitStack
from hashlib import sha256

import pytest
from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.utils import RawPcapReader, RawPcapWriter

from tests.store.engine import engine
from tests.store.front import answer_of, served

__all__ = ["engine"]


@pytest.fixture
def address(engine):
    """The address of a store without rows."""
    engine.clear()
    with served(answer_of(engine)) as port:
        yield f"clickhouse://netmon@127.0.0.1:{port}/netmon"


@pytest.fixture
def as_sensor(tmp_path):
    """The options that make a command one of this sensor, which shows clients."""

    def as_sensor(name):
        file = tmp_path / f"{name}.yaml"
        file.write_text(f"sensor: {{name: {name}}}\nprivacy: {{level: 0}}\nstore: {{path: off}}\n")
        return ("--config", file)

    return as_sensor


def split(capture, clients, folder):
    """The capture as two sensors see it: one has the packets of these clients, and the other has the rest."""
    files = [folder / "north.pcap", folder / "south.pcap"]
    with ExitStack() as stack:
        reader = stack.enter_context(RawPcapReader(str(capture)))
        writers = [
            stack.enter_context(RawPcapWriter(str(file), linktype=reader.linktype, nano=reader.nano))
            for file in files
        ]
        for writer in writers:
            writer.write_header(None)
        for data, about in reader:
            frame = Ether(data)
            ip = frame.getlayer(IP) or frame.getlayer(IPv6)
            is_north = ip is not None and not clients.isdisjoint((ip.src, ip.dst))
            writer = writers[0 if is_north else 1]
            writer.write_packet(data, sec=about.sec, usec=about.usec, wirelen=about.wirelen)
    return files


def without_sensors(report):
    """The report without what names sensors, their files and runs; what is told by sensor is added up.

    The colour of an arc is that of all flows of one sensor to a place, so it is not compared.
    """
    del report["asked"], report["scope"]["files"]
    sensors = report["scope"].pop("sensors")
    assert report["scope"].pop("all_sensors") == len(sensors)
    report["scope"]["sum"] = added(one["sum"] for one in sensors)
    for one in report["findings"]:
        for contact in one["contacts"]:
            del contact["sensor"], contact["run"], contact["flow"]
    # Each sensor has a configuration of its own, which names it; see `configurations_of`.
    report["used"] = [one for one in report["used"] if one["kind"] != "configuration"]
    for one in report["used"]:
        del one["runs"]
    arcs = defaultdict(list)
    for one in report["arcs"]:
        arcs[one["location"], one["country"]].append(one["sum"])
    report["arcs"] = {place: added(sums) for place, sums in arcs.items()}
    return report


def configurations_of(report):
    """The hashes of the configurations that decided, with the number of their runs."""
    return {one["sha256"]: one["runs"] for one in report["used"] if one["kind"] == "configuration"}


def added(sums):
    """The sum of sums, without the rounded parts of the total that follow from it."""
    total = Counter()
    for one in sums:
        total.update(one)
    del total["share"]
    return total


def test_two_sensors_and_one_server_report_what_one_sensor_saw(netmon, demo, address, as_sensor, tmp_path):
    """Every number of the report on two sensors is that of the one which saw both; files may come twice.

    Only the number of clients is a lower bound: an address may mean another machine at another site.
    """
    lines = netmon("read", "--json", "--all", "--privacy", "0", demo).stdout.splitlines()
    clients = sorted({json.loads(line)["source"]["ip"] for line in lines})
    north, south = split(demo, set(clients[::2]), tmp_path)
    for sensor, file in (("south", south), ("north", north), ("south", south)):
        assert netmon("read", *as_sensor(sensor), "--store", address, file).stderr == ""
    netmon("read", *as_sensor("both"), "--store", "both.db", demo)
    reports = []
    for store in (address, "both.db"):
        done = netmon("report", *as_sensor("both"), "--store", store, "--format", "json", "-o", "-")
        assert done.stderr == ""
        reports.append(json.loads(done.stdout))
    assert [len(one["scope"]["sensors"]) for one in reports] == [2, 1]
    names = [("north", "south"), ("both",)]
    for report, sensors in zip(reports, names, strict=True):
        files = [tmp_path / f"{name}.yaml" for name in sensors]
        assert configurations_of(report) == {sha256(file.read_bytes()).hexdigest(): 1 for file in files}
    two, one = map(without_sensors, reports)
    [many], [all_of_them] = two["answers"], one["answers"]
    assert many.pop("clients") < all_of_them.pop("clients")
    assert (many.pop("clients_exact"), all_of_them.pop("clients_exact")) == (False, True)
    for statement in (*many["statements"], *all_of_them["statements"]):
        del statement["clients"], statement["clients_exact"]
    assert one["findings"]
    assert one["arcs"]
    assert two == one


def test_events_are_imported_and_shown(netmon, demo, address, tmp_path):
    """Events of a file come to the server once, however often; the history is that of a file."""
    (tmp_path / "events.jsonl").write_text(netmon("read", "--json", demo).stdout)
    for store in (address, address, "flows.db"):
        done = netmon("store", "import", "--store", store, "events.jsonl")
        assert (done.returncode, done.stderr) == (0, "")
    for by in ("place", "client", "day"):
        at_server, in_file = (
            netmon("history", "--store", store, "--by", by, "--format", "json").stdout
            for store in (address, "flows.db")
        )
        assert at_server == in_file
        assert json.loads(in_file)["total"]["flows"] == 37


def test_tables_are_needed(netmon, engine, address):
    """A database without the tables: one line says how they are made."""
    engine.execute("DROP TABLE views")
    done = netmon("history", "--store", address)
    assert (done.returncode, done.stdout) == (1, "")
    assert "netmon store ddl" in done.stderr


def test_a_sensor_stores_in_a_file(refused, tmp_path):
    """The address of a server is none for `store.path`, and the message says what to do."""
    (tmp_path / "netmon.yaml").write_text("store: {path: 'clickhouse://db.example/netmon'}\n")
    assert "netmon store import" in refused("check", "--config", "netmon.yaml")


def test_the_statements_that_make_the_tables(netmon):
    """`netmon store ddl` shows them, with the time to live that is asked for."""
    assert "INTERVAL 90 DAY" in netmon("store", "ddl").stdout
    made = netmon("store", "ddl", "--days", "30").stdout
    assert [made.count(f"INTERVAL {days} DAY") for days in (30, 29)] == [8, 1]
    assert "TTL" not in netmon("store", "ddl", "--days", "0").stdout


def test_a_server_is_listed_with_its_time_to_live(netmon, engine, address, demo, as_sensor):
    """Where it is, for how long its tables keep rows, who can read them, and how sensors show clients."""
    netmon("read", "--store", address, *as_sensor("north"), demo)
    words = ("privacy", "list", "--json", "--store", address)
    assert "without a limit" in netmon(*words).stdout
    engine.execute("ALTER TABLE flows MODIFY TTL toDate(day) + INTERVAL 30000 DAY")
    done = netmon(*words)
    [found] = [one for one in json.loads(done.stdout)["stored"] if one["where"] == address]
    assert found["what"].startswith("Store of one or more sensors")
    assert (found["clients"][:9], found["how_long"]) == ("addresses", "30000 days")
    assert "accounts that may read these tables" in found["readers"]
    german = netmon("privacy", "list", "--language", "de", "--store", address).stdout
    assert "SHOW GRANTS" in german


def test_a_client_is_erased_from_a_server(netmon, address, demo, as_sensor):
    """By its address, as from a file; a second time there is nothing left."""
    netmon("read", "--store", address, *as_sensor("north"), demo)
    rows = json.loads(netmon("history", "--store", address, "--by", "client", "--format", "json").stdout)[
        "rows"
    ]
    client, flows = rows[0]["client"], rows[0]["flows"]
    words = ("privacy", "erase", client, "--store", address, "--reason", "request 7")
    for count in (flows, 0):
        done = netmon(*words)
        assert done.returncode == 0, done.stderr
        assert f"{address}: {count} flows erased" in done.stdout
    after = json.loads(netmon("history", "--store", address, "--by", "client", "--format", "json").stdout)[
        "rows"
    ]
    assert after == rows[1:]
