"""`netmon read`: output and exit codes."""

import gzip
import json
import re
import shutil
import subprocess
import sys
from collections import Counter

import pytest

WIDTH = 80
NO_CONCERNS = "policy: {concerns: {kaspersky: []}}\n"
MOSCOW = "Critical findings: 4 flows of kaspersky (reputation) to Moscow, RU."


def events(text):
    return [json.loads(line) for line in text.splitlines()]


def test_summary_shows_the_findings(netmon, demo):
    """Vendor, places, verdicts, the view, and one sentence at the end; 3 because flows are unexpected."""
    done = netmon("read", "--country", "DE", demo)
    assert (done.returncode, done.stderr) == (3, "")
    for words in ("Moscow, RU", "Zürich, CH", "unexpected", "expected", "What was seen", "packets"):
        assert words in done.stdout
    assert done.stdout.splitlines()[-1] == MOSCOW


def test_summary_reports_a_missing_country(netmon, demo):
    """Without a country, promises to certain countries do not apply, and the last line says so."""
    done = netmon("read", demo)
    assert done.returncode == 3  # countries of concern need no promise
    assert "--country" in done.stdout.splitlines()[-1]


def test_without_a_judgement_the_summary_begins_with_that(netmon, demo, tmp_path):
    """NOT JUDGED, why, and where the bytes went all the same: never an all-clear."""
    (tmp_path / "netmon.yaml").write_text(NO_CONCERNS)
    done = netmon("read", "--config", "netmon.yaml", demo)
    assert done.returncode == 0
    lines = [line.strip("│ ") for line in done.stdout.partition("└")[0].splitlines()]
    assert lines[1] == "NOT JUDGED: kaspersky"
    assert lines[2].startswith("None of 37 flows could be judged: ")
    before = " ".join(lines)
    assert "promises apply to certain countries, and the client's is not known (28)" in before
    assert "11 flows with 40.2 kB in Russia" in before
    assert "AS PROMISED" not in done.stdout
    assert "Nothing unexpected" not in done.stdout


def test_summary_to_a_file_has_no_colours(netmon, demo):
    """Without a terminal there are no escape sequences."""
    assert "\x1b" not in netmon("read", "--country", "DE", demo).stdout


@pytest.mark.parametrize("no_colour", [False, True], ids=["colour", "NO_COLOR"])
def test_summary_fits_a_terminal(environment, demo, no_colour):
    """At 80 columns no line is longer; coloured unless NO_COLOR is set."""
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


def test_events_are_json_lines_of_matching_flows(netmon, demo):
    """One event for each flow that matches a vendor, and for a query to a resolver that it falls back to."""
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


def test_all_adds_other_flows_and_dns(netmon, demo):
    """With --all there is an event for every flow and every DNS message."""
    found = events(netmon("read", "--json", "--all", demo).stdout)
    datasets = [event["event"]["dataset"] for event in found]
    assert (datasets.count("netmon.flow"), datasets.count("netmon.dns")) == (92, 88)


def test_output_is_reproducible(netmon, demo):
    """Two runs over a file give identical output."""
    assert len({netmon("read", "--json", "--all", demo).stdout for _ in range(2)}) == 1


@pytest.mark.parametrize("level", [1, 2, 3])
def test_privacy_masks_clients(netmon, demo, level):
    """`--privacy` removes clients' addresses from every event."""
    clients = {event["source"]["ip"] for event in events(netmon("read", "--json", demo).stdout)}
    masked = netmon("read", "--json", "--all", "--privacy", level, demo).stdout
    assert clients
    assert [client for client in clients if f'"{client}"' in masked] == []


EVERY_CLIENT = "".join(
    f"    - {{vendor: kaspersky, clients: '{clients}', until: UNTIL, author: A, reason: B}}\n"
    for clients in ("0.0.0.0/0", "::/0")
)


DECLARED_ZURICH = """
places:
  declared:
    - {network: 82.202.184.0/24, country: CH, city: Zurich, author: A, reason: B}
    - {network: '2a03:2480:8010::/48', country: CH, city: Zurich, author: A, reason: B}
"""


