"""The library: the same answers as the command line, plain values, and clear errors."""

import json
import re
import shutil
import subprocess
import sys
import warnings
from dataclasses import FrozenInstanceError, fields
from datetime import UTC, datetime
from pathlib import Path

import pyarrow
import pytest

import netmon
from tests.machine import ROOT

DEMO = ROOT / "netmon" / "data" / "demo.pcap"
CONFIG = ROOT / "netmon.yaml"
PAGE = ROOT / "docs" / "library.md"


def events(*words):
    """The events that `netmon read --json` writes."""
    command = [sys.executable, "-m", "netmon", "read", "--json", "--config", str(CONFIG), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()]


def flows(*files, **options):
    """All flows, judged with the shipped configuration."""
    return list(netmon.read(*files, config=CONFIG, **options))


@pytest.mark.parametrize("every_flow", [False, True])
def test_flows_are_those_of_the_command_line(every_flow):
    """Ends, sizes, names, places and verdicts equal those of the events, flow by flow."""
    words = ["--country", "DE", *(["--all"] if every_flow else []), DEMO]
    expected = [
        (
            event["source"]["ip"],
            event["source"]["port"],
            event["destination"]["ip"],
            event["source"]["bytes"],
            event["destination"]["bytes"],
            event["destination"].get("domain"),
            event["netmon"].get("vendor"),
            event["netmon"].get("place", {}).get("location"),
            event["netmon"].get("verdict"),
        )
        for event in events(*words)
        if event["event"]["dataset"] == "netmon.flow" and (every_flow or "vendor" in event["netmon"])
    ]
    found = [
        (
            flow.client,
            flow.client_port,
            flow.server,
            flow.sent_bytes,
            flow.received_bytes,
            flow.name,
            flow.vendor,
            flow.location,
            flow.outcome,
        )
        for flow in flows(DEMO, country="de", every_flow=every_flow)
    ]
    assert len(found) >= 37
    assert found == expected


def test_a_second_loop_gives_the_same_flows():
    """Each loop reads the files again, also when an earlier one was left early."""
    read = netmon.read(DEMO, config=CONFIG)
    first = next(iter(read))
    assert list(read) == list(read)
    assert next(iter(read)) == first


def test_a_flow_is_frozen_and_has_times_to_the_microsecond():
    """Times never pass through floating point, which would lose digits."""
    flow = flows(DEMO)[0]
    assert (flow.start_ns, flow.start) == (
        1789461006406000000,
        datetime(2026, 9, 15, 8, 30, 6, 406000, tzinfo=UTC),
    )
    assert flow.last - flow.start == (flow.last_ns - flow.start_ns) // 1000 * datetime.resolution
    with pytest.raises(FrozenInstanceError):
        flow.vendor = "other"


