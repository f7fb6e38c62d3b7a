"""`netmon verify` reports what is equal, differences with their packets, and errors in one line."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from netmon.errors import install_command
from netmon.verify.pyshark_adapter import REQUIREMENT
from tests.bench.load import write_load
from tests.check_captures import CAPTURES
from tests.cli.conftest import clean_environment
from tests.machine import NETMON, need

EQUAL = (
    ("PcapFlowLab/24_outer_vlan_mpls_mpls_gre_inner_ipv4_tcp_tls_client_hello.pcap", "flow hello tcp"),
    ("PcapPlusPlus/nanosecs_big_endian.pcap", "flow"),
    ("arkime/quicietf.pcap", "flow hello quic"),
    ("dnscap/dnso1tcp.pcap", "dns_tcp flow"),
    ("go-dnscollector/dnsdump_ip4_fragmented+udp.pcap", "dns flow"),
    ("gopacket/be-test202.pcapng", "flow"),
    ("mercury/geneve.pcap", "flow hello quic tcp"),
    ("mercury/quic_fragmented.pcap", "flow hello quic"),
    ("mercury/top-https.mcap", "dns flow hello http tcp"),
    ("nDPI/1kxun.pcap", "dns flow hello http llmnr mdns tcp"),
    ("nDPI/4in6tunnel.pcap", "flow hello tcp"),
    ("nDPI/dns_dot.pcap", "flow hello x509"),
    ("nDPI/doq.pcapng", "flow hello"),
    ("nDPI/dtls.pcap", "flow hello"),
    ("nDPI/http_connect.pcap", "dns flow hello tcp"),
    ("nDPI/imap-starttls.pcap", "flow hello x509"),
    ("nDPI/quic_frags_ch_out_of_order_same_packet_craziness.pcapng", "flow hello quic"),
    ("nDPI/teams.pcap", "dns flow hello tcp"),
    ("nDPI/tls_ech.pcapng", "flow hello tcp"),
    ("nDPI/vxlan.pcap", "dns flow hello tcp"),
    ("zeek/dns-https.pcap", "dns flow"),
    ("zeek/ipv6-fragmented-dns.pcap", "dns flow"),
    ("zeek/radiotap.pcap", "dns flow mdns"),
    ("../golden/certificate/input.pcap", "flow hello x509"),
    ("../golden/http_absolute_form/input.pcap", "flow http"),
    ("../golden/http_connect/input.pcap", "flow hello http tcp"),
)
"""Captures on which both programs agree, and the protocols that they have in common."""


@pytest.fixture
def fake_tshark(environment, tmp_path):
    """Puts a script named tshark on PATH, in front of the real one."""

    def fake_tshark(script):
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        (folder / "tshark").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "tshark").chmod(0o755)
        environment["PATH"] = f"{folder}:{environment['PATH']}"

    return fake_tshark


@pytest.fixture(scope="module")
def opinions(tmp_path_factory):
    """The opinion on each of these captures, from one run."""
    need("tshark")
    words = [*NETMON, "verify", "--json", *(str(CAPTURES / file) for file, _ in EQUAL)]
    environment = clean_environment(tmp_path_factory.mktemp("home"))
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    found = map(json.loads, done.stdout.splitlines())
    return {file: opinion for (file, _), opinion in zip(EQUAL, found, strict=True)}


@pytest.mark.slow
@pytest.mark.parametrize(("file", "seen"), EQUAL)
def test_both_programs_agree(opinions, file, seen):
    """There is no difference in tunnels, fragments, wireless frames, TLS, QUIC, DTLS, HTTP and DNS."""
    opinion = opinions[file]
    assert opinion["differences"] == []
    assert set(opinion["equal"]) == set(seen.split())


def test_several_files_are_several_opinions(netmon):
    """Each file gets a line with one object, in the given order. A difference makes the exit code 1."""
    need("tshark")
    files = [CAPTURES / "zeek" / "dns-https.pcap", CAPTURES / "nDPI" / "fuzz-2006-06-26-2594.pcap"]
    done = netmon("verify", "--json", *files)
    assert (done.returncode, done.stderr) == (1, "")
    opinions = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(opinion["file"], len(opinion["differences"])) for opinion in opinions] == [
        (str(files[0]), 0),
        (str(files[1]), 3),
    ]


def test_folders_and_patterns(netmon, tmp_path):
    """Captures are found as `read` finds them; one that is damaged does not cost the others their result."""
    need("tshark")
    for name in ("b", "a"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / f"{name}.pcap").write_bytes((CAPTURES / "zeek" / "dns-https.pcap").read_bytes())
        (folder / "notes.txt").write_text("no capture\n")
    (tmp_path / "broken.pcap").write_bytes(b"\xd4\xc3\xb2\xa1")
    done = netmon("verify", "--json", "b", "a/*", "broken.pcap")
    opinions = [json.loads(line) for line in done.stdout.splitlines()]
    assert [opinion["file"] for opinion in opinions] == ["b/b.pcap", "a/a.pcap"]
    left_out, broken = done.stderr.splitlines()
    assert left_out == "netmon: left out 2 files that are not captures: b/notes.txt, a/notes.txt"
    assert broken.startswith("netmon: broken.pcap: ")
    assert done.returncode == 1
    assert netmon("verify", "--json", "a", "b").returncode == 0


def test_agreement_as_text(netmon):
    """If both agree, the text has the counts of what they read, and says that there is no difference."""
    need("tshark")
    file = CAPTURES / "zeek" / "dns-https.pcap"
    done = netmon("verify", file)
    assert (done.returncode, done.stderr) == (0, "")
    first, last = done.stdout.splitlines()
    assert first.startswith(f"{file}: 2 packets; tshark ")
    assert first.endswith("netmon agree on: DNS facts (5), flows with packets and bytes (1)")
    assert last == "no difference"


def test_a_difference_as_text(netmon):
    """A difference has the packets, what both read, a reason, exit code 1.

    The line about the file says that the programs differ before it says what they read alike.
    """
    need("tshark")
    done = netmon("verify", CAPTURES / "nDPI" / "fuzz-2006-06-26-2594.pcap")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines()[:4] == [
        "packet 86: flow 192.168.1.2:58657 → 147.234.1.253:47645",
        "  Wireshark: tcp 1 packets 40 bytes, back 0 packets 0 bytes",
        "  netmon:    nothing",
        "  perhaps:   these addresses exchange IP fragments, which the two programs reassemble differently",
    ]
    assert " and netmon differ; what they read alike: " in done.stdout.splitlines()[-3]
    assert "agree" not in done.stdout
    assert done.stdout.splitlines()[-1] == "3 differences"


def test_a_truncated_file_is_compared_up_to_its_end(netmon, tmp_path):
    """A capture that ends within a packet: no difference, a line that reports it, exit code 1."""
    need("tshark")
    complete = (CAPTURES / "nDPI" / "teams.pcap").read_bytes()
    truncated = tmp_path / "truncated.pcap"
    truncated.write_bytes(complete[: len(complete) // 2])
    done = netmon("verify", truncated)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "no difference"
    [line] = done.stderr.splitlines()
    assert line.startswith(f"netmon: {truncated}: ")


def test_a_foreign_config_in_the_working_directory(netmon, tmp_path):
    """pyshark would read any config.ini in the working directory, which netmon prevents."""
    need("tshark")
    (tmp_path / "config.ini").write_text("[other]\nkey = value\n")
    assert netmon("verify", CAPTURES / "zeek" / "dns-https.pcap").returncode == 0


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.pcap", None, "no such file"),
        ("text.pcap", b"this is not a capture file", "not a capture"),
    ],
)
def test_a_file_that_is_not_a_capture(refused, tmp_path, name, content, message):
    """A missing file and a text file: one line, exit code 1, no traceback."""
    need("tshark")
    if content is not None:
        (tmp_path / name).write_bytes(content)
    line = refused("verify", name)
    assert line.startswith(name)
    assert message in line


def test_standard_input_is_refused(refused):
    """A file is read more than once, which is not possible with a pipe."""
    assert refused("verify", "-") == "verify reads a file more than once, so it cannot read standard input"


def test_no_tshark(refused, environment):
    """The line says what is missing, which version is needed and how to install it."""
    environment["PATH"] = "/nowhere"
    assert refused("verify", CAPTURES / "zeek" / "dns-https.pcap") == (
        "there is no tshark on PATH; verify needs tshark 4.0 or newer: "
        "install it (Debian: apt-get install tshark)"
    )


def test_old_tshark(refused, fake_tshark, tmp_path):
    """The line has the path of a tshark that is too old, its version, and the version that is needed."""
    fake_tshark("echo 'TShark (Wireshark) 3.6.2 (Git v3.6.2 packaged as 3.6.2-2)'")
    assert refused("verify", CAPTURES / "zeek" / "dns-https.pcap") == (
        f"{tmp_path}/bin/tshark is version 3.6.2; verify needs tshark 4.0 or newer: "
        "install it (Debian: apt-get install tshark)"
    )


def test_a_tshark_without_a_version(refused, fake_tshark, tmp_path):
    """A program named tshark that does not print a version is refused."""
    fake_tshark("exit 3")
    line = refused("verify", CAPTURES / "zeek" / "dns-https.pcap")
    assert line.startswith(f"{tmp_path}/bin/tshark does not print its version; verify needs tshark 4.0")


def test_tshark_that_fails(refused, fake_tshark):
    """The error of a tshark that fails is in the line, and nothing is compared."""
    fake_tshark(
        'if [ "$1" = --version ]; then echo "TShark (Wireshark) 4.2.0"; exit; fi\n'
        'echo "tshark: Out of patience" >&2; exit 2'
    )
    file = CAPTURES / "zeek" / "dns-https.pcap"
    assert refused("verify", file) == f"{file}: tshark 4.2.0 cannot read it: Out of patience"


def test_no_pyshark(netmon, environment, tmp_path):
    """The line has the command that installs pyshark."""
    (tmp_path / "pyshark.py").write_text("raise ImportError('not here')\n")
    environment["PYTHONPATH"] = f"{tmp_path}:{environment['PYTHONPATH']}"
    done = netmon("verify", CAPTURES / "zeek" / "dns-https.pcap")
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr == f"netmon: pyshark is not installed; install it with: {install_command(REQUIREMENT)}\n"
    )


def test_another_pyshark(refused, environment, tmp_path):
    """The line has the installed version, the supported one, and the command that installs it."""
    need("tshark")
    (tmp_path / "pyshark.py").write_text("FileCapture = object\n")
    (tmp_path / "pyshark-0.7.dist-info").mkdir()
    (tmp_path / "pyshark-0.7.dist-info" / "METADATA").write_text("Name: pyshark\nVersion: 0.7\n")
    environment["PYTHONPATH"] = f"{tmp_path}:{environment['PYTHONPATH']}"
    assert refused("verify", CAPTURES / "zeek" / "dns-https.pcap") == (
        "pyshark 0.7 is installed, but verify works with pyshark 0.6 only; "
        f"install it with: {install_command(REQUIREMENT)}"
    )


def _readers(file, reader):
    """The other processes that have this file on their command line."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if str(file).encode() in words and int(folder.name) != reader:
            found.append(int(folder.name))
    return found


def test_an_interruption_leaves_no_tshark_behind(environment, tmp_path):
    """Ctrl-C while tshark reads: exit code 130, nothing on standard error, and no tshark process is left."""
    need("tshark")
    load = tmp_path / "load.pcap"
    write_load(load, 200_000)
    started = subprocess.Popen(
        [sys.executable, "-m", "netmon", "verify", load],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not (readers := _readers(load, started.pid)):
        assert started.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(started.pid, signal.SIGINT)
    output, errors = started.communicate(timeout=60)
    assert (started.returncode, output, errors) == (130, b"", b"")
    assert not any(Path(f"/proc/{reader}").exists() for reader in readers)
