"""`netmon read`: what it prints and how it ends."""

import gzip
import json
import re
import shutil
import subprocess
import sys

import pytest

WIDTH = 80
MOSCOW = "Findings: 4 flows of kaspersky (reputation) to Moscow, RU."


def events(text):
    return [json.loads(line) for line in text.splitlines()]


def test_summary_says_what_was_found(netmon, demo):
    """Vendor, places, verdicts, the view, and one sentence in the end; 3 because something is unexpected."""
    done = netmon("read", "--country", "DE", demo)
    assert (done.returncode, done.stderr) == (3, "")
    for words in ("Moscow, RU", "Zürich, CH", "unexpected", "expected", "What was seen", "packets"):
        assert words in done.stdout
    assert done.stdout.splitlines()[-1] == MOSCOW


def test_summary_without_a_country_says_so(netmon, demo):
    """Whose traffic it is decides which promises bind; without that nothing is alleged, and it says why."""
    done = netmon("read", demo)
    assert done.returncode == 0
    assert "--country" in done.stdout.splitlines()[-1]


def test_summary_to_a_file_has_no_colours(netmon, demo):
    """Without a terminal there is no escape sequence."""
    assert "\x1b" not in netmon("read", "--country", "DE", demo).stdout


@pytest.mark.parametrize("no_colour", [False, True], ids=["colour", "NO_COLOR"])
def test_summary_fits_a_terminal(environment, demo, no_colour):
    """In 80 columns no line is longer; colours unless NO_COLOR forbids them."""
    if shutil.which("script") is None:
        pytest.skip("needs script (Debian: bsdutils)")
    environment |= {"COLUMNS": str(WIDTH), "TERM": "xterm-256color"}
    if no_colour:
        environment["NO_COLOR"] = "1"
    command = f"{sys.executable} -m netmon read --country DE {demo}"
    words = ["script", "-qec", command, "/dev/null"]
    done = subprocess.run(words, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 3
    assert bool(re.search(r"\x1b\[[0-9;]*3[123]", done.stdout)) != no_colour
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", done.stdout)
    assert MOSCOW in plain
    assert max(len(line) for line in plain.splitlines()) <= WIDTH


def test_events_are_json_lines_of_known_vendors(netmon, demo):
    """One event for each flow of a vendor, and for a question to a resolver that it falls back to."""
    done = netmon("read", "--json", "--country", "DE", demo)
    assert (done.returncode, done.stderr) == (3, "")
    found = events(done.stdout)
    fallbacks = [event["netmon"] for event in found if "vendor" not in event["netmon"]]
    assert [one["finding"] for one in fallbacks] == ["fallback_resolver"]
    assert [one["question"] for one in fallbacks[0]["fallback"]] == ["vendor"]
    ours = [event["netmon"] for event in found if "vendor" in event["netmon"]]
    assert len(ours) == 37
    assert {one["vendor"] for one in ours} == {"kaspersky"}
    assert sum(one["verdict"] == "unexpected" for one in ours) == 4


def test_all_adds_strangers_and_dns(netmon, demo):
    """Every flow and every DNS message."""
    found = events(netmon("read", "--json", "--all", demo).stdout)
    datasets = [event["event"]["dataset"] for event in found]
    assert (datasets.count("netmon.flow"), datasets.count("netmon.dns")) == (92, 88)


def test_same_file_same_bytes(netmon, demo):
    """Two runs over a file do not differ in a byte."""
    assert len({netmon("read", "--json", "--all", demo).stdout for _ in range(2)}) == 1


@pytest.mark.parametrize("level", [1, 2, 3])
def test_privacy_masks_clients(netmon, demo, level):
    """`--privacy` takes clients' addresses out of every event."""
    clients = {event["source"]["ip"] for event in events(netmon("read", "--json", demo).stdout)}
    masked = netmon("read", "--json", "--all", "--privacy", level, demo).stdout
    assert clients
    assert [client for client in clients if f'"{client}"' in masked] == []


EVERYBODY = "".join(
    f"    - {{vendor: kaspersky, clients: '{clients}', until: UNTIL, author: A, reason: B}}\n"
    for clients in ("0.0.0.0/0", "::/0")
)


@pytest.mark.parametrize(
    ("until", "code", "reason"), [("2026-09-15", 0, "exception"), ("2026-09-14", 3, "forbids")]
)
def test_exceptions_hold_until_their_day(netmon, demo, tmp_path, until, code, reason):
    """By the packets' day, whatever today is, and before clients are masked; the summary counts them."""
    policy = f"policy:\n  forbidden_vendors: [kaspersky]\n  exceptions:\n{EVERYBODY.replace('UNTIL', until)}"
    (tmp_path / "netmon.yaml").write_text(policy)
    done = netmon("read", "--config", "netmon.yaml", "--json", "--privacy", 3, demo)
    ours = [event["netmon"] for event in events(done.stdout) if "vendor" in event["netmon"]]
    assert done.returncode == code
    assert all(reason in one["reason"] for one in ours)
    assert all(one.get("exception", {}).get("until") == (None if code else until) for one in ours)
    told = "All 37 flows ended as expected, 37 of them by an exception of the policy."
    assert (told in netmon("read", "--config", "netmon.yaml", demo).stdout) == (code == 0)


@pytest.mark.usefixtures("libpcap")
@pytest.mark.parametrize(
    ("words", "ports"),
    [
        (["tcp", "port", "443"], {443}),
        (["tcp port 443"], {443}),
        (["--", "tcp", "and", "not", "port", "443"], {80}),
        (["(tcp and port 80)"], {80}),
    ],
)
def test_filter_comes_after_the_files(netmon, demo, words, ports):
    """The words after the files are one filter."""
    found = events(netmon("read", "--json", demo, *words).stdout)
    assert {event["destination"]["port"] for event in found} == ports


@pytest.mark.usefixtures("libpcap")
def test_options_may_come_last(netmon, demo):
    """Options are found wherever they stand."""
    assert len(events(netmon("read", demo, "--json", "tcp", "port", "443", "--country", "DE").stdout)) > 0


def test_standard_input(netmon, demo):
    """`-` reads a capture from a pipe, compressed or not."""
    whole = netmon("read", "--json", demo).stdout
    for data in (demo.read_bytes(), gzip.compress(demo.read_bytes())):
        assert netmon("read", "--json", "-", input=data, text=False).stdout.decode() == whole


def test_several_files_are_one_run(netmon, demo, tmp_path):
    """A capture cut in two between packets gives what the whole one gives."""
    data = demo.read_bytes()
    position = 24
    while position < len(data) // 2:
        position += 16 + int.from_bytes(data[position + 8 : position + 12], "little")
    (tmp_path / "a.pcap").write_bytes(data[:position])
    (tmp_path / "b.pcap").write_bytes(data[:24] + data[position:])
    parts = netmon("read", "--json", "--all", "a.pcap", "b.pcap").stdout.splitlines()
    assert sorted(parts) == sorted(netmon("read", "--json", "--all", demo).stdout.splitlines())


def test_file_that_breaks_off_gives_what_it_holds(netmon, demo, tmp_path):
    """The results are printed; then a line says where it broke; 1 because the rest is missing."""
    (tmp_path / "cut.pcap").write_bytes(demo.read_bytes()[:100_000])
    done = netmon("read", "--json", "cut.pcap")
    assert done.returncode == 1
    assert len(events(done.stdout)) > 0
    assert done.stderr == "netmon: cut.pcap: breaks off in a packet, after 293 whole packets, at byte 98658\n"


def test_a_finding_outweighs_a_broken_file(netmon, demo, tmp_path):
    """What was found is found, also in an incomplete file."""
    (tmp_path / "cut.pcap").write_bytes(demo.read_bytes()[:-10])
    done = netmon("read", "--country", "DE", "cut.pcap")
    assert done.returncode == 3
    assert "breaks off" in done.stderr


def test_reader_of_the_output_may_leave(environment, demo):
    """`netmon read … | head` ends without a word."""
    words = [sys.executable, "-m", "netmon", "read", "--json", "--all", str(demo)]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""


def test_full_disk_is_one_line(environment, demo):
    """Output that cannot be written is an error of one line."""
    words = [sys.executable, "-m", "netmon", "read", "--json", "--all", str(demo)]
    with open("/dev/full", "wb") as full:  # noqa: PTH123  # a device
        done = subprocess.run(words, env=environment, stdout=full, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (1, b"netmon: standard output: no space left on device\n")


def test_scapy_gives_the_same_events(netmon, demo):
    """`--source scapy` reads what the native reader reads."""
    pytest.importorskip("scapy")
    native, scapy = (netmon("read", "--json", "--all", "--source", by, demo) for by in ("native", "scapy"))
    assert scapy.stderr == ""
    assert sorted(scapy.stdout.splitlines()) == sorted(native.stdout.splitlines())
