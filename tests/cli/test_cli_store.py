"""`--store`: what a command keeps is what it shows."""

import bz2
import codecs
import gzip
import ipaddress
import json
import lzma
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest

from netmon import wiring
from netmon.cli.exit_codes import ERROR, FOUND
from netmon.config.settings import Config
from netmon.days import DAY_NS
from netmon.outputs.prometheus import Prometheus
from netmon.signatures.match import compile_matcher
from netmon.sources.files import FileSource
from netmon.store import queries
from netmon.store.queries import Scope
from netmon.store.sqlite import SqliteStore
from netmon.verdict.subjects import Subjects
from tests.craft.pcap import Frame, Interface, pcapng
from tests.machine import need
from tests.test_wrong_times import demo as demo_packets


@pytest.fixture
def opened(tmp_path):
    """Opens a store that a command made."""
    stores = []

    def opened(name="flows.db"):
        stores.append(SqliteStore(tmp_path / name, is_read_only=True))
        return stores[-1]

    yield opened
    for store in stores:
        store.close()


def test_read_stores_the_flows_of_its_events(netmon, demo, opened):
    """Flows, bytes and packets in the store are those of the events, and a second reading adds nothing."""
    events = [json.loads(line) for line in netmon("read", "--json", demo).stdout.splitlines()]
    flows = [event for event in events if event["netmon"].get("vendor")]
    expected = (
        len(flows),
        sum(event["source"]["bytes"] for event in flows),
        sum(event["destination"]["bytes"] for event in flows),
        sum(event["source"]["packets"] for event in flows),
        sum(event["destination"]["packets"] for event in flows),
    )
    for _ in range(2):
        assert netmon("read", "--store", "flows.db", demo).stderr == ""
        assert queries.totals(opened(), Scope()) == expected
    [run] = queries.rows(opened(), "runs", Scope())
    assert run["document"]["netmon"]["files"][0]["sha256"].startswith("126cbc75")
    views = list(queries.rows(opened(), "views", Scope()))
    assert sum(view["packets"] for view in views) == 1101


def test_clients_are_pseudonyms_in_a_store(netmon, demo, opened):
    """What is kept shows no address of a client, unless the privacy level is given."""
    netmon("read", "--store", "flows.db", demo)
    netmon("read", "--store", "open.db", "--privacy", "0", demo)
    hidden, shown = (queries.totals_by(opened(name), Scope(), ["client"]) for name in ("flows.db", "open.db"))
    assert len(hidden) == len(shown) > 1
    assert {one.group[0][:7] for one in hidden} == {"client-"}
    assert all(ipaddress.ip_address(one.group[0]) for one in shown)


def test_a_file_that_is_no_store_is_refused(netmon, demo, refused, tmp_path):
    """Text, a folder, and a database of another program are left as they are."""
    (tmp_path / "text.db").write_text("not a database, but long enough to be one " * 100)
    assert "text.db" in refused("read", "--store", "text.db", demo)
    (tmp_path / "folder").mkdir()
    (tmp_path / "no.jsonl").touch()
    for words in (
        ("read", demo),
        ("store", "import", "no.jsonl"),
        ("history",),
        ("report", "-o", "report.html"),
        ("privacy", "list"),
        ("privacy", "erase", "192.0.2.13", "--reason", "asked"),
    ):
        assert refused(*words, "--store", "folder") == "folder: is no file: name a store"
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE mine (a)")
    connection.close()
    assert "another program" in refused("read", "--store", "other.db", demo)


@pytest.mark.parametrize(("year", "is_stored"), [(2150, True), (2261, True), (2300, False), (2500, False)])
def test_a_capture_of_any_time_gives_its_result(netmon, tmp_path, year, is_stored):
    """pcapng has times that no store can hold: what was read is shown, and a line says what became of it."""
    first_ns, later_ns = demo_packets()[0][0], int((year - 1970) * 365.2425 * DAY_NS)
    frames = [Frame(time_ns - first_ns + later_ns, data) for time_ns, data in demo_packets()]
    (tmp_path / "late.pcapng").write_bytes(pcapng(frames, [Interface("eth1", 1)]))
    done = netmon("read", "--store", "flows.db", "--country", "DE", "late.pcapng")
    assert done.returncode == FOUND
    assert "4 flows of kaspersky (reputation) to Moscow" in done.stdout
    line = "nothing was stored: a store has room for times from 1677 to 2262 only"
    found = re.search(f"^netmon: flows.db: {line}$", done.stderr, re.MULTILINE)
    assert (found is None) is is_stored
    assert ("37 flows: " in netmon("history", "--store", "flows.db").stdout) is is_stored
    shown = netmon("read", "--by", "day", "late.pcapng")
    assert (shown.returncode, "37 flows: " in shown.stdout) == (
        (FOUND, True) if is_stored else (ERROR, False)
    )
    report = netmon("report", "--country", "DE", "--format", "json", "-o", "late.json", "late.pcapng")
    assert (report.returncode, (tmp_path / "late.json").exists()) == (
        (0, True) if is_stored else (ERROR, False)
    )
    line = r"netmon: late\.pcapng: views and reports have room for times from 1677 to 2262 only: .*editcap -t"
    for done in (shown, report):
        assert (re.match(line, done.stderr) is None) is is_stored
        assert done.stderr.count("\n") == (not is_stored)


