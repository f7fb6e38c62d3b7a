"""The pcapng files, as tshark and capinfos read them."""

import json
import shutil
import subprocess

import pytest

from netmon.cli.exit_codes import FOUND
from netmon.evidence.pcapng import Block, Section, write_pcapng
from tests.evidence.test_findings import netmon
from tests.machine import ROOT, need

SECTION = Section("a comment ü", "netmon 1", "x86_64", "Linux")
FIELDS = ("frame.number", "frame.time_epoch", "frame.interface_name", "frame.len", "frame.cap_len")


@pytest.fixture(autouse=True)
def _programs():
    need("tshark")


def tshark(path, *words):
    """The output of tshark; it must report nothing."""
    command = ["tshark", "-n", "-r", str(path), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    complaints = [line for line in done.stderr.splitlines() if "Running as user" not in line]
    assert complaints == []
    return done.stdout


def fields(path, *names):
    """The values of fields, one list for each packet."""
    words = [word for name in names for word in ("-e", name)]
    return [line.split("\t") for line in tshark(path, "-T", "fields", *words).splitlines()]


def test_interfaces_times_lengths_and_comments(tmp_path):
    """Each packet has its interface, its time in nanoseconds, both lengths and its comment."""
    blocks = [
        Block(1_700_000_000_123_456_789, 1, "tap0", 1514, bytes(61), "first"),
        Block(1_700_000_000_123_456_790, 101, "tap0", 40, b"\x45" + bytes(39), 'second, with "quotes"'),
        Block(2**63, 1, "tap1", 60, bytes(60), "third ü"),
        Block(0, 1, None, 60, bytes(60), ""),
    ]
    path = tmp_path / "one.pcapng"
    path.write_bytes(write_pcapng(SECTION, blocks))
    found = fields(path, *FIELDS, "frame.interface_id", "frame.comment")
    assert [one[0] for one in found] == ["1", "2", "3", "4"]
    assert [one[1] for one in found] == [
        "1700000000.123456789",
        "1700000000.123456790",
        "9223372036.854775808",
        "0.000000000",
    ]
    assert [one[2] for one in found[:3]] == ["tap0", "tap0", "tap1"]
    assert [one[3:5] for one in found] == [["1514", "61"], ["40", "40"], ["60", "60"], ["60", "60"]]
    assert [one[5] for one in found] == ["0", "1", "2", "3"]
    assert [one[6] for one in found] == ["first", 'second, with "quotes"', "third ü", ""]


def test_the_section_says_what_it_is(tmp_path):
    """Comment, application, hardware and system are in the section header."""
    path = tmp_path / "one.pcapng"
    path.write_bytes(write_pcapng(SECTION, [Block(1, 1, "tap0", 60, bytes(60), "a packet")]))
    done = subprocess.run([shutil.which("capinfos"), str(path)], capture_output=True, text=True, check=True)
    for text in ("a comment ü", "netmon 1", "x86_64", "Linux"):
        assert text in done.stdout


def test_no_packets_and_a_long_comment(tmp_path):
    """A file without packets, and a comment longer than an option can be, are read as well."""
    path = tmp_path / "one.pcapng"
    path.write_bytes(write_pcapng(SECTION, []))
    assert tshark(path) == ""
    path.write_bytes(write_pcapng(SECTION, [Block(1, 1, "tap0", 60, bytes(60), "ü" * 40_000)]))
    [[comment]] = fields(path, "frame.comment")
    assert set(comment) == {"ü"}


def test_evidence_shows_in_wireshark_what_each_packet_shows(tmp_path):
    """The comments of a finding: the look-up, the handshake, the hello with the name, the round trips."""
    demo = ROOT / "netmon" / "data" / "demo.pcap"
    assert netmon("read", "--country", "DE", "--evidence", tmp_path, demo)[0] == FOUND
    path, *_ = sorted(tmp_path.glob("*.pcapng"))
    document = json.loads(path.with_suffix(".json").read_text())
    comments = [comment for (comment,) in fields(path, "frame.comment")]
    assert comments == [one["shows"] for one in document["packets"]]
    text = "\n".join(comments)
    parts = (
        "A DNS query",
        "The DNS answer that gives",
        "TCP SYN)",
        "TCP SYN-ACK)",
        "server_name",
        "Round trip of",
    )
    assert [part for part in parts if part not in text] == []