def test_the_filter_and_the_order_of_files(tmp_path):
    """A filter selects packets; files in the wrong order are one capture nevertheless."""
    first, second = tmp_path / "cap10.pcap", tmp_path / "cap2.pcap"
    data = DEMO.read_bytes()
    packets = list(_packets(data))
    first.write_bytes(data[:24] + b"".join(packets[: len(packets) // 2]))
    second.write_bytes(data[:24] + b"".join(packets[len(packets) // 2 :]))
    whole = flows(DEMO, every_flow=True)
    assert flows(second, first, every_flow=True) == whole
    host = whole[0].server
    chosen = flows(DEMO, every_flow=True, filter=f"host {host} and tcp port 443")
    assert {flow.server for flow in chosen} == {host}


@pytest.mark.filterwarnings("ignore::netmon.CaptureWarning")
@pytest.mark.parametrize("name", ["", "*.pcap", "**/one.pcap*"])
def test_folders_and_patterns(tmp_path, name):
    """A folder and a pattern are the captures in it, as on the command line; other files are left out."""
    (tmp_path / "monday").mkdir()
    shutil.copy(DEMO, tmp_path / "monday" / "one.pcap")
    (tmp_path / "monday" / "notes.txt").write_text("text")
    folder = tmp_path if name.startswith("**") else tmp_path / "monday"
    assert flows(folder / name if name else folder) == flows(DEMO)


def test_a_bad_file_in_a_folder_is_a_doubt(tmp_path):
    """The good ones give their flows, and a warning says what is missing."""
    shutil.copy(DEMO, tmp_path / "one.pcap")
    (tmp_path / "two.pcap").write_bytes(DEMO.read_bytes()[:10])
    with pytest.warns(netmon.CaptureWarning, match="two.pcap"):
        assert flows(tmp_path) == flows(DEMO)


def _packets(data):
    """The records of a pcap file, little-endian."""
    at = 24
    while at < len(data):
        length = 16 + int.from_bytes(data[at + 8 : at + 12], "little")
        yield data[at : at + length]
        at += length


@pytest.mark.parametrize(
    ("files", "options", "error", "text"),
    [
        ((), {}, netmon.SourceError, "at least one capture file"),
        (("missing.pcap",), {}, netmon.SourceError, "missing.pcap: no such file"),
        (("missing*.pcap",), {}, netmon.SourceError, "missing*.pcap: no such file"),
        (("-",), {}, netmon.SourceError, "standard input cannot be read again"),
        (("",), {}, netmon.SourceError, "empty file name: no such file"),
        ((DEMO,), {"country": "XX"}, netmon.ConfigError, "country: "),
        ((DEMO,), {"filter": "tcp prot 443"}, netmon.SourceError, "tcp prot 443"),
        ((DEMO,), {"config": "missing.yaml"}, netmon.ConfigError, "missing.yaml"),
        ((DEMO,), {"signatures": "missing"}, netmon.SignatureError, "missing"),
    ],
)
def test_errors_come_before_the_first_flow(files, options, error, text):
    """What is wrong with the arguments is said by `read` itself, in one line."""
    with pytest.raises(error, match=re.escape(text)) as raised:
        netmon.read(*files, **options)
    assert "\n" not in str(raised.value)
    assert isinstance(raised.value, netmon.NetmonError)


def test_what_is_wrong_in_a_file_is_an_error_or_a_warning(tmp_path):
    """A file that is no capture raises; a damaged one gives its flows, and a warning."""
    text = tmp_path / "text.pcap"
    text.write_text("no capture at all, but long enough for a header")
    with pytest.raises(netmon.SourceError, match=r"text\.pcap"):
        list(netmon.read(text))
    missing = tmp_path / "database.mmdb"
    with pytest.raises(netmon.ConfigError, match=r"database\.mmdb"):
        list(netmon.read(DEMO, databases=[missing]))
    damaged = tmp_path / "damaged.pcap"
    damaged.write_bytes(DEMO.read_bytes()[:-7])
    with pytest.warns(netmon.CaptureWarning, match=r"damaged\.pcap"):
        assert flows(damaged)


def test_a_warning_points_at_the_loop(tmp_path):
    """The line that Python shows is the caller's, not one of netmon's."""
    damaged = tmp_path / "damaged.pcap"
    damaged.write_bytes(DEMO.read_bytes()[:-7])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _flow in netmon.read(damaged, config=CONFIG):
            pass
    assert {Path(one.filename).name for one in caught} == {"test_library.py"}


def test_tables_have_a_typed_column_for_each_field():
    """Values equal those of the flows; times keep their nanoseconds, also where there are no flows."""
    read = netmon.read(DEMO, config=CONFIG, every_flow=True)
    table = read.to_arrow()
    names = ["start", "last", *[field.name for field in fields(netmon.Flow)][2:]]
    assert table.column_names == names
    for name in names[2:]:
        values = [getattr(flow, name) for flow in read]
        expected = [list(value) for value in values] if name in ("not_in", "view") else values
        assert table[name].to_pylist() == expected, name
    assert table["start"].cast(pyarrow.int64()).to_pylist() == [flow.start_ns for flow in read]
    empty = netmon.read(DEMO, config=CONFIG, filter="port 1").to_arrow()
    assert (empty.num_rows, empty.schema) == (0, table.schema)
    frame = read.to_pandas()
    assert int(frame.sent_bytes.sum()) == sum(flow.sent_bytes for flow in read)


def test_a_table_of_many_flows_has_them_all(monkeypatch):
    """Batches end where they are full, and nothing is lost between them."""
    monkeypatch.setattr("netmon.library.table._ROWS", 10)
    read = netmon.read(DEMO, config=CONFIG)
    assert read.to_arrow()["client_port"].to_pylist() == [flow.client_port for flow in read]


@pytest.mark.parametrize(
    ("package", "method", "install"),
    [
        ("pyarrow", "to_arrow", "install pyarrow"),
        ("pandas", "to_pandas", "install pandas pyarrow"),
        ("pyarrow", "to_pandas", "install pyarrow"),
    ],
)
def test_without_a_package_the_error_names_it(package, method, install):
    """Tables need packages that netmon does not install; the rest runs without."""
    code = (
        f"import sys; sys.modules[{package!r}] = None; import netmon\n"
        f"flows = netmon.read({str(DEMO)!r})\n"
        "print(sum(1 for _ in flows))\n"
        f"flows.{method}()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert int(done.stdout) == 37
    error = done.stderr.strip().splitlines()[-1]
    assert error.startswith("ModuleNotFoundError: to_")
    assert f"() needs {package}: " in error
    assert error.endswith(install)


def test_importing_netmon_is_cheap():
    """The command line imports the package too, so the library is loaded when it is used."""
    code = "import sys, netmon; print([name for name in sys.modules if name.startswith('netmon.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert set(netmon.__all__) <= set(dir(netmon))
    assert all(getattr(netmon, name) is not None for name in netmon.__all__)
    with pytest.raises(AttributeError, match="no attribute 'raed'"):
        _ = netmon.raed


def test_a_type_checker_sees_the_flows(tmp_path):
    """mypy in strict mode knows the types of what a script of a user gets, and finds a wrong field."""
    script = tmp_path / "script.py"
    script.write_text(
        "import netmon\n\n"
        'for flow in netmon.read("x.pcap", country="DE"):\n'
        "    reveal_type(flow.sent_bytes)\n"
        "    reveal_type(flow.vendor)\n"
        "    flow.vendro\n"
    )
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(script)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert 'Revealed type is "int"' in done.stdout.replace("builtins.int", "int"), done.stdout
    assert 'Revealed type is "str | None"' in done.stdout.replace("builtins.str", "str"), done.stdout
    assert '"Flow" has no attribute "vendro"' in done.stdout


def test_the_page_is_true(tmp_path):
    """The scripts of the documentation run, print what it says, and its table has every field."""
    shutil.copy(DEMO, tmp_path / "office.pcap")
    page = PAGE.read_text(encoding="utf-8")
    first, second = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(first.splitlines()) <= 10
    outputs = [
        subprocess.run([sys.executable, "-c", one], cwd=tmp_path, capture_output=True, text=True, check=False)
        for one in (first, second)
    ]
    assert all(done.returncode == 0 for done in outputs), outputs
    (printed,) = re.findall(r"prints:\n\n```\n(.*?)```", page, re.DOTALL)
    assert outputs[0].stdout == printed
    assert "moscow" in outputs[1].stdout
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == [field.name for field in fields(netmon.Flow)]