@pytest.mark.parametrize(
    "words", [("history", "--by", "address", "--format", "json"), ("report", "--format", "json", "-o", "-")]
)
def test_a_pager_keeps_no_store_open(environment, netmon, demo, tmp_path, words):
    """What is shown for hours is of a store that is closed: its log stays short, and erasing is complete."""
    netmon("read", "--store", "flows.db", "--country", "DE", demo)
    with sqlite3.connect(tmp_path / "flows.db") as connection:
        connection.execute("UPDATE flows SET server = server || flow || hex(zeroblob(1000))")
    connection.close()
    command = [sys.executable, "-m", "netmon", *words, "--store", "flows.db"]
    with subprocess.Popen(
        command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, pipesize=4096
    ) as shown:
        shown.stdout.read1(1)  # the rest does not fit into the pipe
        files = [one.readlink().name for one in Path(f"/proc/{shown.pid}/fd").iterdir()]
        shown.kill()
    assert files
    assert not [one for one in files if one.startswith("flows.db")]


def tshark_bytes(capture):
    """IP bytes of each direction of each TCP and UDP conversation, as tshark reads the capture."""
    need("tshark")
    fields = ["ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport", "udp.srcport"]
    fields += ["udp.dstport", "ip.len", "ipv6.plen"]
    command = ["tshark", "-n", "-r", capture, "-T", "fields", *chain(*(("-e", one) for one in fields))]
    counted = Counter()
    for line in subprocess.run(
        command, capture_output=True, check=True, encoding="utf-8"
    ).stdout.splitlines():
        source4, target4, source6, target6, tcp1, tcp2, udp1, udp2, length, payload = line.split("\t")
        size = int(length) if length else int(payload or 0) + 40
        counted[source4 or source6, tcp1 or udp1, target4 or target6, tcp2 or udp2] += size
    return counted


def test_bytes_are_those_of_tshark_events_and_metrics(netmon, demo, opened):
    """The same capture gives the same bytes everywhere: store, events, Prometheus, and tshark, exactly."""
    netmon("read", "--store", "flows.db", "--privacy", "0", "--country", "DE", demo)
    counted = tshark_bytes(demo)
    flows = Counter()
    for flow in queries.flows(opened(), Scope()):
        ends = (flow.row["client"], str(flow.row["client_port"]))
        server = (flow.row["server"], str(flow.row["server_port"]))
        flows[ends + server] += flow.totals.sent_bytes
        flows[server + ends] += flow.totals.received_bytes
    assert flows == {ends: counted[ends] for ends in flows}
    total = queries.totals(opened(), Scope())
    assert sum(flows.values()) == total.sent_bytes + total.received_bytes > 0
    lines = netmon("read", "--json", "--country", "DE", demo).stdout.splitlines()
    events = [event for event in map(json.loads, lines) if event["netmon"].get("vendor")]
    assert [sum(event[end]["bytes"] for event in events) for end in ("source", "destination")] == [
        total.sent_bytes,
        total.received_bytes,
    ]
    assert metrics_of(demo) == total[:3]


def metrics_of(capture):
    """Flows, bytes sent and bytes received, as Prometheus shows them."""
    config = Config(subjects=Subjects("DE"))
    known = wiring.load_signatures(config)
    source = FileSource([str(capture)], compile_matcher(known), limits=config.engine_keywords())
    prometheus = Prometheus("test", source.stats)
    monitor = wiring.make_monitor(config, known)
    for batch in source.batches():
        wiring.deliver(batch, monitor, [prometheus])
    sums = Counter()
    for family in prometheus.registry.collect():
        for sample in family.samples:
            sums[sample.name] += sample.value
    names = ("netmon_flows_total", "netmon_sent_bytes_total", "netmon_received_bytes_total")
    return tuple(sums[name] for name in names)


