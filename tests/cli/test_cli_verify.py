"""`netmon verify`: equal where both see the same, differences with packets, one line where tshark is not."""

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
"""Captures on which both agree, and what they have to agree on."""


@pytest.fixture
def fake_tshark(environment, tmp_path):
    """Puts a tshark that does this before the real one."""

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
def test_both_see_the_same(opinions, file, seen):
    """Tunnels, fragments, wireless frames, TLS, QUIC, DTLS, HTTP, DNS: compared, and nothing differs."""
    opinion = opinions[file]
    assert opinion["differences"] == []
    assert set(opinion["equal"]) == set(seen.split())


def test_several_files_are_several_opinions(netmon):
    """One object a line for each file, in the given order; one difference is enough for 1."""
    need("tshark")
    files = [CAPTURES / "zeek" / "dns-https.pcap", CAPTURES / "nDPI" / "tls_missing_ch_frag.pcap"]
    done = netmon("verify", "--json", *files)
    assert (done.returncode, done.stderr) == (1, "")
    opinions = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(opinion["file"], len(opinion["differences"])) for opinion in opinions] == [
        (str(files[0]), 0),
        (str(files[1]), 1),
    ]


def test_equal_in_words(netmon):
    """A capture on which both agree: how much of what, and that there is no difference."""
    need("tshark")
    file = CAPTURES / "zeek" / "dns-https.pcap"
    done = netmon("verify", file)
    assert (done.returncode, done.stderr) == (0, "")
    first, last = done.stdout.splitlines()
    assert first.startswith(f"{file}: 2 packets; tshark ")
    assert first.endswith("netmon agree; DNS facts: 5, flows with packets and bytes: 1")
    assert last == "no difference"


def test_a_difference_is_told_with_packets_and_with_what_either_saw(netmon):
    """A name in half a hello, which Wireshark does not show: what each said, where, a reason, and 1."""
    need("tshark")
    done = netmon("verify", CAPTURES / "nDPI" / "tls_missing_ch_frag.pcap")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines()[:4] == [
        "packets 1 to 14: tcp 192.168.0.1:33063 → 10.10.10.1:443",
        "  Wireshark: nothing",
        "  netmon:    r1---sn-5f5nxgvh5o-hjul.googlevideo.com",
        "  perhaps:   the hello is not whole in the file; the name stands in its beginning",
    ]
    assert done.stdout.splitlines()[-1] == "1 difference"


def test_a_broken_file_is_compared_as_far_as_it_goes(netmon, tmp_path):
    """A capture that breaks off in a packet: both see the same, and a line tells where; 1."""
    need("tshark")
    whole = (CAPTURES / "nDPI" / "teams.pcap").read_bytes()
    broken = tmp_path / "broken.pcap"
    broken.write_bytes(whole[: len(whole) // 2])
    done = netmon("verify", broken)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "no difference"
    [line] = done.stderr.splitlines()
    assert line.startswith(f"netmon: {broken}: ")


def test_a_capture_with_a_config_of_somebody_else_beside_it(netmon, tmp_path):
    """pyshark reads any config.ini of the working directory; netmon does not let it."""
    need("tshark")
    (tmp_path / "config.ini").write_text("[other]\nkey = value\n")
    assert netmon("verify", CAPTURES / "zeek" / "dns-https.pcap").returncode == 0


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.pcap", None, "no such file"),
        ("text.pcap", b"this is no capture file at all", "not a capture"),
    ],
)
def test_what_is_no_capture_is_one_line(refused, tmp_path, name, content, message):
    """A missing file and one that is something else: one line, 1, no traceback."""
    need("tshark")
    if content is not None:
        (tmp_path / name).write_bytes(content)
    line = refused("verify", name)
    assert line.startswith(name)
    assert message in line


def test_standard_input_is_refused(refused):
    """A file is read twice, which a pipe does not allow."""
    assert refused("verify", "-") == "verify reads a file twice, so it takes no standard input"


def test_no_tshark(refused, environment):
    """Without tshark: what is missing, which version is needed, how to get it."""
    environment["PATH"] = "/nowhere"
    assert refused("verify", CAPTURES / "zeek" / "dns-https.pcap") == (
        "there is no tshark on PATH; verify needs tshark 4.0 or newer: "
        "install it (Debian: apt-get install tshark)"
    )


def test_old_tshark(refused, fake_tshark, tmp_path):
    """A tshark that is too old: which one, its version, the version that is needed."""
    fake_tshark("echo 'TShark (Wireshark) 3.6.2 (Git v3.6.2 packaged as 3.6.2-2)'")
    assert refused("verify", CAPTURES / "zeek" / "dns-https.pcap") == (
        f"{tmp_path}/bin/tshark is version 3.6.2; verify needs tshark 4.0 or newer: "
        "install it (Debian: apt-get install tshark)"
    )


def test_something_that_is_no_tshark(refused, fake_tshark, tmp_path):
    """A program of that name that tells no version."""
    fake_tshark("exit 3")
    line = refused("verify", CAPTURES / "zeek" / "dns-https.pcap")
    assert line.startswith(f"{tmp_path}/bin/tshark does not tell its version; verify needs tshark 4.0")


def test_tshark_that_fails(refused, fake_tshark):
    """What tshark complains about is in the line: a failure is no opinion."""
    fake_tshark(
        'if [ "$1" = --version ]; then echo "TShark (Wireshark) 4.2.0"; exit; fi\n'
        'echo "tshark: Out of patience" >&2; exit 2'
    )
    file = CAPTURES / "zeek" / "dns-https.pcap"
    assert refused("verify", file) == f"{file}: tshark 4.2.0 cannot read it: Out of patience"


def test_no_pyshark(netmon, environment, tmp_path):
    """Without the extra: how to install it."""
    (tmp_path / "pyshark.py").write_text("raise ImportError('not here')\n")
    environment["PYTHONPATH"] = f"{tmp_path}:{environment['PYTHONPATH']}"
    done = netmon("verify", CAPTURES / "zeek" / "dns-https.pcap")
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr == f"netmon: pyshark is not installed; install it with: {install_command(REQUIREMENT)}\n"
    )


def test_another_pyshark(refused, environment, tmp_path):
    """A pyshark whose private parts are not known: its version, the one that is needed, how to get it."""
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
    """Processes of others that have this file on their command line."""
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
    """Ctrl-C while tshark reads: 130, nothing on standard error, and its tshark is gone."""
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
