"""`netmon read` on many files: folders, patterns, overlaps, gaps, and files that cannot be read."""

import bz2
import gzip
import json
import lzma
import os
import re
import shutil
import subprocess
import sys
from random import Random

import pytest

from tests.craft.pcap import Frame, pcap
from tests.craft.scene import connection, ethernet_file, flight
from tests.craft.talk import tls_session
from tests.machine import need


def records(data):
    """The records of a pcap file."""
    at = 24
    while at < len(data):
        end = at + 16 + int.from_bytes(data[at + 8 : at + 12], "little")
        yield data[at:end]
        at = end


def rotated(data, count):
    """The capture in so many files."""
    parts = list(records(data))
    size = -(-len(parts) // count)
    return [data[:24] + b"".join(parts[at : at + size]) for at in range(0, len(parts), size)]


def flows(done):
    """What the events say about each flow, without round trips: those of several files are not comparable."""
    events = [json.loads(line) for line in done.stdout.splitlines()]
    return sorted(
        [one["netmon"].get("vendor", ""), one["destination"].get("domain", "")]
        + [one[end][key] for end in ("source", "destination") for key in ("ip", "port", "bytes", "packets")]
        for one in events
        if one["event"]["dataset"] == "netmon.flow"
    )


@pytest.fixture
def complete(netmon, demo):
    """The events of the complete capture."""
    return flows(netmon("read", "--json", "--all", "--country", "DE", demo))


@pytest.fixture
def read_all(netmon):
    """Read these words as `complete` was read."""

    def read_all(*words):
        return netmon("read", "--json", "--all", "--country", "DE", *words)

    return read_all


def test_a_folder_and_a_pattern_are_read_as_one_capture(read_all, complete, demo, tmp_path):
    """In the order of the packets, whatever the names; what is no capture is left out, and told."""
    folder = tmp_path / "captures"
    (folder / "deeper").mkdir(parents=True)
    for number, part in enumerate(rotated(demo.read_bytes(), 12)):
        (folder / ("deeper" if number % 2 else "") / f"cap{number}.pcap").write_bytes(part)
    (folder / "README").write_text("no capture")
    (folder / "empty.pcap").touch()
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to(folder)
    done = read_all("captures")
    assert (done.returncode, flows(done)) == (3, complete)
    assert (
        "left out 3 files that are not captures: captures/README, captures/empty.pcap, captures/pipe"
        in done.stderr
    )
    by_pattern = read_all("captures/**/cap*.pcap", "tcp or udp")
    assert (by_pattern.returncode, flows(by_pattern)) == (3, complete)


@pytest.mark.parametrize("shares", [2, 5])
def test_files_that_overlap_are_merged(read_all, complete, demo, tmp_path, shares):
    """Several capture points: the events are those of one file with all packets in order."""
    parts = list(records(demo.read_bytes()))
    for share in range(shares):
        (tmp_path / f"{share}.pcap").write_bytes(demo.read_bytes()[:24] + b"".join(parts[share::shares]))
    done = read_all(*(f"{share}.pcap" for share in reversed(range(shares))))
    assert flows(done) == complete
    [line] = [line for line in done.stderr.splitlines() if " 0.pcap and 1.pcap," in line]
    assert re.match(r"netmon: two files cover 2026-09-15 08:3\d:\d\dZ to 2026-09-15 08:\d\d:\d\dZ: ", line)


def test_packets_in_both_of_two_files_count_once(read_all, complete, demo, tmp_path):
    """A copy of a capture is a mirror that delivers everything twice."""
    shutil.copy(demo, tmp_path / "one.pcap")
    shutil.copy(demo, tmp_path / "two.pcap")
    done = read_all("one.pcap", "two.pcap")
    assert flows(done) == complete


def test_a_gap_is_told_with_its_times(netmon, tmp_path):
    """From the last packet before it to the first one after it; a short silence is none."""
    for name, at_s in (("a", 0), ("b", 30), ("c", 7200)):
        session = tls_session(connection(at_s=at_s), flight())
        (tmp_path / f"{name}.pcap").write_bytes(ethernet_file(session))
    done = netmon("read", "c.pcap", "a.pcap", "b.pcap")
    gaps = [line for line in done.stderr.splitlines() if "no file has a packet" in line]
    assert len(gaps) == 1
    assert re.search(
        r"from 2026-06-01 10:00:3\dZ to 2026-06-01 12:00:00Z, between b.pcap and c.pcap", gaps[0]
    )


def test_one_bad_file_does_not_cost_the_others(netmon, demo, tmp_path):
    """Its error is told, and is exit code 1 unless there is a finding; the store has it."""
    first, *rest = rotated(demo.read_bytes(), 3)
    (tmp_path / "netmon.yaml").write_text("policy: {concerns: {kaspersky: []}}\n")
    for number, part in enumerate(rest):
        (tmp_path / f"{number}.pcap").write_bytes(part)
    (tmp_path / "bad.pcap").write_text("no capture")
    (tmp_path / "cut.pcap").write_bytes(first[:-10])
    words = ("read", "--json", "--config", "netmon.yaml", "--store", "all.db")
    done = netmon(*words, "1.pcap", "bad.pcap", "0.pcap", "cut.pcap")
    assert done.returncode == 1
    assert done.stdout.count('"netmon.flow"') > 30
    assert "bad.pcap: not a capture" in done.stderr
    assert "cut.pcap: reading stopped in a packet" in done.stderr
    assert netmon("read", "--country", "DE", "1.pcap", "bad.pcap", "0.pcap").returncode == 3


def test_without_any_good_file_there_is_one_line(refused, tmp_path):
    """And no result."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "a.pcap").write_text("no capture")
    (tmp_path / "b.pcap").touch()
    assert refused("read", "folder") == "folder: no capture file in this folder"
    assert refused("read", "folder", "other") == "folder, other: no capture file in these folders"
    assert refused("read", "a.pcap", "b.pcap").startswith(
        "none of 2 files can be read; a.pcap: not a capture"
    )
    assert refused("read", "x*.pcap").startswith("x*.pcap: no such file")


def test_the_same_file_is_read_once(read_all, complete, demo, tmp_path):
    """Named twice, by a link, or found in a folder again."""
    shutil.copy(demo, tmp_path / "a.pcap")
    (tmp_path / "hard.pcap").hardlink_to(tmp_path / "a.pcap")
    (tmp_path / "soft.pcap").symlink_to("a.pcap")
    done = read_all("a.pcap", "hard.pcap", "soft.pcap", "./a.pcap")
    assert flows(done) == complete
    assert "left out 3 files that were named before: hard.pcap, soft.pcap, ./a.pcap" in done.stderr


def test_two_thousand_files(environment, complete, demo, tmp_path):
    """A folder of a ring buffer is read with few of them open."""
    folder = tmp_path / "ring"
    folder.mkdir()
    parts = list(records(demo.read_bytes()))
    head = demo.read_bytes()[:24]
    for number in range(2000):
        (folder / f"{number}.pcap").write_bytes(head + b"".join(parts[number : number + 1]))
        (folder / f"{number}.txt").write_text("log")
    command = f"ulimit -n 256; exec {sys.executable} -m netmon read --json --all --country DE ring"
    done = subprocess.run(
        ["bash", "-c", command],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 3
    assert flows(done) == complete
    assert "left out 2,000 files that are not captures: " in done.stderr


PACKERS = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lz4": lambda data: (
        subprocess.run(["lz4", "-c", "-B4"], input=data, capture_output=True, check=True).stdout
    ),
    "zst": lambda data: subprocess.run(["zstd", "-c"], input=data, capture_output=True, check=True).stdout,
}


@pytest.mark.parametrize("ending", PACKERS)
def test_compressed_files_are_read(read_all, netmon, complete, demo, tmp_path, ending):
    """Of one or several streams, from a file or a pipe; one that is cut gives the packets before the cut."""
    need("lz4", "zstd")
    data, pack = demo.read_bytes(), PACKERS[ending]
    (tmp_path / f"office.pcap.{ending}").write_bytes(pack(data[:100_000]) + pack(data[100_000:]))
    assert flows(read_all(f"office.pcap.{ending}")) == complete
    piped = netmon("read", "--json", "-", input=pack(data), text=False)
    assert piped.stdout.count(b'"netmon.flow"') == 38
    noise = Random(1).randbytes(3_000_000)  # several blocks of every format
    records = [noise[at : at + 1000] for at in range(0, len(noise), 1000)]
    whole = pcap([Frame(number, one) for number, one in enumerate(records)], 1)
    (tmp_path / f"cut.{ending}").write_bytes(pack(whole)[:-5000])
    cut = netmon("read", f"cut.{ending}")
    assert int(re.search(r"all packets +([\d,]+)", cut.stdout)[1].replace(",", "")) > 500
    assert re.search(r"reading stopped .* of the decompressed data \(", cut.stderr), cut.stderr


def test_an_xz_file_that_wants_too_much_memory_is_refused_with_advice(refused, tmp_path, demo):
    """Its dictionary may be 4 GiB; the command that reads it all the same is named."""
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 256 << 20}]
    (tmp_path / "large.xz").write_bytes(lzma.compress(demo.read_bytes(), filters=filters))
    assert refused("read", "large.xz").endswith("; `xz -dc FILE | netmon read -` does so")


@pytest.fixture
def halves(demo, tmp_path):
    """A folder with the capture in two files, which a shell lists in the wrong order, and a text."""
    folder = tmp_path / "captures"
    folder.mkdir()
    for name, part in zip(("cap2.pcap", "cap10.pcap"), rotated(demo.read_bytes(), 2), strict=True):
        (folder / name).write_bytes(part)
    (folder / "notes.txt").write_text("text")
    return folder


@pytest.mark.parametrize(
    "words", [["captures"], ["captures/cap*"], ["captures/cap10.pcap", "captures/cap2.pcap"]]
)
def test_reports_of_folders_and_patterns(netmon, halves, demo, words):
    """A report has the same flows, however its files are named."""
    numbers = []
    for files in ([demo], words):
        done = netmon("report", "--country", "DE", "--format", "csv", "-o", "-", *files)
        assert done.returncode == 0, done.stderr
        numbers.append(done.stdout)
    assert numbers[0] == numbers[1]
    assert halves.exists()


def test_a_report_says_which_file_is_missing(netmon, halves):
    """The good files are reported, the bad one is named, and the exit code is 1."""
    (halves / "bad.pcap").write_bytes(b"\xd4\xc3\xb2\xa1")
    done = netmon("report", "--country", "DE", "-o", "report.csv", "captures")
    assert done.returncode == 1
    assert "bad.pcap" in done.stderr
    assert "left out a file that is not a capture: captures/notes.txt" in done.stderr


@pytest.mark.parametrize("words", [["captures"], ["captures/cap*"]])
def test_a_flow_of_a_folder_is_explained(netmon, halves, words):
    """Its number is that which `netmon read` gives it for the same words."""
    events = netmon("read", "--json", "--country", "DE", *words).stdout.splitlines()
    found = next(one for one in map(json.loads, events) if one["netmon"].get("verdict") == "unexpected")
    done = netmon("explain", "--country", "DE", "--flow", found["netmon"]["flow_id"], *words)
    assert done.returncode == 0, done.stderr
    assert found["destination"]["ip"] in done.stdout
    assert halves.exists()