def test_history_and_read_show_the_same_views(netmon, demo):
    """`read --by` has the lines that `history --by` has of a store."""
    netmon("read", "--store", "flows.db", "--privacy", "0", demo)
    for by in ("place", "component", "client", "name", "address", "day"):
        shown = netmon("history", "--store", "flows.db", "--by", by)
        assert shown.returncode == 0
        assert netmon("read", "--by", by, demo).stdout == shown.stdout
        written = netmon("history", "--store", "flows.db", "--by", by, "--format", "csv").stdout
        assert netmon("read", "--by", by, "--csv", demo).stdout == written


def test_events_are_imported(netmon, demo, opened, tmp_path):
    """Events of files, compressed or not, give the store that the reading itself gives, and once only."""
    netmon("read", "--store", "flows.db", "--privacy", "0", demo)
    lines = netmon("read", "--json", "--all", demo).stdout
    (tmp_path / "a.jsonl").write_text(lines)
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    done = netmon("store", "import", "--store", "other.db", "a.jsonl", "b.jsonl.gz")
    assert (done.returncode, done.stderr) == (0, "")
    rows = [list(opened(name).select("SELECT * FROM flows")) for name in ("flows.db", "other.db")]
    assert rows[0] == rows[1] != []


def test_lines_that_are_no_events_are_named(netmon, demo, opened, tmp_path):
    """The others are imported, and the exit code says that not all of them were events."""
    lines = netmon("read", "--json", demo).stdout.splitlines()
    (tmp_path / "a.jsonl").write_text("\n".join([*lines[:20], "no event", lines[20][:100], "", lines[21]]))
    done = netmon("store", "import", "--store", "flows.db", "a.jsonl")
    assert done.returncode == 1
    assert [line[:25] for line in done.stderr.splitlines()] == [
        "netmon: a.jsonl: line 21:",
        "netmon: a.jsonl: line 22:",
    ]
    assert queries.totals(opened(), Scope()).flows > 0


@pytest.mark.parametrize("kind", ["gzip", "bzip2", "xz", "BOM", "stdin"])
def test_events_come_in_any_wrapping(netmon, demo, opened, tmp_path, kind):
    """Whatever the file is called, and also from standard input; Windows puts a mark at the beginning."""
    text = netmon("read", "--json", demo).stdout.encode()
    packed = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress, "stdin": gzip.compress}
    (tmp_path / "events.1").write_bytes(packed.get(kind, codecs.BOM_UTF8.__add__)(text))
    with (tmp_path / "events.1").open("rb") as stream:
        name = "-" if kind == "stdin" else "events.1"
        done = netmon("store", "import", "--store", "flows.db", name, stdin=stream)
    assert (done.returncode, done.stderr) == (0, "")
    assert queries.totals(opened(), Scope()).flows == 37