@pytest.mark.parametrize("until", ["2026-09-15", "2026-09-14"])
def test_exceptions_apply_until_their_last_day(netmon, demo, tmp_path, until):
    """The packets' day and the real client address count; the place is judged all the same."""
    policy = (
        f"policy:\n  forbidden_vendors: [kaspersky]\n  exceptions:\n{EVERY_CLIENT.replace('UNTIL', until)}"
    )
    (tmp_path / "netmon.yaml").write_text(f"{policy}\n{DECLARED_ZURICH}")
    words = ("read", "--config", "netmon.yaml", "--country", "DE")
    done = netmon(*words, "--json", "--privacy", 3, demo)
    ours = [event["netmon"] for event in events(done.stdout) if "vendor" in event["netmon"]]
    verdicts = Counter(one["verdict"] for one in ours)
    assert done.returncode == 3  # four flows ended in Moscow
    if until == "2026-09-14":
        assert verdicts == {"forbidden": 37}
        assert not any("exception" in one for one in ours)
        return
    assert verdicts == {"expected": 19, "unexpected": 4, "undecided": 14}
    exception = {"lifts": "policy_forbids_vendor", "until": until}
    assert all(one["exception"] == exception for one in ours)
    assert {one["reason"] for one in ours if one["verdict"] == "expected"} == {"policy_exception"}
    assert netmon(*words, demo).stdout.splitlines()[-1] == MOSCOW


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
def test_the_filter_follows_the_files(netmon, demo, words, ports):
    """The words after the files form one filter."""
    found = events(netmon("read", "--json", demo, *words).stdout)
    assert {event["destination"]["port"] for event in found} == ports


@pytest.mark.usefixtures("libpcap")
def test_options_may_come_last(netmon, demo):
    """Options are accepted in any position."""
    assert len(events(netmon("read", demo, "--json", "tcp", "port", "443", "--country", "DE").stdout)) > 0


def without_run(output):
    """The lines of events, sorted, without what tells runs apart."""
    return sorted(re.sub('"(id|run)":"[0-9a-f]{16,32}",?', "", output).splitlines())


def test_standard_input(netmon, demo):
    """`-` reads a capture from a pipe, compressed or not."""
    complete = without_run(netmon("read", "--json", demo).stdout)
    for data in (demo.read_bytes(), gzip.compress(demo.read_bytes())):
        given = netmon("read", "--json", "-", input=data, text=False)
        assert without_run(given.stdout.decode()) == complete


def test_several_files_are_read_as_one(netmon, demo, tmp_path):
    """A capture split in two between packets gives the same events as the complete one."""
    data = demo.read_bytes()
    position = 24
    while position < len(data) // 2:
        position += 16 + int.from_bytes(data[position + 8 : position + 12], "little")
    (tmp_path / "a2.pcap").write_bytes(data[:position])
    (tmp_path / "a10.pcap").write_bytes(data[:24] + data[position:])
    complete = without_run(netmon("read", "--json", "--all", demo).stdout)
    given = netmon("read", "--json", "--all", "a2.pcap", "a10.pcap")
    assert (without_run(given.stdout), given.stderr) == (complete, "")
    by_the_shell = netmon("read", "--json", "--all", "a10.pcap", "a2.pcap")
    assert without_run(by_the_shell.stdout) == complete
    line = "the files are read in the order of their first packets, from a2.pcap to a10.pcap"
    assert by_the_shell.stderr == f"netmon: {line}\n"


def test_an_incomplete_file_is_read_up_to_its_end(netmon, demo, tmp_path):
    """The results are printed, then a line reports where the file ends; exit code 1."""
    (tmp_path / "cut.pcap").write_bytes(demo.read_bytes()[:100_000])
    (tmp_path / "netmon.yaml").write_text(NO_CONCERNS)
    done = netmon("read", "--json", "--config", "netmon.yaml", "cut.pcap")
    assert done.returncode == 1
    assert len(events(done.stdout)) > 0
    assert (
        done.stderr
        == "netmon: cut.pcap: reading stopped in a packet, after 293 complete packets, at byte 98658\n"
    )


def test_a_finding_takes_precedence_over_an_incomplete_file(netmon, demo, tmp_path):
    """Exit code 3 for findings, also in an incomplete file."""
    (tmp_path / "cut.pcap").write_bytes(demo.read_bytes()[:-10])
    done = netmon("read", "--country", "DE", "cut.pcap")
    assert done.returncode == 3
    assert "reading stopped" in done.stderr


def test_a_closed_pipe_is_silent(environment, demo):
    """`netmon read … | head` ends without an error message."""
    words = [sys.executable, "-m", "netmon", "read", "--json", "--all", str(demo)]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""


def test_a_full_disk_is_one_line(environment, demo):
    """Output that cannot be written is reported in one line."""
    words = [sys.executable, "-m", "netmon", "read", "--json", "--all", str(demo)]
    with open("/dev/full", "wb") as full:  # noqa: PTH123  # a device
        done = subprocess.run(words, env=environment, stdout=full, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (1, b"netmon: standard output: no space left on device\n")


def test_scapy_gives_the_same_events(netmon, demo):
    """`--source scapy` gives the same events as the native reader."""
    pytest.importorskip("scapy")
    native, scapy = (netmon("read", "--json", "--all", "--source", by, demo) for by in ("native", "scapy"))
    assert scapy.stderr == ""
    assert sorted(scapy.stdout.splitlines()) == sorted(native.stdout.splitlines())