@pytest.mark.parametrize("kind", ["gzip", "bzip2", "xz"])
@pytest.mark.parametrize("damage", ["cut", "overwritten"])
def test_damaged_files_are_one_clear_error(refused_after, demo, netmon, tmp_path, kind, damage):
    """No traceback, whichever way the file is damaged."""
    text = netmon("read", "--json", demo).stdout.encode()
    packed = bytearray({"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress}[kind](text))
    if damage == "cut":
        del packed[-200:]
    else:
        packed[len(packed) // 2 : len(packed) // 2 + 300] = b"\xff" * 300
    (tmp_path / "events.gz").write_bytes(packed)
    assert f"events.gz: not a complete {kind} file: nothing was stored" in refused_after("events.gz")


def test_what_is_left_of_a_cut_file_can_be_imported(refused_after, demo, netmon, opened, tmp_path):
    """Nothing of it is stored by itself, as the message says; the command in the message stores the rest."""
    need("gzip")
    packed = gzip.compress(netmon("read", "--json", demo).stdout.encode())
    (tmp_path / "events.gz").write_bytes(packed[:-200])
    _, _, command = refused_after("events.gz").partition("what is left of it: ")
    assert queries.totals(opened(), Scope()).flows == 0
    rest = subprocess.run(
        command.replace("FILE", "events.gz").partition(" | ")[0].split(),
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    (tmp_path / "rest").write_bytes(rest.stdout)
    with (tmp_path / "rest").open("rb") as stream:
        netmon("store", "import", "--store", "flows.db", "-", stdin=stream)
    assert queries.totals(opened(), Scope()).flows > 30


def test_the_reason_is_said_if_every_line_is_refused(netmon, demo, tmp_path):
    """That of the first line: all of them may be of a newer netmon."""
    lines = netmon("read", "--json", demo).stdout.replace('"phase":"end"', '"phase":"dream"')
    (tmp_path / "new.jsonl").write_text(lines)
    done = netmon("store", "import", "--store", "flows.db", "new.jsonl")
    assert done.returncode == 1
    assert "line is an event of netmon (line 1: not an event" in done.stderr
    assert "dream" in done.stderr


def test_other_compression_is_named(refused_after, tmp_path):
    """With the command that decompresses it."""
    (tmp_path / "events.zst").write_bytes(b"\x28\xb5\x2f\xfd" + bytes(100))
    assert "compressed by zstd: use `zstd -dc FILE | netmon store import -`" in refused_after("events.zst")


@pytest.fixture
def refused_after(netmon):
    """The last line of an import that fails."""

    def refused_after(name):
        done = netmon("store", "import", "--store", "flows.db", name)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        return done.stderr.splitlines()[-1]

    return refused_after


def test_a_misspelt_vendor_is_no_empty_history(netmon, demo, refused):
    """A vendor without flows has one."""
    netmon("read", "--store", "flows.db", demo)
    words = ("history", "--store", "flows.db", "--vendor")
    assert "no vendor 'Kaspersky' in the signatures; did you mean 'kaspersky'" in refused(*words, "Kaspersky")
    done = netmon(*words, "kaspersky", "--since", "2030-01-01")
    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        [
            "No flow of kaspersky is stored from 2030-01-01.",
            "No sensor ran in this period, and no capture file that was read is of it.",
        ],
    )


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("history", "--store", "nowhere.db"), "there is no store"),
        (("history", "--config", "off.yaml"), "store.path is off"),
        (("store", "import", "--config", "off.yaml", "a.jsonl"), "store.path is off"),
        (("store", "import", "--store", "new.db", "nowhere.jsonl"), "nowhere.jsonl: no such file"),
    ],
)
def test_what_cannot_be_asked_is_refused(refused, tmp_path, words, text):
    """One line says what is missing."""
    (tmp_path / "off.yaml").write_text("store: {path: off}\n")
    assert text in refused(*words)


@pytest.mark.parametrize(
    "words",
    [
        ("history", "--since", "yesterday"),
        ("history", "--until", "30d"),
        ("history", "--by", "weather"),
        ("read", "--csv", "a.pcap"),
        ("read", "--by", "day", "--json", "a.pcap"),
    ],
)
def test_wrong_usage(netmon, words):
    """It is refused with exit code 2."""
    assert netmon(*words).returncode == 2


def test_a_period_is_in_days(netmon, demo):
    """`--since` and `--until` include the days that they name."""
    netmon("read", "--store", "flows.db", demo)
    for words, flows in (
        (("--since", "2026-09-15"), "37 flows"),
        (("--until", "2026-09-15"), "37 flows"),
        (("--since", "2026-09-16"), "No flow"),
        (("--until", "2026-09-14"), "No flow"),
    ):
        lines = netmon("history", "--store", "flows.db", *words).stdout.splitlines()
        assert any(line.startswith(flows) for line in lines), lines


def test_a_store_can_be_read_where_nothing_can_be_written(netmon, demo, tmp_path):
    """An auditor's own file, in a folder without rights to write."""
    netmon("read", "--store", "flows.db", demo)
    (tmp_path / "flows.db").chmod(0o444)
    before = (tmp_path / "flows.db").read_bytes()
    assert "37 flows" in netmon("history", "--store", "flows.db").stdout
    assert (tmp_path / "flows.db").read_bytes() == before


def test_a_csv_says_what_is_missing_beside_it(netmon, demo):
    """On standard error, so that a spreadsheet gets nothing but rows."""
    netmon("read", "--store", "flows.db", demo)
    done = netmon("history", "--store", "flows.db", "--since", "2030-01-01", "--format", "csv")
    assert done.stdout.splitlines() == [
        "vendor,country,location,city,flows,sent_bytes,received_bytes,findings,undecided,first,last"
    ]
    assert done.stderr.splitlines() == [
        "netmon: No sensor ran in this period, and no capture file that was read is of it."
    ]
